/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of our own. */
#include "dns/put.h"

#include <errno.h>
#include <string.h>

#include "dns/name.h"

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
