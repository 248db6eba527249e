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
	*ret_response = r;
	return 0;
}
