/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers: a machine that eats SOA records.
 *
 *	AXFR   SOA(n) records... SOA(n)
 *	IXFR   SOA(n)                              up to date
 *	       SOA(n) records... SOA(n)            as AXFR
 *	       SOA(n) (SOA(i) deleted... SOA(j) added...)... SOA(n)
 *
 * In the third form each difference begins with the serial at which the one
 * before it ended, and the last one ends at n.  A transfer may be cut into
 * messages between any two records.
 */
#include "dns/xfr.h"

#include <assert.h>

#include "dns/name.h"
#include "dns/record.h"

/* SERIAL, REFRESH, RETRY, EXPIRE, MINIMUM end the RDATA (RFC 1035 3.3.13). */
#define SOA_FIXED 20

/* RFC 1982 3.2: is `a` after `b`?  Where that is not defined, too. */
#define SERIAL_HALF UINT32_C(0x80000000)

static bool
is_after(uint32_t a, uint32_t b)
{
	return a != b && a - b <= SERIAL_HALF;
}

/* Is it an SOA record of the zone?  Its RDATA has the right shape. */
static bool
is_soa(const uint8_t *msg, size_t len, const struct dns_record *rr,
    const uint8_t *zone)
{
	uint8_t owner[DNS_NAME_MAX];
	size_t owner_len;

	return rr->type == DNS_TYPE_SOA && dns_record_check(msg, rr) == 0 &&
	       dns_name_copy(msg, len, rr->start, owner, &owner_len) == 0 &&
	       dns_name_equal(owner, zone);
}

static uint32_t
read_serial(const uint8_t *msg, const struct dns_record *rr)
{
	return dns_get32(msg + rr->end - SOA_FIXED);
}

bool
dns_query_is_transfer(const struct dns_query *q)
{
	return q->opcode == DNS_OPCODE_QUERY &&
	       (q->qtype == DNS_TYPE_AXFR || q->qtype == DNS_TYPE_IXFR);
}

void
dns_xfr_init(struct dns_xfr *x, const struct dns_query *q)
{
	size_t pos = DNS_HEADER_SIZE + q->question_len;
	struct dns_record rr;

	assert(dns_query_is_transfer(q));
	*x = (struct dns_xfr){
	    .zone = q->msg + DNS_HEADER_SIZE,
	    .is_incremental = q->qtype == DNS_TYPE_IXFR,
	};
	/* RFC 1995 3: what the asker has stands in the authority section,
	 * right behind the question since there are no answers. */
	if (x->is_incremental && dns_get16(q->msg + DNS_OFF_NSCOUNT) > 0 &&
	    dns_record_read(q->msg, q->len, pos, &rr) == 0 &&
	    is_soa(q->msg, q->len, &rr, x->zone)) {
		x->has_serial = true;
		x->serial = read_serial(q->msg, &rr);
	}
}

/* Takes an SOA of the zone.  False if none can stand here. */
static bool
take_soa(struct dns_xfr *x, uint32_t serial)
{
	switch (x->place) {
	case DNS_XFR_AT_START:
		x->newest = serial;
		x->place =
		    x->is_incremental ? DNS_XFR_AT_SECOND : DNS_XFR_IN_ZONE;
		return true;
	case DNS_XFR_AT_SECOND:
		x->current = serial;
		x->place =
		    serial == x->newest ? DNS_XFR_AT_END : DNS_XFR_IN_DELETED;
		return true;
	case DNS_XFR_IN_ZONE:
		x->place = DNS_XFR_AT_END;
		return serial == x->newest;
	case DNS_XFR_IN_DELETED:
		x->current = serial;
		x->place = DNS_XFR_IN_ADDED;
		return true;
	case DNS_XFR_IN_ADDED:
		x->place =
		    serial == x->newest ? DNS_XFR_AT_END : DNS_XFR_IN_DELETED;
		return serial == x->current;
	case DNS_XFR_AT_END:
		break;
	}
	return false;
}

/* Takes any other record.  False if none can stand here. */
static bool
take_other(struct dns_xfr *x)
{
	if (x->place == DNS_XFR_AT_SECOND)
		x->place = DNS_XFR_IN_ZONE;
	return x->place != DNS_XFR_AT_START && x->place != DNS_XFR_AT_END;
}

static bool
take_answers(struct dns_xfr *x, const struct dns_response *r, unsigned count)
{
	size_t pos = r->records;
	struct dns_record rr;
	bool is_good;

	for (; count > 0; count--) {
		if (dns_record_read(r->msg, r->len, pos, &rr) != 0)
			return false;
		pos = rr.end;
		if (is_soa(r->msg, r->len, &rr, x->zone))
			is_good = take_soa(x, read_serial(r->msg, &rr));
		else
			is_good = take_other(x);
		if (!is_good)
			return false;
	}
	return true;
}

/* RFC 1995 2: the answer for who has the newest zone is its SOA alone. */
static bool
is_up_to_date(const struct dns_xfr *x, unsigned answers)
{
	return x->place == DNS_XFR_AT_SECOND && answers == 1 &&
	       !(x->has_serial && is_after(x->newest, x->serial));
}

enum dns_xfr_step
dns_xfr_take(struct dns_xfr *x, const struct dns_response *r)
{
	unsigned answers = dns_get16(r->msg + DNS_OFF_ANCOUNT);
	bool is_first = !x->has_begun;

	x->has_begun = true;
	if (r->rcode != DNS_RCODE_NOERROR) {
		x->place = DNS_XFR_AT_END;
		return is_first ? DNS_XFR_LAST : DNS_XFR_BROKEN;
	}
	if (x->place == DNS_XFR_AT_END || !take_answers(x, r, answers))
		return DNS_XFR_BROKEN;
	if (is_first && is_up_to_date(x, answers))
		x->place = DNS_XFR_AT_END;
	return x->place == DNS_XFR_AT_END ? DNS_XFR_LAST : DNS_XFR_MORE;
}
