/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of our own. */
#include "dns/put.h"

#include <errno.h>
#include <string.h>

#include "dns/name.h"

/* Of an SOA that is made up; nobody transfers it. */
#define SOA_SERIAL 1
#define SOA_REFRESH 3600
#define SOA_RETRY 1200
#define SOA_EXPIRE 604800

/* Five numbers of 32 bits behind the two names. */
#define SOA_NUMBERS 20

/* RFC 6303 3: nobody is responsible. */
static const char soa_rname[] = "\6nobody\7invalid";

void
dns_put_pointer(uint8_t dst[2], size_t offset)
{
	dns_put16(dst, (uint16_t)(DNS_POINTER_BITS << 8 | offset));
}

int
dns_put_record(struct dns_buf *out, size_t count, const struct dns_head *head,
    const uint8_t *rdata, size_t rdata_len)
{
	uint8_t pointer[DNS_POINTER_SIZE];
	const uint8_t *owner = head->owner;
	size_t owner_len = sizeof(pointer);
	uint8_t *p = out->data + out->len;
	uint8_t *n = out->data + count;

	dns_put_pointer(pointer, head->owner_at);
	if (owner != NULL)
		owner_len = dns_name_length(owner);
	else
		owner = pointer;
	if (out->size - out->len < owner_len + DNS_RECORD_FIXED + rdata_len)
		return -EMSGSIZE;
	memcpy(p, owner, owner_len);
	p += owner_len;
	dns_put16(p, head->type);
	dns_put16(p + 2, head->class);
	dns_put32(p + 4, head->ttl);
	dns_put16(p + 8, (uint16_t)rdata_len);
	memcpy(p + DNS_RECORD_FIXED, rdata, rdata_len);
	dns_put16(n, (uint16_t)(dns_get16(n) + 1));
	out->len += owner_len + DNS_RECORD_FIXED + rdata_len;
	return 0;
}

int
dns_put_soa(struct dns_buf *out, size_t count, size_t zone_at, uint16_t class,
    uint32_t ttl)
{
	struct dns_head head = {
	    .owner_at = zone_at,
	    .ttl = ttl,
	    .type = DNS_TYPE_SOA,
	    .class = class,
	};
	uint8_t rdata[DNS_POINTER_SIZE + sizeof(soa_rname) + SOA_NUMBERS];
	uint8_t *p = rdata + DNS_POINTER_SIZE;

	_Static_assert(sizeof(rdata) == DNS_PUT_SOA_RDATA, "as it is said");
	dns_put_pointer(rdata, zone_at);
	memcpy(p, soa_rname, sizeof(soa_rname));
	p += sizeof(soa_rname);
	dns_put32(p, SOA_SERIAL);
	dns_put32(p + 4, SOA_REFRESH);
	dns_put32(p + 8, SOA_RETRY);
	dns_put32(p + 12, SOA_EXPIRE);
	dns_put32(p + 16, ttl);
	return dns_put_record(out, count, &head, rdata, sizeof(rdata));
}
