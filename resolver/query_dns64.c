/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second question.
 *
 *	AAAA answered with addresses, or NXDOMAIN    relayed
 *	... some of them excluded                    relayed without those
 *	nothing, an error, or no answer at all       A is asked
 *	    A answered with addresses                AAAA made of them
 *	    nothing                                  the first answer
 *	    an error                                 that
 *
 * The first answer is kept for the case that there is nothing else to say (RFC
 * 6147 5.4); it is the one that fits the question, and its proofs do.  If it is
 * too long to be kept, the second one takes its place.
 *
 * PTR for an address that was made is another thing: the name of the IPv4
 * address is asked for instead, and a CNAME leads there (5.3.1):
 * query_alias.c.
 */
#include "resolver/query_dns64.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/query_alias.h"
#include "resolver/query_ask.h"
#include "resolver/worker.h"

struct query_dns64_second {
	struct dns_query query; /* of `data` */
	uint32_t ttl;		/* what synthetic records may live */
	bool is_ad;		/* the first answer was authentic */
	struct upstream_result first;
	struct dns_response response;	 /* that of `first`, if it was kept */
	char text[DNS_EDE_TEXT_MAX + 1]; /* that of `first`, too */
	uint8_t data[];
};

static bool
is_for(const struct config *config, const struct sockaddr *client)
{
	if (config->dns64.prefix.bits == 0)
		return false;
	return config->dns64.for_whom == NULL ||
	       (client != NULL && access_check(config->dns64.for_whom,
				      client) == ACCESS_ALLOW);
}

const struct dns_discovery *
query_dns64_discovery(const struct query_run *q, const struct sockaddr *client)
{
	if (!is_for(q->worker->config, client))
		return NULL;
	return dns_discovery_find(&q->dns);
}

bool
query_dns64_concerns(const struct query_run *q, const struct sockaddr *client)
{
	return dns64_is_candidate(&q->dns) && is_for(q->worker->config, client);
}

/* What is to be asked for the name of an address. */
static const struct dns_query *
start_reverse(struct query_run *q, const struct dns64 *rules)
{
	uint8_t name[DNS_NAME_MAX];

	if (q->alias == NULL && dns64_reverse(rules, &q->dns, name))
		(void)query_alias_reverse(q, name); /* else as it is */
	return query_alias_question(q);
}

const struct dns_query *
query_dns64_start(struct query_run *q, nsec *ret_not_after)
{
	struct config *config = q->worker->config;
	nsec span = config->limits.query_timeout_ms * NSEC_PER_MSEC;
	nsec now = worker_now(q->worker);

	*ret_not_after = 0;
	if (!query_dns64_concerns(q, net_addr_get(&q->client)))
		return query_alias_question(q);
	if (q->dns.qtype == DNS_TYPE_PTR)
		return start_reverse(q, &config->dns64.rules);
	q->dns64.config = config_ref(config);
	q->dns64.deadline = nsec_add(now, span);
	*ret_not_after = nsec_add(now, span / 2);
	return query_alias_question(q);
}

/* Did the backend call the whole answer authentic? */
static bool
is_authentic(const struct upstream_result *result)
{
	return result->status == 0 && result->is_ad_trusted &&
	       (result->response->flags & DNS_FLAG_AD) != 0;
}

static bool
can_keep(const struct upstream_result *result)
{
	return result->status == 0 &&
	       result->response->len <= QUERY_DNS64_MAX_KEPT;
}

static void
keep_first(struct query_dns64_second *s, const struct upstream_result *result)
{
	uint8_t *data = s->data + s->query.len;

	memcpy(data, result->response->msg, result->response->len);
	s->response = *result->response;
	s->response.msg = data;
	s->first = *result;
	s->first.response = &s->response;
	if (result->ede_text == NULL)
		return;
	(void)snprintf(s->text, sizeof(s->text), "%s", result->ede_text);
	s->first.ede_text = s->text;
}

/* The first question once more, asking for A. */
static void
make_question(struct query_dns64_second *s, const struct dns_query *q)
{
	size_t qtype = DNS_HEADER_SIZE + q->question_len - DNS_QUESTION_FIXED;
	enum dns_verdict verdict;

	memcpy(s->data, q->msg, q->len);
	dns_put16(s->data + qtype, DNS_TYPE_A);
	verdict = dns_query_parse(s->data, q->len, &s->query);
	assert(verdict == DNS_VERDICT_OK);
	(void)verdict;
	s->query.edns.flags = q->edns.flags;
}

/* As query_ask_fetch(). */
static int
ask_second(struct query_run *q, const struct upstream_result *result,
    uint32_t ttl, struct upstream_result *ret_result)
{
	const struct dns_query *asked = query_alias_question(q);
	struct service_counters *n = &q->worker->counters;
	struct query_dns64_second *s;
	size_t len = asked->len;
	int rc;

	if (can_keep(result))
		len += result->response->len;
	s = calloc(1, sizeof(*s) + len);
	if (s == NULL)
		return -ENOMEM;
	make_question(s, asked);
	s->ttl = ttl;
	s->is_ad = is_authentic(result);
	if (can_keep(result))
		keep_first(s, result);
	q->dns64.second = s;
	rc = query_ask_fetch(q, q->worker->upstream, &s->query, 0,
	    q->dns64.deadline, ret_result);
	if (rc == 0 || rc == 1)
		counter_add(rc == 0 ? &n->dns64_asked : &n->query_shared, 1);
	return rc;
}

/* Is there no use in another question? */
static bool
is_final(const struct upstream_result *result)
{
	return result->status != 0 && result->status != -ETIMEDOUT &&
	       result->status != -EBADMSG && result->status != -EREMOTEIO;
}

static void
on_second(struct query_run *q, const struct upstream_result *result,
    struct query_dns64_end *ret)
{
	const struct dns64 *rules = &q->dns64.config->dns64.rules;
	const struct query_dns64_second *s = q->dns64.second;
	const struct dns_response *r = result->response;

	if (result->status != 0)
		return;
	if (dns64_can_synthesise(rules, r)) {
		counter_add(&q->worker->counters.dns64_made, 1);
		/* RFC 6147 5.5: AD only with DO, and if both are authentic. */
		ret->result.is_ad_trusted =
		    s->is_ad && is_authentic(result) &&
		    (q->dns.edns.flags & DNS_EDNS_DO) != 0;
	} else if (r->rcode == DNS_RCODE_NOERROR && s->first.response != NULL) {
		ret->result = s->first;
		return;
	}
	/* Makes no records if it can make none, and leaves no A behind. */
	ret->has_edit = true;
	dns64_edit_synthesise(&ret->edit, rules, r, s->ttl);
}

static bool
on_first(struct query_run *q, const struct upstream_result *result,
    struct query_dns64_end *ret)
{
	const struct dns64 *rules = &q->dns64.config->dns64.rules;
	enum dns64_verdict verdict = DNS64_ASK_A;
	uint32_t ttl = DNS64_TTL_DEFAULT;
	struct upstream_result second;
	int rc;

	if (is_final(result))
		return false;
	if (result->status == 0)
		verdict = dns64_judge(rules, result->response, &ttl);
	if (verdict == DNS64_ASK_A) {
		rc = ask_second(q, result, ttl, &second);
		if (rc == QUERY_ASK_AT_ONCE) {
			ret->result = second;
			on_second(q, &second, ret);
			return false;
		}
		if (rc >= 0)
			return true;
		ret->result = (struct upstream_result){.status = rc};
	} else if (verdict == DNS64_FILTER) {
		counter_add(&q->worker->counters.dns64_filtered, 1);
		ret->result.is_ad_trusted = false; /* not what was signed */
		ret->has_edit = true;
		dns64_edit_filter(&ret->edit, rules);
	}
	return false;
}

bool
query_dns64_step(struct query_run *q, const struct upstream_result *result,
    struct query_dns64_end *ret_end)
{
	ret_end->result = *result;
	ret_end->has_edit = false;
	ret_end->below = 0;
	if (q->dns64.config == NULL)
		return false;
	if (q->dns64.second == NULL)
		return on_first(q, result, ret_end);
	on_second(q, result, ret_end);
	return false;
}

void
query_dns64_done(struct query_run *q)
{
	free(q->dns64.second);
	config_unref(q->dns64.config);
	q->dns64 = (struct query_dns64){.config = NULL};
}

size_t
query_dns64_kept(const struct query_run *q)
{
	if (q->dns64.config == NULL)
		return 0;
	return sizeof(struct query_dns64_second) +
	       query_alias_question(q)->len + QUERY_DNS64_MAX_KEPT;
}
