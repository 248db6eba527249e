/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS64: addresses, judgement of answers, changes to records.  Nothing here
 * knows how a second question is asked.
 */
#include "dns/dns64.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/name.h"
#include "dns/record.h"

#define BITS_PER_OCTET 8

/* Two labels of one digit each. */
#define NIBBLES_SIZE 4

/* RFC 6052 2.2: bits 64 to 71 are 0, the IPv4 address goes around them. */
#define RESERVED_OCTET 8
#define LONGEST_BITS 96

/* What a record may grow by: a name in the old RDATA may be written out. */
#define GROWTH DNS_AAAA_SIZE

/* A prefix of IPv4 addresses, first octet in the highest bits. */
struct net4 {
	uint32_t addr;
	uint32_t mask;
};

#define NET4(a, b, c, bits)                                                    \
	{                                                                      \
		(uint32_t)(a) << 24 | (uint32_t)(b) << 16 |                    \
		    (uint32_t)(c) << 8,                                        \
		    ~UINT32_C(0) << (32 - (bits))                              \
	}

/* 64:ff9b::/96, RFC 6052 2.1 */
static const struct dns64_net well_known = {
    .addr = {0x00, 0x64, 0xff, 0x9b},
    .bits = LONGEST_BITS,
};

/*
 * Not global, as the IANA registry of special addresses has it (RFC 6890).  The
 * networks for documentation are left out: they mean public addresses wherever
 * they are written, RFC 6052 and RFC 6147 embed them, too, and nobody has them.
 */
static const struct net4 not_global[] = {
    NET4(0, 0, 0, 8),
    NET4(10, 0, 0, 8),
    NET4(100, 64, 0, 10),
    NET4(127, 0, 0, 8),
    NET4(169, 254, 0, 16),
    NET4(172, 16, 0, 12),
    NET4(192, 0, 0, 24),
    NET4(192, 168, 0, 16),
    NET4(198, 18, 0, 15),
    NET4(224, 0, 0, 4),
    NET4(240, 0, 0, 4),
};

/* 192.0.0.170 and .171, those of ipv4only.arpa (RFC 7050 8.2) */
static const struct net4 for_discovery = {0xc00000aa, 0xfffffffe};

/* Extended DNS Errors that say that validation failed (RFC 8914 4.6 - 4.13). */
#define EDE_INDETERMINATE 5
#define EDE_NSEC_MISSING 12

bool
dns64_prefix_is_valid(const struct dns64_net *prefix)
{
	switch (prefix->bits) {
	case 32:
	case 40:
	case 48:
	case 56:
	case 64:
	case LONGEST_BITS:
		return prefix->addr[RESERVED_OCTET] == 0;
	default:
		return false;
	}
}

/* The octet of the address behind `at` that is not reserved. */
static size_t
next_octet(size_t at)
{
	return at + 1 == RESERVED_OCTET ? at + 2 : at + 1;
}

static size_t
first_octet(const struct dns64_net *prefix)
{
	size_t at = prefix->bits / BITS_PER_OCTET;

	return at == RESERVED_OCTET ? at + 1 : at;
}

void
dns64_embed(const struct dns64_net *prefix, const uint8_t v4[DNS_A_SIZE],
    uint8_t ret_v6[DNS_AAAA_SIZE])
{
	size_t at = first_octet(prefix);
	size_t i;

	assert(dns64_prefix_is_valid(prefix));
	memcpy(ret_v6, prefix->addr, DNS_AAAA_SIZE);
	for (i = 0; i < DNS_A_SIZE; i++, at = next_octet(at))
		ret_v6[at] = v4[i];
}

bool
dns64_extract(const struct dns64_net *prefix, const uint8_t v6[DNS_AAAA_SIZE],
    uint8_t ret_v4[DNS_A_SIZE])
{
	size_t at = first_octet(prefix);
	size_t i;

	assert(dns64_prefix_is_valid(prefix));
	if (memcmp(v6, prefix->addr, prefix->bits / BITS_PER_OCTET) != 0 ||
	    v6[RESERVED_OCTET] != 0)
		return false;
	for (i = 0; i < DNS_A_SIZE; i++, at = next_octet(at))
		ret_v4[i] = v6[at];
	return true;
}

static bool
is_well_known(const struct dns64_net *prefix)
{
	return prefix->bits == well_known.bits &&
	       memcmp(prefix->addr, well_known.addr, DNS_AAAA_SIZE) == 0;
}

static bool
is_in_net4(const struct net4 *net, uint32_t addr)
{
	return (addr & net->mask) == net->addr;
}

bool
dns64_may_embed(const struct dns64_net *prefix, const uint8_t v4[DNS_A_SIZE])
{
	uint32_t addr = dns_get32(v4);
	size_t i;

	if (!is_well_known(prefix) || is_in_net4(&for_discovery, addr))
		return true;
	for (i = 0; i < sizeof(not_global) / sizeof(not_global[0]); i++) {
		if (is_in_net4(&not_global[i], addr))
			return false;
	}
	return true;
}

bool
dns64_is_candidate(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_QUERY &&
	       (q->qtype == DNS_TYPE_AAAA || q->qtype == DNS_TYPE_PTR) &&
	       q->qclass == DNS_CLASS_IN && !dns_query_is_raw(q) &&
	       ((q->edns.flags & DNS_EDNS_DO) == 0 ||
		   (q->flags & DNS_FLAG_CD) == 0);
}

/* The value of a label that is one hexadecimal digit; negative: it is not. */
static int
nibble(const uint8_t *label)
{
	uint8_t c = label[1];

	if (label[0] != 1)
		return -1;
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* to lower case */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The address of a name as in RFC 3596 2.5, the lowest digit first. */
static bool
read_reverse(const uint8_t *name, uint8_t ret_v6[DNS_AAAA_SIZE])
{
	static const uint8_t zone[] = "\3ip6\4arpa";
	size_t i;
	int low;
	int high;

	for (i = DNS_AAAA_SIZE; i > 0; i--, name += NIBBLES_SIZE) {
		low = nibble(name);
		high = low < 0 ? low : nibble(name + 2);
		if (high < 0)
			return false;
		ret_v6[i - 1] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	}
	return dns_name_equal(name, zone);
}

/* RFC 1035 3.5 */
static void
write_reverse(const uint8_t v4[DNS_A_SIZE], uint8_t *name)
{
	char text[sizeof("255.255.255.255.in-addr.arpa")];
	size_t len;
	int rc;

	(void)snprintf(text, sizeof(text), "%u.%u.%u.%u.in-addr.arpa",
	    (unsigned)v4[3], (unsigned)v4[2], (unsigned)v4[1], (unsigned)v4[0]);
	rc = dns_name_from_text(text, name, &len);
	assert(rc == 0);
	(void)rc;
}

bool
dns64_reverse(const struct dns64 *d, const struct dns_query *q,
    uint8_t ret_name[DNS_NAME_MAX])
{
	uint8_t v6[DNS_AAAA_SIZE];
	uint8_t v4[DNS_A_SIZE];

	if (q->qtype != DNS_TYPE_PTR ||
	    !read_reverse(q->msg + DNS_HEADER_SIZE, v6) ||
	    !dns64_extract(&d->prefix, v6, v4) ||
	    !dns64_may_embed(&d->prefix, v4))
		return false;
	write_reverse(v4, ret_name);
	return true;
}

static bool
is_in_net(const struct dns64_net *net, const uint8_t *addr)
{
	size_t whole = net->bits / BITS_PER_OCTET;
	unsigned rest = net->bits % BITS_PER_OCTET;

	if (memcmp(net->addr, addr, whole) != 0)
		return false;
	return rest == 0 ||
	       (net->addr[whole] ^ addr[whole]) >> (BITS_PER_OCTET - rest) == 0;
}

static bool
is_excluded(const struct dns64 *d, const uint8_t *addr)
{
	size_t i;

	for (i = 0; i < d->exclude_count; i++) {
		if (is_in_net(&d->exclude[i], addr))
			return true;
	}
	return false;
}

static bool
is_address(const struct dns_record *rr, uint16_t type, size_t size)
{
	return rr->type == type && rr->class == DNS_CLASS_IN &&
	       rr->end - rr->rdata == size;
}

/* Steps over one of `*left` records.  dns_response_check() has walked them. */
static bool
next_record(const struct dns_response *r, unsigned *left, size_t *pos,
    struct dns_record *ret_rr)
{
	if (*left == 0 || dns_record_read(r->msg, r->len, *pos, ret_rr) != 0)
		return false;
	(*left)--;
	*pos = ret_rr->end;
	return true;
}

/* RFC 6147 5.5: what failed to validate must not become an address. */
static bool
is_bogus(const struct dns_response *r)
{
	const uint8_t *options = r->msg + r->edns.options;
	struct dns_option opt;
	size_t pos = 0;
	unsigned code;

	if (r->rcode != DNS_RCODE_SERVFAIL)
		return false;
	while (dns_option_next(options, r->edns.options_len, &pos, &opt) > 0) {
		if (opt.code != DNS_OPTION_EDE || opt.len < DNS_EDE_FIXED)
			continue;
		code = dns_get16(opt.data);
		if (code >= EDE_INDETERMINATE && code <= EDE_NSEC_MISSING)
			return true;
	}
	return false;
}

/* RFC 6147 5.1.7 */
static uint32_t
negative_ttl(const struct dns_response *r, size_t pos)
{
	unsigned left = dns_get16(r->msg + DNS_OFF_NSCOUNT);
	struct dns_record rr;

	while (next_record(r, &left, &pos, &rr)) {
		if (rr.type == DNS_TYPE_SOA)
			return rr.ttl;
	}
	return DNS64_TTL_DEFAULT;
}

enum dns64_verdict
dns64_judge(
    const struct dns64 *d, const struct dns_response *r, uint32_t *ret_ttl)
{
	unsigned left = dns_get16(r->msg + DNS_OFF_ANCOUNT);
	size_t pos = r->records;
	bool has_excluded = false;
	bool has_good = false;
	struct dns_record rr;

	/* RFC 6147 5.1.2: any other error counts as an empty answer. */
	if (r->rcode == DNS_RCODE_NXDOMAIN || is_bogus(r))
		return DNS64_RELAY;
	*ret_ttl = DNS64_TTL_DEFAULT;
	if (r->rcode != DNS_RCODE_NOERROR)
		return DNS64_ASK_A;
	while (next_record(r, &left, &pos, &rr)) {
		if (!is_address(&rr, DNS_TYPE_AAAA, DNS_AAAA_SIZE))
			continue;
		if (is_excluded(d, r->msg + rr.rdata))
			has_excluded = true;
		else
			has_good = true;
	}
	if (has_good)
		return has_excluded ? DNS64_FILTER : DNS64_RELAY;
	*ret_ttl = negative_ttl(r, pos);
	return DNS64_ASK_A;
}

bool
dns64_can_synthesise(const struct dns64 *d, const struct dns_response *r)
{
	unsigned left = dns_get16(r->msg + DNS_OFF_ANCOUNT);
	size_t pos = r->records;
	struct dns_record rr;

	if (r->rcode != DNS_RCODE_NOERROR)
		return false;
	while (next_record(r, &left, &pos, &rr)) {
		if (is_address(&rr, DNS_TYPE_A, DNS_A_SIZE) &&
		    dns64_may_embed(&d->prefix, r->msg + rr.rdata))
			return true;
	}
	return false;
}

/* A signature of records that we change is no use to anybody. */
static bool
is_signature_of(const uint8_t *msg, const struct dns_record *rr, uint16_t type)
{
	return rr->type == DNS_TYPE_RRSIG && rr->end - rr->rdata >= 2 &&
	       dns_get16(msg + rr->rdata) == type;
}

static enum dns_edit_verdict
filter(const void *ctx, const uint8_t *msg, const struct dns_record *rr,
    struct dns_edit_record *ret)
{
	const struct dns64_edit *e = ctx;

	(void)ret;
	if (is_signature_of(msg, rr, DNS_TYPE_AAAA))
		return DNS_EDIT_DROP;
	if (is_address(rr, DNS_TYPE_AAAA, DNS_AAAA_SIZE) &&
	    is_excluded(e->rules, msg + rr->rdata))
		return DNS_EDIT_DROP;
	return DNS_EDIT_KEEP;
}

void
dns64_edit_filter(struct dns64_edit *ret_edit, const struct dns64 *d)
{
	*ret_edit = (struct dns64_edit){
	    .edit = {.record = filter, .ctx = ret_edit},
	    .rules = d,
	};
}

static enum dns_edit_verdict
synthesise(const void *ctx, const uint8_t *msg, const struct dns_record *rr,
    struct dns_edit_record *ret)
{
	const struct dns64_edit *e = ctx;
	const struct dns64_net *prefix = &e->rules->prefix;

	if (is_signature_of(msg, rr, DNS_TYPE_A))
		return DNS_EDIT_DROP;
	if (!is_address(rr, DNS_TYPE_A, DNS_A_SIZE))
		return DNS_EDIT_KEEP;
	if (!dns64_may_embed(prefix, msg + rr->rdata))
		return DNS_EDIT_DROP;
	ret->type = DNS_TYPE_AAAA;
	ret->ttl = rr->ttl < e->ttl ? rr->ttl : e->ttl;
	ret->len = DNS_AAAA_SIZE;
	dns64_embed(prefix, msg + rr->rdata, ret->rdata);
	return DNS_EDIT_REPLACE;
}

void
dns64_edit_synthesise(struct dns64_edit *ret_edit, const struct dns64 *d,
    const struct dns_response *r, uint32_t ttl)
{
	size_t records = dns_get16(r->msg + DNS_OFF_ANCOUNT);

	*ret_edit = (struct dns64_edit){
	    .edit =
		{
		    .record = synthesise,
		    .ctx = ret_edit,
		    .growth = records * GROWTH,
		},
	    .rules = d,
	    .ttl = ttl,
	};
}
