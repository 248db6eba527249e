/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Designations as records.
 *
 * A designation is looked at together with the address that the question came
 * in on: `struct way` holds what both amount to, and is made anew for each
 * answer, since such questions are rare.  No name in RDATA is compressed (RFC
 * 9460 2.2), and no owner name points into RDATA.
 */
#include "dns/ddr.h"

#include <assert.h>
#include <string.h>

#include "dns/put.h"

/* RFC 9462 4 has 7200 in its examples; half of it, since names come and go with
 * certificates. */
#define DDR_TTL 3600

/* RFC 9460 14.3.2: they stand in this order (2.2). */
enum param {
	PARAM_ALPN = 1,
	PARAM_PORT = 3,
	PARAM_IPV4HINT = 4,
	PARAM_IPV6HINT = 6,
};

#define PARAM_FIXED 4 /* key and length */
#define PRIORITY_SIZE 2
#define PORT_SIZE 2
#define ALPN_MAX 32

/* One hint more than a designation has. */
#define HINTS_MAX (DNS_DDR_HINTS_MAX + 1)

#define RDATA_MAX                                                              \
	(PRIORITY_SIZE + DNS_NAME_MAX + PARAM_FIXED + ALPN_MAX + PARAM_FIXED + \
	    PORT_SIZE + PARAM_FIXED + HINTS_MAX * 4 + PARAM_FIXED +            \
	    HINTS_MAX * 16)

/* The largest record of an address. */
#define ADDRESS_MAX (DNS_NAME_MAX + DNS_RECORD_FIXED + 16)

static const uint8_t resolver_arpa[] = "\10resolver\4arpa";
static const uint8_t dns_resolver_arpa[] = "\4_dns\10resolver\4arpa";

/* A designation with its addresses as this client gets them. */
struct way {
	const struct dns_designation *d;
	size_t count4;
	size_t count6;
	uint8_t addr4[HINTS_MAX][4];
	uint8_t addr6[HINTS_MAX][16];
};

bool
dns_ddr_may_target(const uint8_t *name)
{
	return name[0] != 0 && !dns_name_is_subdomain(name, resolver_arpa);
}

bool
dns_ddr_is_asked(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_QUERY && q->question_len > 0 &&
	       (q->qtype == DNS_TYPE_SVCB || q->qtype == DNS_TYPE_ANY) &&
	       (q->qclass == DNS_CLASS_IN || q->qclass == DNS_CLASS_ANY) &&
	       dns_name_equal(q->msg + DNS_HEADER_SIZE, dns_resolver_arpa);
}

size_t
dns_ddr_records(const struct dns_ddr *ddr)
{
	size_t one = DNS_POINTER_SIZE + DNS_RECORD_FIXED + RDATA_MAX;
	size_t len = 0;
	size_t i;

	for (i = 0; i < ddr->count; i++)
		len += one + (ddr->item[i].hints4 + ddr->item[i].hints6 + 1U) *
				 ADDRESS_MAX;
	return len < DNS_MESSAGE_MAX ? len : DNS_MESSAGE_MAX;
}

/* Is the address among `count` of `len` octets each? */
static bool
has_addr(const uint8_t *addrs, size_t count, size_t len, const uint8_t *addr)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (memcmp(addrs + i * len, addr, len) == 0)
			return true;
	}
	return false;
}

static void
find_way(const struct dns_designation *d, const struct dns_ddr_local *local,
    struct way *w)
{
	assert(d->hints4 <= DNS_DDR_HINTS_MAX);
	assert(d->hints6 <= DNS_DDR_HINTS_MAX);
	w->d = d;
	w->count4 = d->hints4;
	w->count6 = d->hints6;
	memcpy(w->addr4, d->hint4, sizeof(d->hint4));
	memcpy(w->addr6, d->hint6, sizeof(d->hint6));
	if (d->any4 && local->len == 4 &&
	    !has_addr(w->addr4[0], w->count4, 4, local->addr))
		memcpy(w->addr4[w->count4++], local->addr, 4);
	if (d->any6 && local->len == 16 &&
	    !has_addr(w->addr6[0], w->count6, 16, local->addr))
		memcpy(w->addr6[w->count6++], local->addr, 16);
}

static uint8_t *
put_param(uint8_t *p, enum param key, const void *value, size_t len)
{
	if (len == 0)
		return p;
	dns_put16(p, (uint16_t)key);
	dns_put16(p + 2, (uint16_t)len);
	memcpy(p + PARAM_FIXED, value, len);
	return p + PARAM_FIXED + len;
}

static int
put_svcb(const struct way *w, uint16_t priority, struct dns_buf *out)
{
	struct dns_head head = {.owner_at = DNS_HEADER_SIZE,
	    .ttl = DDR_TTL,
	    .type = DNS_TYPE_SVCB,
	    .class = DNS_CLASS_IN};
	size_t alpn_len = strlen(w->d->alpn);
	size_t name_len = dns_name_length(w->d->target);
	uint8_t rdata[RDATA_MAX];
	uint8_t port[PORT_SIZE];
	uint8_t *p = rdata;

	assert(alpn_len > 0 && alpn_len <= ALPN_MAX);
	assert(dns_ddr_may_target(w->d->target));
	dns_put16(p, priority);
	memcpy(p + PRIORITY_SIZE, w->d->target, name_len);
	p += PRIORITY_SIZE + name_len;
	dns_put16(port, w->d->port);
	p = put_param(p, PARAM_ALPN, w->d->alpn, alpn_len);
	p = put_param(p, PARAM_PORT, port, w->d->port != 0 ? PORT_SIZE : 0);
	p = put_param(p, PARAM_IPV4HINT, w->addr4, w->count4 * 4);
	p = put_param(p, PARAM_IPV6HINT, w->addr6, w->count6 * 16);
	return dns_put_record(
	    out, DNS_OFF_ANCOUNT, &head, rdata, (size_t)(p - rdata));
}

/* Has a designation before `i` of the same name put this address? */
static bool
is_put(const struct dns_ddr *ddr, const struct dns_ddr_local *local, size_t i,
    const uint8_t *addr, size_t len)
{
	const uint8_t *name = ddr->item[i].target;
	struct way w;
	size_t k;

	for (k = 0; k < i; k++) {
		if (!dns_name_equal(ddr->item[k].target, name))
			continue;
		find_way(&ddr->item[k], local, &w);
		if (len == 4 ? has_addr(w.addr4[0], w.count4, 4, addr)
			     : has_addr(w.addr6[0], w.count6, 16, addr))
			return true;
	}
	return false;
}

/* The addresses of the name of designation `i`. */
static int
put_addresses(const struct dns_ddr *ddr, const struct dns_ddr_local *local,
    size_t i, struct dns_buf *out)
{
	struct dns_head head = {.owner = ddr->item[i].target,
	    .ttl = DDR_TTL,
	    .type = DNS_TYPE_A,
	    .class = DNS_CLASS_IN};
	struct way w;
	size_t k;
	int rc = 0;

	find_way(&ddr->item[i], local, &w);
	for (k = 0; rc == 0 && k < w.count4; k++) {
		if (!is_put(ddr, local, i, w.addr4[k], 4))
			rc = dns_put_record(
			    out, DNS_OFF_ARCOUNT, &head, w.addr4[k], 4);
	}
	head.type = DNS_TYPE_AAAA;
	for (k = 0; rc == 0 && k < w.count6; k++) {
		if (!is_put(ddr, local, i, w.addr6[k], 16))
			rc = dns_put_record(
			    out, DNS_OFF_ARCOUNT, &head, w.addr6[k], 16);
	}
	return rc;
}

/* RFC 9462 4: those of all names, so that nobody has to ask for them first.
 * What does not fit is left out; our OPT, which follows, has to. */
static void
put_additional(const struct dns_ddr *ddr, const struct dns_ddr_local *local,
    struct dns_buf *out)
{
	struct dns_buf b = *out;
	size_t i;

	if (b.size > DNS_MESSAGE_MAX)
		b.size = DNS_MESSAGE_MAX;
	if (b.size < b.len + DNS_OPT_SIZE)
		return;
	b.size -= DNS_OPT_SIZE;
	for (i = 0; i < ddr->count; i++) {
		if (put_addresses(ddr, local, i, &b) != 0)
			break;
	}
	out->len = b.len;
}

int
dns_ddr_answer(const struct dns_ddr *ddr, const struct dns_ddr_local *local,
    const struct dns_query *q, const struct dns_hop *hop, struct dns_buf *out)
{
	static const struct dns_error ok = {.ede = DNS_EDE_NONE};
	struct way w;
	size_t i;
	int rc;

	assert(ddr->count > 0 && ddr->count <= DNS_DDR_MAX);
	rc = dns_answer_start(q, hop, DNS_FLAG_AA | DNS_FLAG_RA, out);
	for (i = 0; rc == 0 && i < ddr->count; i++) {
		find_way(&ddr->item[i], local, &w);
		rc = put_svcb(&w, (uint16_t)(i + 1), out);
	}
	if (rc == 0) {
		put_additional(ddr, local, out);
		rc = dns_answer_finish(q, hop, &ok, out);
	}
	return rc;
}
