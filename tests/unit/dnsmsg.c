/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages for tests; see the header.  ldns reads what we made: it shares no
 * line with dns/.
 */
#include "tests/unit/dnsmsg.h"

#include <assert.h>
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	HEADER = 12,
	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_OPT = 41,
	TYPE_TSIG = 250,
	CLASS_IN = 1,
	CLASS_ANY = 255,
	TTL = 300,
	LABEL_MAX = 63,
	MUTATIONS = 8
};

void
dnsmsg_bytes(struct dnsmsg *m, const void *data, size_t len)
{
	assert(len <= DNSMSG_MAX - m->len);
	if (len > 0)
		memcpy(m->data + m->len, data, len);
	m->len += len;
}

void
dnsmsg_fill(struct dnsmsg *m, uint8_t v, size_t len)
{
	assert(len <= DNSMSG_MAX - m->len);
	memset(m->data + m->len, v, len);
	m->len += len;
}

void
dnsmsg_u8(struct dnsmsg *m, unsigned v)
{
	uint8_t octet = (uint8_t)v;

	dnsmsg_bytes(m, &octet, 1);
}

void
dnsmsg_u16(struct dnsmsg *m, unsigned v)
{
	dnsmsg_u8(m, v >> 8);
	dnsmsg_u8(m, v);
}

void
dnsmsg_u32(struct dnsmsg *m, uint32_t v)
{
	dnsmsg_u16(m, v >> 16);
	dnsmsg_u16(m, v);
}

unsigned
dnsmsg_get16(const uint8_t *data, size_t at)
{
	return (unsigned)data[at] << 8 | data[at + 1];
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
dnsmsg_start(struct dnsmsg *m, uint16_t id, uint16_t flags)
{
	m->len = 0;
	dnsmsg_u16(m, id);
	dnsmsg_u16(m, flags);
	dnsmsg_fill(m, 0, HEADER - 4);
}

void
dnsmsg_name(struct dnsmsg *m, const char *text)
{
	size_t len;

	if (strcmp(text, ".") == 0)
		text++;
	while (*text != '\0' && *text != '@') {
		len = strcspn(text, ".");
		assert(len > 0 && len <= LABEL_MAX);
		dnsmsg_u8(m, (unsigned)len);
		dnsmsg_bytes(m, text, len);
		text += len;
		if (*text == '.')
			text++;
	}
	if (*text == '@')
		dnsmsg_u16(m, 0xc000 | (unsigned)atoi(text + 1));
	else
		dnsmsg_u8(m, 0);
}

void
dnsmsg_set_count(struct dnsmsg *m, enum dnsmsg_section section, unsigned count)
{
	put16(m->data + section, count);
}

void
dnsmsg_count(struct dnsmsg *m, enum dnsmsg_section section)
{
	dnsmsg_set_count(m, section, dnsmsg_get16(m->data, section) + 1);
}

void
dnsmsg_question(struct dnsmsg *m, const char *name, unsigned type)
{
	dnsmsg_name(m, name);
	dnsmsg_u16(m, type);
	dnsmsg_u16(m, CLASS_IN);
	dnsmsg_count(m, IN_QUESTION);
}

size_t
dnsmsg_record(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned type)
{
	dnsmsg_name(m, owner);
	dnsmsg_u16(m, type);
	dnsmsg_u16(m, CLASS_IN);
	dnsmsg_u32(m, TTL);
	dnsmsg_u16(m, 0);
	dnsmsg_count(m, section);
	return m->len - 2;
}

void
dnsmsg_rdata_end(struct dnsmsg *m, size_t place)
{
	put16(m->data + place, (unsigned)(m->len - place - 2));
}

void
dnsmsg_a(struct dnsmsg *m, enum dnsmsg_section section, const char *owner)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	size_t place = dnsmsg_record(m, section, owner, TYPE_A);

	dnsmsg_bytes(m, address, sizeof(address));
	dnsmsg_rdata_end(m, place);
}

void
dnsmsg_soa(struct dnsmsg *m, enum dnsmsg_section section, const char *owner)
{
	size_t place = dnsmsg_record(m, section, owner, TYPE_SOA);
	uint32_t i;

	dnsmsg_name(m, owner);
	dnsmsg_name(m, "hostmaster.example");
	for (i = 1; i <= 5; i++)
		dnsmsg_u32(m, i);
	dnsmsg_rdata_end(m, place);
}

void
dnsmsg_opt(struct dnsmsg *m, unsigned size, uint32_t ttl, const void *options,
    size_t len)
{
	dnsmsg_u8(m, 0);
	dnsmsg_u16(m, TYPE_OPT);
	dnsmsg_u16(m, size);
	dnsmsg_u32(m, ttl);
	dnsmsg_u16(m, (unsigned)len);
	dnsmsg_bytes(m, options, len);
	dnsmsg_count(m, IN_ADDITIONAL);
}

void
dnsmsg_opt_with(struct dnsmsg *m, unsigned code, size_t len)
{
	dnsmsg_opt(m, 4096, 0, NULL, 0);
	put16(m->data + m->len - 2, (unsigned)len + 4);
	dnsmsg_u16(m, code);
	dnsmsg_u16(m, (unsigned)len);
	dnsmsg_fill(m, 0x5a, len);
}

void
dnsmsg_tsig(struct dnsmsg *m, enum dnsmsg_section section)
{
	size_t place;

	dnsmsg_name(m, "key.example");
	dnsmsg_u16(m, TYPE_TSIG);
	dnsmsg_u16(m, CLASS_ANY);
	dnsmsg_u32(m, 0);
	dnsmsg_u16(m, 0);
	place = m->len - 2;
	dnsmsg_name(m, "hmac-sha256");
	dnsmsg_fill(m, 0, 6);
	dnsmsg_u16(m, TTL);
	dnsmsg_u16(m, 32);
	dnsmsg_fill(m, 0xaa, 32);
	dnsmsg_u16(m, dnsmsg_get16(m->data, 0));
	dnsmsg_u32(m, 0);
	dnsmsg_rdata_end(m, place);
	dnsmsg_count(m, section);
}

void
dnsmsg_query(struct dnsmsg *m, const char *name, unsigned type)
{
	dnsmsg_start(m, 0, 0x0100);
	dnsmsg_question(m, name, type);
}

uint8_t *
dnsmsg_exact(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	assert(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

bool
dnsmsg_is_valid(const uint8_t *data, size_t len)
{
	ldns_pkt *pkt = NULL;
	bool is_valid = ldns_wire2pkt(&pkt, data, len) == LDNS_STATUS_OK;

	ldns_pkt_free(pkt);
	return is_valid;
}

static bool
is_dnssec(const ldns_rr *rr)
{
	ldns_rr_type type = ldns_rr_get_type(rr);

	return type == LDNS_RR_TYPE_RRSIG || type == LDNS_RR_TYPE_NSEC ||
	       type == LDNS_RR_TYPE_NSEC3;
}

static void
print_section(FILE *out, const ldns_rr_list *list, bool no_dnssec)
{
	const ldns_rr *rr;
	char *text;
	size_t i;

	for (i = 0; i < ldns_rr_list_rr_count(list); i++) {
		rr = ldns_rr_list_rr(list, i);
		if (no_dnssec && is_dnssec(rr))
			continue;
		text = ldns_rr2str(rr);
		assert(text != NULL);
		fputs(text, out);
		free(text);
	}
	fputs("--\n", out);
}

char *
dnsmsg_records(const uint8_t *data, size_t len, bool no_dnssec)
{
	ldns_pkt *pkt = NULL;
	char *text = NULL;
	size_t size;
	FILE *out;
	size_t i;

	if (ldns_wire2pkt(&pkt, data, len) == LDNS_STATUS_OK) {
		out = open_memstream(&text, &size);
		assert(out != NULL);
		print_section(out, ldns_pkt_answer(pkt), no_dnssec);
		print_section(out, ldns_pkt_authority(pkt), no_dnssec);
		print_section(out, ldns_pkt_additional(pkt), no_dnssec);
		fclose(out);
		for (i = 0; i < size; i++)
			text[i] = (char)tolower((unsigned char)text[i]);
	}
	ldns_pkt_free(pkt);
	return text;
}

/* Counts options of a code in the OPT RDATA that ldns found. */
static int
count_options(const ldns_rdf *edns, unsigned code)
{
	const uint8_t *p;
	size_t len;
	size_t at = 0;
	int n = 0;

	if (edns == NULL)
		return 0;
	p = ldns_rdf_data(edns);
	len = ldns_rdf_size(edns);
	while (at + 4 <= len) {
		if (dnsmsg_get16(p, at) == code)
			n++;
		at += 4 + dnsmsg_get16(p, at + 2);
	}
	return at == len ? n : -1;
}

int
dnsmsg_options(const uint8_t *data, size_t len, unsigned code)
{
	ldns_pkt *pkt = NULL;
	int n = -1;

	if (ldns_wire2pkt(&pkt, data, len) == LDNS_STATUS_OK &&
	    ldns_pkt_edns(pkt))
		n = count_options(ldns_pkt_edns_data(pkt), code);
	ldns_pkt_free(pkt);
	return n;
}

uint32_t
dnsmsg_random(uint32_t *seed)
{
	uint32_t x = *seed;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*seed = x;
	return x;
}

void
dnsmsg_mutate(uint8_t *data, size_t *len, uint32_t *seed)
{
	unsigned n = dnsmsg_random(seed) % MUTATIONS + 1;
	uint32_t r;

	while (n-- > 0) {
		r = dnsmsg_random(seed);
		switch (dnsmsg_random(seed) % 4) {
		case 0:
			data[r % *len] = (uint8_t)dnsmsg_random(seed);
			break;
		case 1: /* pointers, lengths and counts live from these */
			data[r % *len] = (uint8_t)(0xc0 | r >> 30);
			break;
		case 2:
			data[r % *len] ^= (uint8_t)(1U << (r >> 29));
			break;
		default:
			if (r % 8 == 0 && *len > HEADER)
				*len -= r % (*len - HEADER);
			break;
		}
	}
}

uint32_t
dnsmsg_seed(const char *test)
{
	const char *text = getenv("QUOLL_TEST_SEED");
	uint32_t seed;

	seed = text != NULL ? (uint32_t)strtoul(text, NULL, 0)
			    : (uint32_t)time(NULL) * 2654435761U;
	if (seed == 0)
		seed = 1;
	printf("# %s: QUOLL_TEST_SEED=%u\n", test, seed);
	return seed;
}
