/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource records in a message.
 *
 * The shape of an RDATA is a string with a letter for each field: a digit is
 * that many octets, `n` a name, `s` a character string, `S` strings up to the
 * end, `*` opaque octets up to the end.  Types stand in the table if they may
 * hold compressed names (RFC 1035; RFC 3597 4 names the later ones that a
 * receiver has to expect) or if a wrong length is a common way to break
 * software.  Every other type is opaque: RFC 3597 3.
 */
#include "dns/record.h"

#include <errno.h>

#include "dns/name.h"
#include "dns/wire.h"

/* Types above this one are opaque. */
#define SHAPES 50

struct shape {
	const char *fields;
	uint16_t class; /* 0: the same in any class */
};

static const struct shape shapes[SHAPES] = {
    [1] = {.fields = "4", .class = DNS_CLASS_IN},	/* A */
    [2] = {.fields = "n"},				/* NS */
    [3] = {.fields = "n"},				/* MD */
    [4] = {.fields = "n"},				/* MF */
    [5] = {.fields = "n"},				/* CNAME */
    [6] = {.fields = "nn884"},				/* SOA */
    [7] = {.fields = "n"},				/* MB */
    [8] = {.fields = "n"},				/* MG */
    [9] = {.fields = "n"},				/* MR */
    [11] = {.fields = "41*", .class = DNS_CLASS_IN},	/* WKS */
    [12] = {.fields = "n"},				/* PTR */
    [13] = {.fields = "ss"},				/* HINFO */
    [14] = {.fields = "nn"},				/* MINFO */
    [15] = {.fields = "2n"},				/* MX */
    [16] = {.fields = "S"},				/* TXT */
    [17] = {.fields = "nn"},				/* RP */
    [18] = {.fields = "2n"},				/* AFSDB */
    [21] = {.fields = "2n"},				/* RT */
    [24] = {.fields = "882n*"},				/* SIG */
    [26] = {.fields = "2nn", .class = DNS_CLASS_IN},	/* PX */
    [28] = {.fields = "88", .class = DNS_CLASS_IN},	/* AAAA */
    [30] = {.fields = "n*"},				/* NXT */
    [33] = {.fields = "222n", .class = DNS_CLASS_IN},	/* SRV */
    [35] = {.fields = "22sssn", .class = DNS_CLASS_IN}, /* NAPTR */
    [36] = {.fields = "2n", .class = DNS_CLASS_IN},	/* KX */
    [39] = {.fields = "n"},				/* DNAME */
    [43] = {.fields = "4*"},				/* DS */
    [46] = {.fields = "882n*"},				/* RRSIG */
    [47] = {.fields = "n*"},				/* NSEC */
    [48] = {.fields = "4*"},				/* DNSKEY */
};

static const char *
find_shape(uint16_t type, uint16_t class)
{
	/* RFC 1035 3.3: in the class CH an address has a name in front. */
	if (type == DNS_TYPE_A && class == DNS_CLASS_CH)
		return "n2";
	if (type >= SHAPES || shapes[type].fields == NULL)
		return "*";
	if (shapes[type].class != 0 && shapes[type].class != class)
		return "*";
	return shapes[type].fields;
}

int
dns_record_peek(
    const uint8_t *msg, size_t len, size_t pos, struct dns_record *ret_rr)
{
	struct dns_record rr = {.start = pos};
	const uint8_t *p;

	if (dns_name_skip(msg, len, pos, &rr.fixed) != 0 ||
	    len - rr.fixed < DNS_RECORD_FIXED)
		return -EBADMSG;
	p = msg + rr.fixed;
	rr.type = dns_get16(p);
	rr.class = dns_get16(p + 2);
	rr.ttl = dns_get32(p + 4);
	rr.rdata = rr.fixed + DNS_RECORD_FIXED;
	rr.end = rr.rdata + dns_get16(p + 8);
	rr.is_cut = rr.end > len;
	*ret_rr = rr;
	return 0;
}

int
dns_record_read(
    const uint8_t *msg, size_t len, size_t pos, struct dns_record *ret_rr)
{
	struct dns_record rr;

	if (dns_record_peek(msg, len, pos, &rr) != 0 || rr.is_cut)
		return -EBADMSG;
	*ret_rr = rr;
	return 0;
}

void
dns_part_first(const uint8_t *msg, const struct dns_record *rr,
    struct dns_part_walk *ret_walk)
{
	*ret_walk = (struct dns_part_walk){
	    .msg = msg,
	    .shape = find_shape(rr->type, rr->class),
	    .pos = rr->rdata,
	    .end = rr->end,
	};
}

/* Finds the end of the character strings that fill the rest (RFC 1035 3.3). */
static int
skip_strings(const struct dns_part_walk *w, size_t *ret_end)
{
	size_t pos = w->pos;

	while (pos < w->end)
		pos += 1 + (size_t)w->msg[pos];
	*ret_end = pos;
	return pos == w->end ? 0 : -EBADMSG;
}

/* Finds the end of one field of which at least one octet is there. */
static int
skip_field(const struct dns_part_walk *w, char field, size_t *ret_end)
{
	switch (field) {
	case 'n':
		/* The end of the RDATA is as good as that of the message. */
		return dns_name_skip(w->msg, w->end, w->pos, ret_end);
	case 's':
		*ret_end = w->pos + 1 + w->msg[w->pos];
		return 0;
	case 'S':
		return skip_strings(w, ret_end);
	case '*':
		*ret_end = w->end;
		return 0;
	default:
		*ret_end = w->pos + (size_t)(field - '0');
		return 0;
	}
}

int
dns_part_next(struct dns_part_walk *w, struct dns_part *ret_part)
{
	char field = *w->shape;
	size_t end;

	if (w->pos == w->end)
		return field == '\0' || field == '*' || field == 'S' ? 0
								     : -EBADMSG;
	if (field == '\0' || skip_field(w, field, &end) != 0 || end > w->end)
		return -EBADMSG;
	ret_part->kind = field == 'n' ? DNS_PART_NAME : DNS_PART_BYTES;
	ret_part->start = w->pos;
	ret_part->end = end;
	w->pos = end;
	w->shape++;
	return 1;
}

int
dns_record_check(const uint8_t *msg, const struct dns_record *rr)
{
	struct dns_part_walk walk;
	struct dns_part part;
	int rc;

	dns_part_first(msg, rr, &walk);
	do {
		rc = dns_part_next(&walk, &part);
	} while (rc > 0);
	return rc;
}
