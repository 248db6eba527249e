/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer for this hop.
 *
 * Every answer is begun by put_head() and ended by dns_answer_finish(), so that
 * ID, echoed flags, question, OPT and padding cannot differ between a relayed
 * answer, an error and a local one.  What stands between is copied once.  An
 * answer that does not fit falls back, never further than this: without
 * padding, then truncated (plain UDP) or SERVFAIL, which has no records and
 * always fits.
 *
 * The raw path is the exception: a signed message is copied and gets an ID.
 */
#include "dns/answer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/put.h"
#include "dns/ttl.h"

/* Highest RCODE that the header can hold. */
#define RCODE_HEADER_MAX 15

/* Flags of the client that come back (RFC 1035 4.1.1, RFC 4035 3.2.2). */
#define FLAGS_ECHOED (DNS_FLAG_RD | DNS_FLAG_CD)

/* Longest message for this client. */
static size_t
limit_size(const struct dns_query *q, const struct dns_hop *hop, size_t room)
{
	size_t max = hop->max_size;

	if (hop->may_truncate && !q->edns.is_present)
		max = DNS_EDNS_SIZE_MIN;
	else if (hop->may_truncate && q->edns.udp_size < max)
		max = q->edns.udp_size;
	if (max > room)
		max = room;
	return max < DNS_MESSAGE_MAX ? max : DNS_MESSAGE_MAX;
}

/* Puts header and question at the begin of `out`. */
static int
put_head(const struct dns_query *q, const struct dns_hop *hop, uint16_t flags,
    struct dns_buf *out)
{
	uint8_t *p = out->data;
	size_t len = DNS_HEADER_SIZE + q->question_len;

	assert(q->len >= len);
	if (len > out->size)
		return -EMSGSIZE;
	flags |= DNS_FLAG_QR | (q->flags & (DNS_OPCODE_MASK | FLAGS_ECHOED));
	memset(p, 0, DNS_HEADER_SIZE);
	dns_put16(p + DNS_OFF_ID, hop->zero_id ? 0 : q->id);
	dns_put16(p + DNS_OFF_FLAGS, flags);
	dns_put16(p + DNS_OFF_QDCOUNT, q->question_len > 0 ? 1 : 0);
	memcpy(p + DNS_HEADER_SIZE, q->msg + DNS_HEADER_SIZE, q->question_len);
	out->len = len;
	return 0;
}

/* RFC 6891 6.1.3: without OPT there is no room for the upper bits. */
static uint16_t
limit_rcode(const struct dns_query *q, uint16_t rcode)
{
	if (rcode > RCODE_HEADER_MAX && !q->edns.is_present)
		return DNS_RCODE_SERVFAIL;
	return rcode;
}

static int
put_opt(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_error *e, struct dns_buf *out)
{
	struct dns_opt opt = {
	    .rcode = e->rcode,
	    .is_do = (q->edns.flags & DNS_EDNS_DO) != 0,
	};
	size_t at;

	if (dns_opt_start(out, &opt, &at) != 0)
		return -EMSGSIZE;
	if (e->ede != DNS_EDE_NONE &&
	    dns_opt_add_ede(out, at, (uint16_t)e->ede, e->text) != 0)
		return -EMSGSIZE;
	if (q->ecs != NULL && dns_ecs_put(q->ecs, at, out) != 0)
		return -EMSGSIZE;
	/* RFC 5001 2.2; it gives way, as padding does. */
	if (q->edns.has_nsid && q->nsid != NULL)
		(void)dns_opt_add(out, at, DNS_OPTION_NSID,
		    (const uint8_t *)q->nsid, strlen(q->nsid));
	if (hop->pad_block > 0)
		dns_opt_pad(out, at, hop->pad_block, out->size);
	return 0;
}

int
dns_answer_start(const struct dns_query *q, const struct dns_hop *hop,
    uint16_t flags, struct dns_buf *out)
{
	struct dns_buf b = *out;
	int rc;

	b.size = limit_size(q, hop, b.size);
	rc = put_head(q, hop, flags, &b);
	if (rc == 0)
		out->len = b.len;
	return rc;
}

int
dns_answer_finish(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_error *e, struct dns_buf *out)
{
	struct dns_error fit = *e;
	struct dns_buf b = *out;
	uint16_t flags = dns_get16(b.data + DNS_OFF_FLAGS);

	fit.rcode = limit_rcode(q, e->rcode);
	b.size = limit_size(q, hop, b.size);
	if (b.len > b.size)
		return -EMSGSIZE;
	if (q->edns.is_present && put_opt(q, hop, &fit, &b) != 0)
		return -EMSGSIZE;
	flags |= fit.rcode & DNS_RCODE_MASK;
	dns_put16(b.data + DNS_OFF_FLAGS, flags);
	out->len = b.len;
	return 0;
}

int
dns_answer_error(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_error *e, struct dns_buf *out)
{
	int rc;

	rc = dns_answer_start(q, hop, DNS_FLAG_RA, out);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, e, out);
	return rc;
}

/* What becomes of an answer that does not fit. */
static int
answer_too_long(const struct dns_query *q, const struct dns_hop *hop,
    uint16_t flags, struct dns_buf *out)
{
	struct dns_error e = {.rcode = DNS_RCODE_SERVFAIL};
	int rc;

	if (!hop->may_truncate) {
		e.ede = DNS_EDE_OTHER;
		e.text = "answer too long";
		return dns_answer_error(q, hop, &e, out);
	}
	e.rcode = DNS_RCODE_NOERROR;
	e.ede = DNS_EDE_NONE;
	rc = dns_answer_start(q, hop, flags | DNS_FLAG_TC, out);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, out);
	return rc;
}

/* AD only for those who asked for it (RFC 6840 5.8): by itself, or by DO. */
static bool
wants_ad(const struct dns_query *q)
{
	return (q->flags & DNS_FLAG_AD) != 0 ||
	       (q->edns.flags & DNS_EDNS_DO) != 0;
}

/* The backend's flags that the client gets. */
static uint16_t
relay_flags(const struct dns_query *q, const struct dns_response *r,
    const struct dns_relay *how)
{
	uint16_t flags;

	flags = r->flags & (DNS_FLAG_AA | DNS_FLAG_TC | DNS_FLAG_RA);
	if (how->alias != NULL) {
		flags &= (uint16_t)~DNS_FLAG_AA;
		flags |= how->alias->is_ours ? DNS_FLAG_AA : 0;
	}
	if (how->is_ad_trusted && wants_ad(q))
		flags |= r->flags & DNS_FLAG_AD;
	return flags;
}

/* BADVERS and BADCOOKIE are about the hop behind us (RFC 6891 6.1.3). */
static uint16_t
relay_rcode(const struct dns_query *q, const struct dns_response *r)
{
	if (r->rcode == DNS_RCODE_BADVERS || r->rcode == DNS_RCODE_BADCOOKIE)
		return DNS_RCODE_SERVFAIL;
	return limit_rcode(q, r->rcode);
}

/*
 * What the backend's first Extended DNS Error says is made anew, and whose it
 * is (RFC 8914 3).  Its text stays behind: it may name servers that the client
 * has no business with.
 */
static void
take_ede(const struct dns_response *r, struct dns_error *e)
{
	e->ede = dns_ede_find(r->msg + r->edns.options, r->edns.options_len);
	if (e->ede != DNS_EDE_NONE)
		e->text = "said by the upstream server";
}

static bool
has_strip(const struct dns_query *q, const struct dns_relay *how)
{
	return how->strip_dnssec && (q->edns.flags & DNS_EDNS_DO) == 0;
}

static int
relay_alias(const struct dns_response *r, const struct dns_alias *alias,
    struct dns_rewrite *rewrite, struct dns_buf *out)
{
	uint8_t *count = out->data + DNS_OFF_ANCOUNT;
	int rc;

	if (out->size - out->len < alias->len)
		return -EMSGSIZE;
	memcpy(out->data + out->len, alias->records, alias->len);
	out->len += alias->len;
	rewrite->alias_at = out->len - alias->target_len;
	rc = dns_rewrite_records(r, rewrite, out);
	if (rc == 0)
		dns_put16(count, (uint16_t)(dns_get16(count) + alias->count));
	return rc;
}

static int
relay_records(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, const struct dns_relay *how,
    struct dns_buf *out)
{
	struct dns_rewrite rewrite = {
	    .qtype = q->qtype,
	    .strip_dnssec = has_strip(q, how),
	    .edit = how->edit,
	    .alias_at = how->below > 0 ? DNS_HEADER_SIZE + how->below : 0,
	};
	struct dns_buf b = *out;
	int rc;

	b.size = limit_size(q, hop, b.size);
	if (how->alias != NULL)
		rc = relay_alias(r, how->alias, &rewrite, &b);
	else
		rc = dns_rewrite_records(r, &rewrite, &b);
	if (rc == 0)
		out->len = b.len;
	return rc;
}

/* TTLs are made what RFC 2181 5.2 and RFC 8767 4 want before OPT is added. */
static void
mend_ttls(const struct dns_query *q, struct dns_buf *out)
{
	size_t records = DNS_HEADER_SIZE + q->question_len;
	struct dns_ttls t;

	if (dns_ttls_read(out->data, out->len, records, &t) != 0 ||
	    !dns_ttls_are_apart(&t, out->data, out->len, records, 0, 0))
		return;
	dns_ttls_limit(&t, 0, DNS_TTL_MAX);
	dns_ttls_write(&t, out->data);
}

/* How long the question of the backend's answer is. */
static size_t
asked_len(const struct dns_query *q, const struct dns_relay *how)
{
	return how->alias != NULL ? how->alias->target_len + DNS_QUESTION_FIXED
				  : q->question_len - how->below;
}

int
dns_answer_relay(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, const struct dns_relay *how,
    struct dns_buf *out)
{
	struct dns_error e = {
	    .rcode = relay_rcode(q, r),
	    .ede = how->ede,
	    .text = how->ede_text,
	};
	uint16_t flags = relay_flags(q, r, how);
	int rc;

	if (e.ede == DNS_EDE_NONE)
		take_ede(r, &e);
	/* A body that belongs to another RCODE or question is not passed. */
	if (e.rcode != r->rcode || r->question_len != asked_len(q, how))
		return dns_answer_error(q, hop, &e, out);
	rc = dns_answer_start(q, hop, flags, out);
	if (rc == 0)
		rc = relay_records(q, hop, r, how, out);
	if (rc == 0 && r->has_odd_ttls)
		mend_ttls(q, out);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, out);
	if (rc == -EMSGSIZE)
		rc = answer_too_long(q, hop, flags, out);
	return rc;
}

int
dns_answer_cached(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_entry_view *view, struct dns_buf *out)
{
	uint16_t flags = dns_get16(view->entry->data + DNS_OFF_FLAGS);
	struct dns_error e;
	struct dns_buf b;
	int rc;

	assert(q->question_len == view->entry->question_len);
	dns_entry_error(view, &e);
	flags &= wants_ad(q) ? DNS_FLAG_RA | DNS_FLAG_AD : DNS_FLAG_RA;
	rc = dns_answer_start(q, hop, flags, out);
	b = *out;
	b.size = limit_size(q, hop, b.size);
	if (rc == 0)
		rc = dns_entry_put(view, &b);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, &b);
	if (rc == -EMSGSIZE)
		return answer_too_long(q, hop, flags, out);
	out->len = b.len;
	return rc;
}

/* Copies a message and changes the ID. */
static int
copy_raw(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out)
{
	/* Broken options may hide one. */
	if (hop->no_keepalive && (r->edns.has_keepalive || r->edns.is_broken))
		return -EBADMSG;
	if (r->len > limit_size(q, hop, out->size))
		return -EMSGSIZE;
	memcpy(out->data, r->msg, r->len);
	dns_put16(out->data + DNS_OFF_ID, hop->zero_id ? 0 : q->id);
	out->len = r->len;
	return 0;
}

int
dns_answer_raw(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out)
{
	struct dns_error e = {
	    .rcode = DNS_RCODE_SERVFAIL,
	    .ede = DNS_EDE_INVALID_DATA,
	    .text = "answer not fit for this transport",
	};
	int rc = copy_raw(q, hop, r, out);

	if (rc == -EBADMSG)
		return dns_answer_error(q, hop, &e, out);
	if (rc == -EMSGSIZE)
		return answer_too_long(q, hop, r->flags & DNS_FLAG_RA, out);
	return rc;
}

/* Makes it all, in the form that `q` says. */
static int
make_part(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out)
{
	struct dns_relay how = {.ede = DNS_EDE_NONE};
	struct dns_error e = {.rcode = r->rcode, .ede = DNS_EDE_NONE};
	int rc;

	rc = dns_answer_start(q, hop, relay_flags(q, r, &how), out);
	if (rc == 0)
		rc = relay_records(q, hop, r, &how, out);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &e, out);
	return rc;
}

int
dns_answer_part(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, struct dns_buf *out)
{
	struct dns_query part = *q;
	int rc;

	if (dns_query_is_raw(q))
		return copy_raw(q, hop, r, out);
	part.question_len = r->question_len;
	rc = make_part(&part, hop, r, out);
	/* A primary that gives OPT once may fill the other messages to the
	 * last octet.  Better without one than no zone. */
	if (rc == -EMSGSIZE && r->opt_start == 0) {
		part.edns.is_present = false;
		rc = make_part(&part, hop, r, out);
	}
	return rc;
}

/* Octets of an answer of ours without records. */
static size_t
error_bound(const struct dns_query *q, const struct dns_hop *hop)
{
	size_t len = DNS_HEADER_SIZE + q->question_len;

	if (q->edns.is_present)
		len += DNS_OPT_SIZE + DNS_OPTION_FIXED + DNS_EDE_FIXED +
		       DNS_EDE_TEXT_MAX + DNS_OPTION_FIXED + hop->pad_block;
	if (q->ecs != NULL)
		len += DNS_OPTION_FIXED + DNS_ECS_MAX;
	if (q->edns.has_nsid && q->nsid != NULL)
		len += DNS_OPTION_FIXED + strlen(q->nsid);
	return len;
}

static bool
may_grow(const struct dns_query *q, const struct dns_response *r,
    const struct dns_relay *how)
{
	struct dns_rewrite rewrite = {
	    .strip_dnssec = has_strip(q, how),
	    .edit = how->edit,
	    .alias_at =
		how->alias != NULL || how->below > 0 ? DNS_HEADER_SIZE : 0,
	};

	return dns_rewrite_may_grow(r, &rewrite);
}

size_t
dns_answer_bound(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_response *r, const struct dns_relay *how)
{
	size_t len = error_bound(q, hop);

	if (r != NULL)
		len += r->len;
	if (r != NULL && how != NULL && how->edit != NULL)
		len += how->edit->growth;
	if (r != NULL && how != NULL && how->alias != NULL)
		len += how->alias->len;
	if (r != NULL && how != NULL && may_grow(q, r, how))
		len = DNS_MESSAGE_MAX;
	return len < hop->max_size ? len : hop->max_size;
}

size_t
dns_answer_cached_bound(const struct dns_query *q, const struct dns_hop *hop,
    const struct dns_entry *entry)
{
	size_t len = error_bound(q, hop) + entry->len;

	return len < hop->max_size ? len : hop->max_size;
}
