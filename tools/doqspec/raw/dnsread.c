/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a DNS message as strictly as a judge should: every name, count and
 * length must fit, compression may only point backwards, and nothing may
 * stand behind the last record.
 *
 * Records become lines of text so that a script can look for one.  Types with
 * a text form here: A AAAA TXT CNAME NS PTR MX SOA; all others are written as
 * RFC 3597 unknown data.
 */
#include "tools/doqspec/raw/dnsmsg.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	NAME_WIRE_MAX = 255,
	LABEL_POINTER = 0xc0,
	RR_FIXED_LEN = 10,
	SOA_NUMBERS = 5
};

struct mnemonic {
	const char *name;
	int number;
};

static const struct mnemonic types[] = {
    {"A", 1},
    {"NS", 2},
    {"CNAME", 5},
    {"SOA", 6},
    {"NULL", 10},
    {"PTR", 12},
    {"HINFO", 13},
    {"MX", 15},
    {"TXT", 16},
    {"AAAA", 28},
    {"SRV", 33},
    {"NAPTR", 35},
    {"DNAME", 39},
    {"OPT", 41},
    {"DS", 43},
    {"RRSIG", 46},
    {"NSEC", 47},
    {"DNSKEY", 48},
    {"SVCB", 64},
    {"HTTPS", 65},
    {"TKEY", 249},
    {"TSIG", 250},
    {"IXFR", 251},
    {"AXFR", 252},
    {"ANY", 255},
    {NULL, 0},
};

static const struct mnemonic rcodes[] = {
    {"NOERROR", 0},
    {"FORMERR", 1},
    {"SERVFAIL", 2},
    {"NXDOMAIN", 3},
    {"NOTIMP", 4},
    {"REFUSED", 5},
    {"YXDOMAIN", 6},
    {"YXRRSET", 7},
    {"NXRRSET", 8},
    {"NOTAUTH", 9},
    {"NOTZONE", 10},
    {"BADVERS", 16},
    {"BADCOOKIE", 23},
    {NULL, 0},
};

static int
find_mnemonic(const struct mnemonic *table, const char *text)
{
	char *end;
	unsigned long number;

	for (; table->name != NULL; table++)
		if (strcasecmp(table->name, text) == 0)
			return table->number;
	if (strncasecmp(text, "TYPE", 4) == 0 ||
	    strncasecmp(text, "CODE", 4) == 0)
		text += 4;
	if (!isdigit((unsigned char)*text))
		return -1;
	number = strtoul(text, &end, 0);
	return *end == '\0' && number <= UINT16_MAX ? (int)number : -1;
}

int
raw_dns_type(const char *text)
{
	return find_mnemonic(types, text);
}

int
raw_dns_rcode(const char *text)
{
	return find_mnemonic(rcodes, text);
}

const char *
raw_dns_rcode_name(unsigned rcode)
{
	for (const struct mnemonic *m = rcodes; m->name != NULL; m++)
		if ((unsigned)m->number == rcode)
			return m->name;
	return "RCODE?";
}

/* A message being walked over. */
struct walk {
	const uint8_t *base;
	size_t len;
	size_t at;
};

static void
put_octet(char *out, size_t *n, uint8_t c)
{
	if (isalnum(c) || c == '-' || c == '_')
		out[(*n)++] = (char)c;
	else
		*n += (size_t)sprintf(out + *n, "\\%03u", c);
}

/* Reads a name at w->at into text of RAW_DNS_NAME_TEXT_MAX + 1 octets. */
static int
read_name(struct walk *w, char *out)
{
	size_t at = w->at;
	size_t end = 0;
	size_t wire = 1;
	size_t n = 0;

	for (;;) {
		uint8_t len;

		if (at >= w->len)
			return -EBADMSG;
		len = w->base[at];
		if ((len & LABEL_POINTER) == LABEL_POINTER) {
			size_t to;

			if (at + 2 > w->len)
				return -EBADMSG;
			to = raw_get_u16(w->base + at) & 0x3fff;
			if (end == 0)
				end = at + 2;
			if (to >= at)
				return -EBADMSG;
			at = to;
			continue;
		}
		if (len > 63 || at + 1 + len > w->len)
			return -EBADMSG;
		if (len == 0)
			break;
		wire += 1 + (size_t)len;
		if (wire > NAME_WIRE_MAX)
			return -EBADMSG;
		for (size_t i = 0; i < len; i++)
			put_octet(out, &n, w->base[at + 1 + i]);
		out[n++] = '.';
		at += 1 + (size_t)len;
	}
	if (n == 0)
		out[n++] = '.';
	out[n] = '\0';
	w->at = end != 0 ? end : at + 1;
	return 0;
}

static void
put_text(struct raw_buf *buf, const char *text)
{
	raw_buf_add(buf, text, strlen(text));
}

static void
put_strings(struct raw_buf *buf, const uint8_t *p, size_t len)
{
	char word[8];

	while (len > 0) {
		size_t n = p[0] < len ? p[0] : len - 1;

		put_text(buf, "\"");
		for (size_t i = 0; i < n; i++) {
			bool is_plain = p[1 + i] >= ' ' && p[1 + i] < 0x7f &&
					p[1 + i] != '"' && p[1 + i] != '\\';

			snprintf(word, sizeof(word), is_plain ? "%c" : "\\%03u",
			    p[1 + i]);
			put_text(buf, word);
		}
		put_text(buf, "\"");
		p += 1 + n;
		len -= 1 + n;
		if (len > 0)
			put_text(buf, " ");
	}
}

static void
put_unknown(struct raw_buf *buf, const uint8_t *p, size_t len)
{
	char word[32];

	snprintf(word, sizeof(word), "\\# %zu ", len);
	put_text(buf, word);
	for (size_t i = 0; i < len; i++) {
		snprintf(word, sizeof(word), "%02x", p[i]);
		put_text(buf, word);
	}
}

/* The names inside RDATA; they must end exactly with it. */
static int
put_names(struct raw_buf *buf, struct walk *w, size_t end, int count)
{
	char name[RAW_DNS_NAME_TEXT_MAX];

	for (int i = 0; i < count; i++) {
		if (read_name(w, name) != 0 || w->at > end)
			return -EBADMSG;
		if (i > 0)
			put_text(buf, " ");
		put_text(buf, name);
	}
	return 0;
}

static int
put_soa(struct raw_buf *buf, struct walk *w, size_t end)
{
	char word[16];

	if (put_names(buf, w, end, 2) != 0 || end - w->at != 4 * SOA_NUMBERS)
		return -EBADMSG;
	for (int i = 0; i < SOA_NUMBERS; i++, w->at += 4) {
		snprintf(
		    word, sizeof(word), " %u", raw_get_u32(w->base + w->at));
		put_text(buf, word);
	}
	return 0;
}

static int
put_mx(struct raw_buf *buf, struct walk *w, size_t end)
{
	char word[16];

	if (end - w->at < 3)
		return -EBADMSG;
	snprintf(word, sizeof(word), "%u ", raw_get_u16(w->base + w->at));
	put_text(buf, word);
	w->at += 2;
	return put_names(buf, w, end, 1);
}

static int
put_address(struct raw_buf *buf, const uint8_t *p, size_t len, int family)
{
	char word[INET6_ADDRSTRLEN];

	if (len != (family == AF_INET ? 4 : 16))
		return -EBADMSG;
	put_text(buf, inet_ntop(family, p, word, sizeof(word)));
	return 0;
}

static int
put_rdata(struct raw_buf *buf, struct walk *w, unsigned type, size_t len)
{
	const uint8_t *p = w->base + w->at;
	size_t end = w->at + len;
	int rc = 0;

	switch (type) {
	case RAW_DNS_TYPE_A:
		rc = put_address(buf, p, len, AF_INET);
		break;
	case TYPE_AAAA:
		rc = put_address(buf, p, len, AF_INET6);
		break;
	case TYPE_TXT:
		put_strings(buf, p, len);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
		rc = put_names(buf, w, end, 1);
		break;
	case TYPE_MX:
		rc = put_mx(buf, w, end);
		break;
	case TYPE_SOA:
		rc = put_soa(buf, w, end);
		break;
	default:
		put_unknown(buf, p, len);
		w->at = end;
	}
	if (type == RAW_DNS_TYPE_A || type == TYPE_AAAA || type == TYPE_TXT)
		w->at = end;
	return rc == 0 && w->at == end ? 0 : -EBADMSG;
}

static int
read_options(struct raw_dns *d, const uint8_t *p, size_t len)
{
	while (len > 0) {
		unsigned code;
		size_t size;

		if (len < 4)
			return -EBADMSG;
		code = raw_get_u16(p);
		size = raw_get_u16(p + 2);
		if (size > len - 4)
			return -EBADMSG;
		if (code == RAW_DNS_OPTION_EDE && size >= 2 &&
		    d->nede < RAW_DNS_EDE_MAX)
			d->ede[d->nede++] = raw_get_u16(p + 4);
		if (d->noptions < RAW_DNS_OPTIONS_MAX) {
			d->options[d->noptions] = code;
			d->option_data[d->noptions] = p + 4;
			d->option_len[d->noptions++] = size;
		}
		p += 4 + size;
		len -= 4 + size;
	}
	return 0;
}

static int
read_opt(struct raw_dns *d, const uint8_t *fixed, const char *owner)
{
	if (strcmp(owner, ".") != 0)
		return -EBADMSG;
	d->opts++;
	d->udp_size = raw_get_u16(fixed + 2);
	d->ext_rcode = fixed[4];
	d->edns_version = fixed[5];
	d->edns_flags = raw_get_u16(fixed + 6);
	return read_options(
	    d, fixed + RR_FIXED_LEN, raw_get_u16(fixed + RR_FIXED_LEN - 2));
}

static const char *
type_text(unsigned type, char *room, size_t size)
{
	for (const struct mnemonic *m = types; m->name != NULL; m++)
		if ((unsigned)m->number == type)
			return m->name;
	snprintf(room, size, "TYPE%u", type);
	return room;
}

static int
read_record(struct raw_dns *d, struct walk *w)
{
	char owner[RAW_DNS_NAME_TEXT_MAX];
	char head[64];
	char room[16];
	const uint8_t *fixed;
	unsigned type;
	size_t rdlen;

	if (read_name(w, owner) != 0 || w->len - w->at < RR_FIXED_LEN)
		return -EBADMSG;
	fixed = w->base + w->at;
	type = raw_get_u16(fixed);
	rdlen = raw_get_u16(fixed + RR_FIXED_LEN - 2);
	w->at += RR_FIXED_LEN;
	if (w->len - w->at < rdlen)
		return -EBADMSG;
	if (type == RAW_DNS_TYPE_OPT) {
		w->at += rdlen;
		return read_opt(d, fixed, owner);
	}
	put_text(&d->text, owner);
	snprintf(head, sizeof(head), " %u %s ", raw_get_u32(fixed + 4),
	    type_text(type, room, sizeof(room)));
	put_text(&d->text, head);
	if (put_rdata(&d->text, w, type, rdlen) != 0)
		return -EBADMSG;
	put_text(&d->text, "\n");
	return 0;
}

static int
read_question(struct raw_dns *d, struct walk *w)
{
	char name[RAW_DNS_NAME_TEXT_MAX];
	size_t start = w->at;

	if (read_name(w, name) != 0 || w->len - w->at < 4)
		return -EBADMSG;
	if (d->question == NULL) {
		snprintf(d->qname, sizeof(d->qname), "%s", name);
		d->qtype = raw_get_u16(w->base + w->at);
		d->qclass = raw_get_u16(w->base + w->at + 2);
		d->question = w->base + start;
		d->question_len = w->at + 4 - start;
	}
	w->at += 4;
	return 0;
}

static void
read_header(struct raw_dns *d, const uint8_t *p)
{
	d->id = raw_get_u16(p);
	d->qr = p[2] & 0x80;
	d->opcode = p[2] >> 3 & 0x0f;
	d->aa = p[2] & 0x04;
	d->tc = p[2] & 0x02;
	d->rd = p[2] & 0x01;
	d->ra = p[3] & 0x80;
	d->z = p[3] & 0x40;
	d->ad = p[3] & 0x20;
	d->cd = p[3] & 0x10;
	d->rcode = p[3] & 0x0f;
	d->qd = raw_get_u16(p + 4);
	d->an = raw_get_u16(p + 6);
	d->ns = raw_get_u16(p + 8);
	d->ar = raw_get_u16(p + 10);
}

int
raw_dns_read_head(const uint8_t *p, size_t len, struct raw_dns *ret_dns)
{
	*ret_dns = (struct raw_dns){.len = len};
	if (len < RAW_DNS_HEADER_LEN)
		return -EBADMSG;
	read_header(ret_dns, p);
	return 0;
}

int
raw_dns_read(const uint8_t *p, size_t len, struct raw_dns *ret_dns)
{
	struct walk w = {.base = p, .len = len, .at = RAW_DNS_HEADER_LEN};
	struct raw_dns *d = ret_dns;

	if (raw_dns_read_head(p, len, d) != 0)
		return -EBADMSG;
	for (unsigned i = 0; i < d->qd; i++)
		if (read_question(d, &w) != 0)
			return -EBADMSG;
	for (unsigned i = 0; i < d->an + d->ns + d->ar; i++)
		if (read_record(d, &w) != 0)
			return -EBADMSG;
	raw_buf_u8(&d->text, 0);
	return w.at == len ? 0 : -EBADMSG;
}

void
raw_dns_done(struct raw_dns *dns)
{
	raw_buf_done(&dns->text);
}
