/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A resolver's packet judged as a backend's would be.
 *
 * It comes from a library of the same process and is parsed all the same, with
 * the same checks: what it holds came from the network.  The header is written
 * anew but for the RCODE, so that no flag of another hop crosses.
 */
#include "dns/resolved.h"

#include <errno.h>

#include "dns/record.h"

/* Where the TTL stands behind TYPE and CLASS. */
#define TTL_OFFSET 4

static void
put_flags(uint8_t *msg, bool is_secure)
{
	uint16_t flags = dns_get16(msg + DNS_OFF_FLAGS) & DNS_RCODE_MASK;

	flags |= DNS_FLAG_QR | DNS_FLAG_RA;
	if (is_secure)
		flags |= DNS_FLAG_AD;
	dns_put16(msg + DNS_OFF_ID, 0);
	dns_put16(msg + DNS_OFF_FLAGS, flags);
}

/* Of records that have been walked before.  OPT has no TTL. */
static void
limit_ttls(uint8_t *msg, const struct dns_response *r)
{
	size_t pos = r->records;
	struct dns_record rr;

	while (pos < r->len && dns_record_read(msg, r->len, pos, &rr) == 0) {
		if (rr.type != DNS_TYPE_OPT && rr.ttl > DNS_TTL_MAX)
			dns_put32(msg + rr.fixed + TTL_OFFSET, DNS_TTL_MAX);
		pos = rr.end;
	}
}

int
dns_resolved_read(const struct dns_query *q, uint8_t *msg, size_t len,
    bool is_secure, struct dns_response *ret_response)
{
	struct dns_expect e = {
	    .question = q->msg + DNS_HEADER_SIZE,
	    .question_len = q->question_len,
	    .opcode = DNS_OPCODE_QUERY,
	};
	struct dns_response r;

	if (len < DNS_HEADER_SIZE || len > DNS_MESSAGE_MAX)
		return -EBADMSG;
	put_flags(msg, is_secure);
	if (dns_response_check(msg, len, &e, &r) != DNS_MATCH_ACCEPT)
		return -EBADMSG;
	limit_ttls(msg, &r);
	*ret_response = r;
	return 0;
}
