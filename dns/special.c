/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that are answered here.
 *
 * One table of zones, in wire form; the place of a zone in it is its bit in the
 * setting that switches zones off.  Almost every query is for another name, so
 * the last label is looked at first.  Where a zone is, its SOA can be made out
 * of the QNAME: the owner is a pointer into the question.
 */
#include "dns/special.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/name.h"
#include "dns/put.h"

/* RFC 6303 3: TTL of the records and MINIMUM of the SOA alike. */
#define SPECIAL_TTL 10800

/* The bit in which a small letter differs from its capital. */
#define LETTER_CASE 0x20

/* How a zone answers. */
enum kind {
	KIND_LOCALHOST, /* addresses of the loopback, else no data */
	KIND_NO_NAME,	/* NXDOMAIN, the zone's own name too */
	KIND_NO_DATA,	/* no data at any name */
	KIND_EMPTY,	/* a zone with nothing but its SOA and NS */
};

struct dns_special {
	const char *name; /* wire form; the NUL is the root label */
	enum kind kind;
	bool is_fixed; /* cannot be switched off */
};

/* Where in the answer the zone's name stands, and what class was asked. */
struct place {
	size_t zone;
	uint16_t class;
};

#define ZONE(n, k, fixed)                                                      \
	{                                                                      \
		.name = (n), .kind = (k), .is_fixed = (fixed)                  \
	}

/* A label, with its length, of as many octets as the name says. */
#define L1(text) "\1" text
#define L2(text) "\2" text
#define L3(text) "\3" text

#define CANARY "\23use-application-dns\3net"
#define REVERSE4 "\7in-addr\4arpa"
#define REVERSE6 "\3ip6\4arpa"
#define ZEROES5 L1("0") L1("0") L1("0") L1("0") L1("0")
#define ZEROES15 ZEROES5 ZEROES5 ZEROES5
#define ZEROES31 ZEROES15 ZEROES15 L1("0")

/* RFC 6303 4: an empty reverse zone, named from the right to the left. */
#define EMPTY4(labels) ZONE(labels REVERSE4, KIND_EMPTY, false)
#define EMPTY6(labels) ZONE(labels REVERSE6, KIND_EMPTY, false)

static const struct dns_special zones[] = {
    /* RFC 6761 6.2 - 6.4, RFC 7686 2 */
    ZONE("\11localhost", KIND_LOCALHOST, true),
    ZONE("\7invalid", KIND_NO_NAME, true),
    ZONE("\5onion", KIND_NO_NAME, true),
    ZONE("\4test", KIND_NO_NAME, false),
    /* RFC 6762 22.1: multicast DNS's; RFC 9476 2: not of the DNS at all */
    ZONE("\5local", KIND_NO_NAME, false),
    ZONE("\3alt", KIND_NO_NAME, false),
    /* RFC 9462 6.4 */
    ZONE("\10resolver\4arpa", KIND_NO_DATA, true),
    /* RFC 8375 4; RFC 9665 10: of one network both, and delegated insecurely */
    ZONE("\4home\4arpa", KIND_EMPTY, false),
    ZONE("\7default\7service\4arpa", KIND_EMPTY, false),
    /* Mozilla's: with a negative answer browsers that were not told otherwise
     * go on asking the resolver that they were given. */
    ZONE(CANARY, KIND_EMPTY, false),
    /* RFC 6303 4.1: RFC 1918 */
    EMPTY4(L2("10")),
    EMPTY4(L2("16") L3("172")),
    EMPTY4(L2("17") L3("172")),
    EMPTY4(L2("18") L3("172")),
    EMPTY4(L2("19") L3("172")),
    EMPTY4(L2("20") L3("172")),
    EMPTY4(L2("21") L3("172")),
    EMPTY4(L2("22") L3("172")),
    EMPTY4(L2("23") L3("172")),
    EMPTY4(L2("24") L3("172")),
    EMPTY4(L2("25") L3("172")),
    EMPTY4(L2("26") L3("172")),
    EMPTY4(L2("27") L3("172")),
    EMPTY4(L2("28") L3("172")),
    EMPTY4(L2("29") L3("172")),
    EMPTY4(L2("30") L3("172")),
    EMPTY4(L2("31") L3("172")),
    EMPTY4(L3("168") L3("192")),
    /* RFC 6303 4.2: RFC 3330 and RFC 5737 */
    EMPTY4(L1("0")),
    EMPTY4(L3("127")),
    EMPTY4(L3("254") L3("169")),
    EMPTY4(L1("2") L1("0") L3("192")),
    EMPTY4(L3("100") L2("51") L3("198")),
    EMPTY4(L3("113") L1("0") L3("203")),
    EMPTY4(L3("255") L3("255") L3("255") L3("255")),
    /* RFC 6303 4.3 - 4.6: local, unique local, link-local, documentation */
    EMPTY6(L1("0") ZEROES31),
    EMPTY6(L1("1") ZEROES31),
    EMPTY6(L1("d") L1("f")),
    EMPTY6(L1("8") L1("e") L1("f")),
    EMPTY6(L1("9") L1("e") L1("f")),
    EMPTY6(L1("a") L1("e") L1("f")),
    EMPTY6(L1("b") L1("e") L1("f")),
    EMPTY6(L1("8") L1("b") L1("d") L1("0") L1("1") L1("0") L1("0") L1("2")),
};

#define ZONES (sizeof(zones) / sizeof(zones[0]))

_Static_assert(ZONES <= 64, "a bit for each zone");

/* The RDATA of the loopback's addresses. */
static const uint8_t loopback4[] = {127, 0, 0, 1};
static const uint8_t loopback6[16] = {[15] = 1};

static const uint8_t *
wire_name(const struct dns_special *s)
{
	return (const uint8_t *)s->name;
}

/* The first letter tells nearly all apart, without a call. */
static inline bool
is_label(const uint8_t *label, const char *wire)
{
	return label[0] == (uint8_t)wire[0] &&
	       (label[1] | LETTER_CASE) == (uint8_t)wire[1] &&
	       dns_name_bytes_equal(
		   label, (const uint8_t *)wire, 1 + (size_t)*label);
}

static const uint8_t *
last_label(const uint8_t *name)
{
	const uint8_t *last = name;

	for (; *name != 0; name += 1 + (size_t)*name)
		last = name;
	return last;
}

/* Can the name be in the table at all? */
static bool
is_candidate(const uint8_t *name)
{
	static const char *const ends[][2] = {
	    [3] = {"\3alt"},
	    [4] = {"\4arpa", "\4test"},
	    [5] = {"\5local", "\5onion"},
	    [7] = {"\7invalid"},
	    [9] = {"\11localhost"},
	};
	const uint8_t *last = last_label(name);
	const char *const *end;

	if (is_label(last, "\3net"))
		return dns_name_is_subdomain(name, (const uint8_t *)CANARY);
	if (*last >= sizeof(ends) / sizeof(ends[0]))
		return false;
	end = ends[*last];
	return (end[0] != NULL && is_label(last, end[0])) ||
	       (end[1] != NULL && is_label(last, end[1]));
}

/* Does the question belong to the zone above, and have a use there? */
static bool
is_parents(const struct dns_special *s, const struct dns_query *q)
{
	return s->kind == KIND_EMPTY && q->qtype == DNS_TYPE_DS &&
	       (q->edns.flags & DNS_EDNS_DO) != 0 &&
	       dns_name_equal(q->msg + DNS_HEADER_SIZE, wire_name(s));
}

int
dns_special_bit(const char *zone, uint64_t *ret_bit)
{
	uint8_t name[DNS_NAME_MAX];
	size_t len;
	size_t i;

	if (dns_name_from_text(zone, name, &len) != 0)
		return -ENOENT;
	for (i = 0; i < ZONES; i++) {
		if (!dns_name_equal(name, wire_name(&zones[i])))
			continue;
		if (zones[i].is_fixed)
			return -EPERM;
		*ret_bit = UINT64_C(1) << i;
		return 0;
	}
	return -ENOENT;
}

const struct dns_special *
dns_special_find(const struct dns_query *q, uint64_t off)
{
	const uint8_t *name = q->msg + DNS_HEADER_SIZE;
	const struct dns_special *s;
	size_t i;

	if (q->opcode != DNS_OPCODE_QUERY || q->question_len == 0 ||
	    !is_candidate(name))
		return NULL;
	for (i = 0; i < ZONES; i++) {
		s = &zones[i];
		if (!dns_name_is_subdomain(name, wire_name(s)))
			continue;
		if (!s->is_fixed && (off >> i & 1) != 0)
			return NULL;
		return is_parents(s, q) ? NULL : s;
	}
	return NULL;
}

bool
dns_special_is_fixed(const struct dns_special *s)
{
	return s->is_fixed;
}

static int
put_soa(struct dns_buf *out, size_t count, const struct place *at)
{
	return dns_put_soa(out, count, at->zone, at->class, SPECIAL_TTL);
}

/* RFC 6303 3: the zone names itself as its server. */
static int
put_ns(struct dns_buf *out, const struct place *at)
{
	struct dns_head head = {.owner_at = at->zone,
	    .ttl = SPECIAL_TTL,
	    .type = DNS_TYPE_NS,
	    .class = at->class};
	uint8_t rdata[DNS_POINTER_SIZE];

	dns_put_pointer(rdata, at->zone);
	return dns_put_record(
	    out, DNS_OFF_ANCOUNT, &head, rdata, sizeof(rdata));
}

/* RFC 6761 6.3 */
static int
put_loopback(const struct dns_query *q, struct dns_buf *out, uint16_t class)
{
	struct dns_head head = {
	    .owner_at = DNS_HEADER_SIZE, .ttl = SPECIAL_TTL, .class = class};
	int rc = 0;

	if (class != DNS_CLASS_IN)
		return 0;
	if (q->qtype == DNS_TYPE_A || q->qtype == DNS_TYPE_ANY) {
		head.type = DNS_TYPE_A;
		rc = dns_put_record(
		    out, DNS_OFF_ANCOUNT, &head, loopback4, sizeof(loopback4));
	}
	if (rc == 0 &&
	    (q->qtype == DNS_TYPE_AAAA || q->qtype == DNS_TYPE_ANY)) {
		head.type = DNS_TYPE_AAAA;
		rc = dns_put_record(
		    out, DNS_OFF_ANCOUNT, &head, loopback6, sizeof(loopback6));
	}
	return rc;
}

/* What an empty zone has at its own name. */
static int
put_apex(const struct dns_query *q, struct dns_buf *out, const struct place *at)
{
	int rc = 0;

	if (q->qtype == DNS_TYPE_SOA || q->qtype == DNS_TYPE_ANY)
		rc = put_soa(out, DNS_OFF_ANCOUNT, at);
	if (rc == 0 && (q->qtype == DNS_TYPE_NS || q->qtype == DNS_TYPE_ANY))
		rc = put_ns(out, at);
	return rc;
}

/* Appends the records of the answer and finds its RCODE. */
static int
put_records(const struct dns_special *s, const struct dns_query *q,
    struct dns_buf *out, uint16_t *ret_rcode)
{
	size_t name_len = q->question_len - DNS_QUESTION_FIXED;
	size_t zone_len = dns_name_length(wire_name(s));
	struct place at = {
	    .zone = DNS_HEADER_SIZE + name_len - zone_len,
	    .class = q->qclass == DNS_CLASS_ANY ? DNS_CLASS_IN : q->qclass,
	};
	uint16_t rcode = DNS_RCODE_NOERROR;
	int rc = 0;

	if (s->kind == KIND_LOCALHOST)
		rc = put_loopback(q, out, at.class);
	else if (s->kind == KIND_EMPTY && name_len == zone_len)
		rc = put_apex(q, out, &at);
	else if (s->kind != KIND_NO_DATA)
		rcode = DNS_RCODE_NXDOMAIN;
	/* RFC 2308 3: a negative answer names its zone. */
	if (rc == 0 && dns_get16(out->data + DNS_OFF_ANCOUNT) == 0)
		rc = put_soa(out, DNS_OFF_NSCOUNT, &at);
	if (rc == 0)
		*ret_rcode = rcode;
	return rc;
}

int
dns_special_answer(const struct dns_special *s, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out)
{
	struct dns_error e = {.ede = DNS_EDE_NONE};
	int rc;

	rc = dns_answer_start(q, hop, DNS_FLAG_AA | DNS_FLAG_RA, out);
	if (rc == 0)
		rc = put_records(s, q, out, &e.rcode);
	if (rc == 0 && dns_get16(out->data + DNS_OFF_ANCOUNT) == 0) {
		e.ede = DNS_EDE_OTHER;
		e.text = "special name, answered here and asked nowhere";
	}
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, out);
	return rc;
}
