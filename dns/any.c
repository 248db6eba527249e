/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ANY answered with little.  Whether the name exists, and whether it is an
 * alias, only the backend knows; so it is asked, and its answer made shorter.
 */
#include "dns/any.h"

#include "dns/put.h"
#include "dns/record.h"

/* RFC 8482 4.2: long enough that it is not soon asked again. */
#define HINFO_TTL 3600

bool
dns_any_may_shrink(const struct dns_query *q, const struct dns_response *r)
{
	unsigned count = dns_get16(r->msg + DNS_OFF_ANCOUNT);
	size_t pos = r->records;
	struct dns_record rr;
	unsigned i;

	if (q->qtype != DNS_TYPE_ANY || q->qclass != DNS_CLASS_IN ||
	    dns_query_is_raw(q) || (q->edns.flags & DNS_EDNS_DO) != 0)
		return false;
	if (r->rcode != DNS_RCODE_NOERROR || count == 0)
		return false;
	for (i = 0; i < count; i++) {
		if (dns_record_read(r->msg, r->len, pos, &rr) != 0 ||
		    rr.type == DNS_TYPE_CNAME)
			return false;
		pos = rr.end;
	}
	return true;
}

int
dns_any_answer(
    const struct dns_query *q, const struct dns_hop *hop, struct dns_buf *out)
{
	static const struct dns_error ok = {.ede = DNS_EDE_NONE};
	/* CPU, and an empty OS. */
	static const uint8_t rdata[] = "\7RFC8482";
	struct dns_head head = {.owner_at = DNS_HEADER_SIZE,
	    .ttl = HINFO_TTL,
	    .type = DNS_TYPE_HINFO,
	    .class = DNS_CLASS_IN};
	int rc = dns_answer_start(q, hop, DNS_FLAG_RA, out);

	if (rc == 0)
		rc = dns_put_record(
		    out, DNS_OFF_ANCOUNT, &head, rdata, sizeof(rdata));
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &ok, out);
	return rc;
}
