/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers from the cache.
 *
 * A shard of it is locked while an answer is made from an entry: what is done
 * meanwhile is one copy of its octets, into a buffer of the worker's own.
 */
#include "resolver/query_cache.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/cache.h"
#include "dns/entry.h"
#include "resolver/query_answer.h"
#include "resolver/query_dns64.h"
#include "resolver/worker.h"

struct query_copy {
	struct dns_response response;
	char text[DNS_EDE_TEXT_MAX + 1]; /* of why it failed */
	size_t size;			 /* of data */
	uint8_t data[];
};

static const struct dns_ecs *
sent_by(const struct query_run *q)
{
	return q->subnet.has_sent ? &q->subnet.sent : NULL;
}

/* Looks; NXDOMAIN of a name above is of use for those only who answer with it
 * straight away. */
static enum dns_cache_verdict
look(struct query_run *q, const struct dns_key *key, bool takes_below,
    struct dns_cache_hit *hit)
{
	struct worker *w = q->worker;
	enum dns_cache_verdict verdict =
	    dns_cache_find(w->cache, key, worker_now(w), hit);

	if (verdict == DNS_CACHE_MISS || hit->below == 0 || takes_below)
		return verdict;
	dns_cache_leave(hit);
	return DNS_CACHE_MISS;
}

/*
 * What the first look for a question has found.  True: it can be given, though
 * past its end if asking has just been in vain; the entry is lent, and the
 * shard is locked.
 */
static bool
is_found(struct query_run *q, const struct dns_query *question,
    enum dns_cache_verdict verdict, struct dns_cache_hit *hit)
{
	struct service_counters *n = &q->worker->counters;

	q->stale.is_kept = verdict == DNS_CACHE_STALE;
	if (verdict == DNS_CACHE_FRESH) {
		counter_add(&n->cache_hits, 1);
		if (hit->view.entry->kind == DNS_ENTRY_FAILURE)
			counter_add(&n->cache_failures, 1);
		return true;
	}
	counter_add(&n->cache_misses, 1);
	q->missed = question;
	if (verdict == DNS_CACHE_STALE_NOW) {
		counter_add(&n->cache_stale, 1);
		return true;
	}
	if (verdict == DNS_CACHE_STALE)
		dns_cache_leave(hit);
	return false;
}

/* It is asked for often and about to expire: for that it is nobody's turn to
 * wait, and it is on nobody's account. */
static void
refresh(struct query_run *q, const struct dns_key *key)
{
	struct worker *w = q->worker;
	struct fetch_question question = {
	    .upstream = w->upstream,
	    .key = key,
	    .is_exempt = true,
	};

	/* Recursion has a cache of its own, from which libunbound would answer
	 * until the same end; it fetches nothing ahead of time. */
	if (!upstream_has_servers(w->upstream))
		return;
	if (fetch_refresh(&w->fetches, &question) == 0)
		counter_add(&w->counters.cache_prefetched, 1);
}

/* ---------------------------------------------------------------- copies -- */

void
query_cache_done(struct query_run *q)
{
	free(q->copied);
	q->copied = NULL;
}

size_t
query_cache_kept(const struct query_run *q)
{
	return q->copied != NULL ? sizeof(*q->copied) + q->copied->size : 0;
}

/* As if upstream had said it now; why it failed is told again, and that its end
 * has passed. */
static void
fill(struct query_copy *c, const struct dns_entry_view *view,
    struct upstream_result *ret_result)
{
	struct dns_buf out = {.data = c->data, .size = c->size};
	struct upstream_result result = {
	    .response = &c->response,
	    .is_ad_trusted = true,
	};
	struct dns_error e;
	int rc = dns_entry_copy(view, &out, &c->response);

	assert(rc == 0);
	(void)rc;
	if (view->entry->kind == DNS_ENTRY_FAILURE || view->stale_ttl != 0) {
		dns_entry_error(view, &e);
		(void)snprintf(c->text, sizeof(c->text), "%s",
		    e.text != NULL ? e.text : "");
		result.ede = e.ede;
		result.ede_text = c->text;
	}
	*ret_result = result;
}

/* Copies what is lent and gives it back.  False: there is no memory. */
static bool
copy(struct query_run *q, struct dns_cache_hit *hit,
    struct upstream_result *ret_result)
{
	struct dns_entry_view view = hit->view;
	struct dns_ecs ecs = q->subnet.sent;
	struct query_copy *c;
	size_t size;

	/* RFC 7871 7.2.1: for whom it is. */
	ecs.scope = hit->scope;
	if (q->subnet.has_sent)
		view.ecs = &ecs;
	size = dns_entry_copy_bound(&view);
	c = malloc(sizeof(*c) + size);
	if (c != NULL) {
		c->size = size;
		fill(c, &view, ret_result);
	}
	dns_cache_leave(hit);
	query_cache_done(q);
	q->copied = c;
	return c != NULL;
}

/* The same, and it is asked for anew if somebody should do that. */
static bool
take_copy(struct query_run *q, const struct dns_key *key,
    struct dns_cache_hit *hit, struct upstream_result *ret_result)
{
	bool wants_refresh = hit->wants_refresh;
	bool is_copied = copy(q, hit, ret_result);

	if (wants_refresh)
		refresh(q, key);
	return is_copied;
}

bool
query_cache_copy(struct query_run *q, const struct dns_query *question,
    const struct dns_key *key, struct upstream_result *ret_result)
{
	struct dns_cache_hit hit;

	if (q->worker->cache == NULL || question == q->missed)
		return false;
	return is_found(q, question, look(q, key, false, &hit), &hit) &&
	       take_copy(q, key, &hit, ret_result);
}

bool
query_cache_stale(struct query_run *q, const struct dns_key *key,
    struct upstream_result *ret_result)
{
	enum dns_cache_verdict verdict = DNS_CACHE_MISS;
	struct dns_cache_hit hit;

	if (q->worker->cache != NULL)
		verdict = look(q, key, false, &hit);
	if (verdict == DNS_CACHE_MISS)
		return false;
	/* Why asking has failed is known better by who has asked. */
	if (hit.view.entry->kind == DNS_ENTRY_FAILURE) {
		dns_cache_leave(&hit);
		return false;
	}
	if (verdict != DNS_CACHE_FRESH)
		counter_add(&q->worker->counters.cache_stale, 1);
	return take_copy(q, key, &hit, ret_result);
}

/* --------------------------------------------------------------- answers -- */

/* NXDOMAIN of a name above the one that is asked for (RFC 8020). */
static void
answer_below(
    struct query_run *q, struct dns_cache_hit *hit, struct query_answer *ret)
{
	struct query_dns64_end end = {.below = hit->below};

	if (copy(q, hit, &end.result))
		query_answer_relay(q, &end, ret);
	else
		query_answer_error(
		    q, DNS_RCODE_NXDOMAIN, DNS_EDE_NONE, NULL, ret);
}

/* Makes the answer of what is lent and gives that back. */
static void
answer(struct query_run *q, struct dns_cache_hit *hit, struct query_answer *ret)
{
	const struct dns_hop *hop = &q->front->hop;
	struct dns_buf out;
	int rc;

	/* RFC 7871 7.2.2: for whom it is. */
	q->subnet.client.scope = hit->scope;
	if (query_answer_begin(q,
		dns_answer_cached_bound(&q->dns, hop, hit->view.entry), ret,
		&out)) {
		rc = dns_answer_cached(&q->dns, hop, &hit->view, &out);
		query_answer_end(rc, &out, ret);
	}
	dns_cache_leave(hit);
}

bool
query_cache_answer(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret)
{
	struct worker *w = q->worker;
	struct dns_cache_hit hit;
	struct dns_key key;
	bool wants_refresh;

	if (w->cache == NULL || q->alias != NULL ||
	    query_dns64_concerns(q, asker->address) ||
	    !fetch_key(&w->fetches, w->upstream, &q->dns, sent_by(q), &key))
		return false;
	if (!is_found(q, &q->dns, look(q, &key, true, &hit), &hit))
		return false;
	wants_refresh = hit.wants_refresh;
	if (hit.below > 0)
		answer_below(q, &hit, ret);
	else
		answer(q, &hit, ret);
	if (wants_refresh)
		refresh(q, &key);
	return true;
}
