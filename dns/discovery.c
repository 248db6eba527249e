/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ipv4only.arpa has two IPv4 addresses that are in no network.  What they
 * become in AAAA tells a client the prefix; so nobody else may be asked, who
 * might do DNS64 with another one.
 */
#include "dns/discovery.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "dns/name.h"
#include "dns/put.h"

/* RFC 7050 3: clients ask again when it is over. */
#define TTL 3600

#define IPV4ONLY "\10ipv4only\4arpa"

struct dns_discovery {
	const char *name; /* wire form; the NUL is the root label */
	bool is_reverse;
};

static const struct dns_discovery zones[] = {
    {.name = IPV4ONLY},
    {.name = "\3"
	     "170"
	     "\1"
	     "0"
	     "\1"
	     "0"
	     "\3"
	     "192\7in-addr\4arpa",
	.is_reverse = true},
    {.name = "\3"
	     "171"
	     "\1"
	     "0"
	     "\1"
	     "0"
	     "\3"
	     "192\7in-addr\4arpa",
	.is_reverse = true},
};

#define ZONES (sizeof(zones) / sizeof(zones[0]))

/* RFC 7050 8.2 */
static const uint8_t addresses[][DNS_A_SIZE] = {
    {192, 0, 0, 170}, {192, 0, 0, 171}};

#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

static const uint8_t *
wire_name(const struct dns_discovery *zone)
{
	return (const uint8_t *)zone->name;
}

const struct dns_discovery *
dns_discovery_find(const struct dns_query *q)
{
	const uint8_t *name = q->msg + DNS_HEADER_SIZE;
	size_t i;

	if (q->opcode != DNS_OPCODE_QUERY || q->question_len == 0)
		return NULL;
	for (i = 0; i < ZONES; i++) {
		if (!dns_name_is_subdomain(name, wire_name(&zones[i])))
			continue;
		return q->qtype == DNS_TYPE_DS ? NULL : &zones[i];
	}
	return NULL;
}

/* RFC 8880 7.1: A, AAAA */
static int
put_addresses(const struct dns64_net *prefix, const struct dns_query *q,
    struct dns_buf *out)
{
	struct dns_head head = {
	    .owner_at = DNS_HEADER_SIZE,
	    .ttl = TTL,
	    .type = q->qtype,
	    .class = DNS_CLASS_IN,
	};
	uint8_t v6[DNS_AAAA_SIZE];
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ADDRESSES; i++) {
		dns64_embed(prefix, addresses[i], v6);
		if (q->qtype == DNS_TYPE_A)
			rc = dns_put_record(out, DNS_OFF_ANCOUNT, &head,
			    addresses[i], DNS_A_SIZE);
		else if (q->qtype == DNS_TYPE_AAAA)
			rc = dns_put_record(
			    out, DNS_OFF_ANCOUNT, &head, v6, DNS_AAAA_SIZE);
	}
	return rc;
}

/* RFC 8880 7.2 */
static int
put_ptr(const struct dns_query *q, struct dns_buf *out)
{
	static const char target[] = IPV4ONLY;
	struct dns_head head = {
	    .owner_at = DNS_HEADER_SIZE,
	    .ttl = TTL,
	    .type = DNS_TYPE_PTR,
	    .class = DNS_CLASS_IN,
	};

	if (q->qtype != DNS_TYPE_PTR)
		return 0;
	return dns_put_record(out, DNS_OFF_ANCOUNT, &head,
	    (const uint8_t *)target, sizeof(target));
}

static int
put_records(const struct dns_discovery *zone, const struct dns64_net *prefix,
    const struct dns_query *q, struct dns_buf *out, uint16_t *ret_rcode)
{
	size_t name_len = q->question_len - DNS_QUESTION_FIXED;
	size_t zone_len = dns_name_length(wire_name(zone));
	uint16_t class = q->qclass == DNS_CLASS_ANY ? DNS_CLASS_IN : q->qclass;
	uint16_t rcode = DNS_RCODE_NOERROR;
	int rc = 0;

	if (name_len != zone_len)
		rcode = DNS_RCODE_NXDOMAIN;
	else if (class == DNS_CLASS_IN && zone->is_reverse)
		rc = put_ptr(q, out);
	else if (class == DNS_CLASS_IN)
		rc = put_addresses(prefix, q, out);
	if (rc == 0 && dns_get16(out->data + DNS_OFF_ANCOUNT) == 0)
		/* RFC 2308 3: a negative answer names its zone. */
		rc = dns_put_soa(out, DNS_OFF_NSCOUNT,
		    DNS_HEADER_SIZE + name_len - zone_len, class, TTL);
	if (rc == 0)
		*ret_rcode = rcode;
	return rc;
}

int
dns_discovery_answer(const struct dns_discovery *zone,
    const struct dns64_net *prefix, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out)
{
	struct dns_error e = {.ede = DNS_EDE_NONE};
	int rc;

	rc = dns_answer_start(q, hop, DNS_FLAG_AA | DNS_FLAG_RA, out);
	if (rc == 0)
		rc = put_records(zone, prefix, q, out, &e.rcode);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, out);
	return rc;
}
