/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking upstream for many at a time.
 *
 * A fetch is in the table from its beginning until it is full, old or over, so
 * there is at most one of a key in it.  `done` of a waiter may do whatever it
 * likes, so each is taken out before it is called, and the list is looked at
 * anew after it; a fetch that is over is freed by who ended it.
 */
#include "resolver/fetch.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cache.h"
#include "resolver/limits.h"
#include "resolver/net/addr.h"

#define FETCHES_KEPT 256

struct fetch {
	struct fetches *fetches;
	struct list link;
	struct list waiters;
	unsigned waiter_count;
	bool is_in_table;
	bool is_refresh;
	bool is_over;
	bool is_to_be_kept; /* it has a key, and is not of another upstream */
	uint64_t flushes;   /* of the cache, when it began */
	struct hash_node node;
	struct dns_key key; /* of `query`, if that has one */
	struct dns_query query;
	struct dns_ecs ecs;
	union net_addr client;
	union net_addr local;
	struct upstream_ask ask;
	uint8_t *copy; /* of what is asked: `inline_copy` or malloc */
	uint8_t inline_copy[DNS_QUESTION_MAX];
};

void
fetches_init(struct fetches *f, const struct fetch_env *env)
{
	f->env = *env;
	f->max_waiters = UINT_MAX;
	f->refreshes = 0;
	list_init(&f->all);
	hash_init(&f->table);
	pool_init(&f->pool, sizeof(struct fetch), FETCHES_KEPT);
}

/* Nobody can join it any more. */
static void
close_fetch(struct fetch *fetch)
{
	if (fetch->is_in_table)
		hash_remove(&fetch->fetches->table, &fetch->node);
	fetch->is_in_table = false;
}

/* Frees one that nobody waits for, and of which nothing is to come. */
static void
free_fetch(struct fetch *fetch)
{
	struct fetches *f = fetch->fetches;

	assert(fetch->waiter_count == 0);
	close_fetch(fetch);
	upstream_cancel(&fetch->ask);
	if (fetch->is_refresh)
		f->refreshes--;
	list_remove(&fetch->link);
	if (fetch->copy != fetch->inline_copy)
		free(fetch->copy);
	pool_put(&f->pool, fetch);
}

/* Takes the waiter out; it is idle. */
static void
detach(struct fetch_waiter *w)
{
	struct fetch *fetch = w->fetch;

	timer_cancel(fetch->fetches->env.timers, &w->timer);
	list_remove(&w->link);
	fetch->waiter_count--;
	w->fetch = NULL;
}

static struct fetch_waiter *
waiter_of(struct list *link)
{
	return container_of(link, struct fetch_waiter, link);
}

void
fetches_done(struct fetches *f)
{
	while (!list_is_empty(&f->all)) {
		struct fetch *fetch =
		    container_of(f->all.next, struct fetch, link);

		while (!list_is_empty(&fetch->waiters))
			detach(waiter_of(fetch->waiters.next));
		free_fetch(fetch);
	}
	hash_done(&f->table);
	pool_done(&f->pool);
}

void
fetches_renew(struct fetches *f)
{
	for (struct list *l = f->all.next; l != &f->all; l = l->next) {
		struct fetch *fetch = container_of(l, struct fetch, link);

		fetch->is_to_be_kept = false;
		close_fetch(fetch);
	}
}

/* -------------------------------------------------------------- the end -- */

void
fetch_error(const struct upstream_result *result, struct dns_error *ret_error)
{
	static const struct {
		int status;
		int ede;
		const char *text;
	} rows[] = {
	    {-ETIMEDOUT, DNS_EDE_NO_REACHABLE_AUTHORITY,
		"no upstream server answered in time"},
	    {-EBADMSG, DNS_EDE_INVALID_DATA,
		"upstream's answer cannot be parsed"},
	    {-EAGAIN, DNS_EDE_OTHER, "too many queries are waiting"},
	    {-EDQUOT, DNS_EDE_OTHER,
		"too many queries of this network are waiting"},
	    {-ENOMEM, DNS_EDE_OTHER, "out of memory"},
	    {-EIO, DNS_EDE_OTHER, "recursion does not work"},
	};
	int ede = DNS_EDE_NETWORK_ERROR;
	const char *text = "no way to any upstream server";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == result->status) {
			ede = rows[i].ede;
			text = rows[i].text;
		}
	}
	if (result->ede_text != NULL) {
		ede = result->ede;
		text = result->ede_text;
	}
	*ret_error = (struct dns_error){DNS_RCODE_SERVFAIL, ede, text};
}

/* RFC 9520 3.2: is that a failure of who was asked, not of ours? */
static bool
is_theirs(int status)
{
	switch (status) {
	case -ETIMEDOUT:
	case -ECONNREFUSED:
	case -EBADMSG:
	case -EREMOTEIO:
	case -EKEYREJECTED:
		return true;
	default:
		return false;
	}
}

static void
keep_answer(struct fetch *fetch, struct dns_cache *cache,
    const struct upstream_result *result, nsec now)
{
	const struct dns_key *key = &fetch->key;
	struct dns_entry_how how = {
	    .question = key->question,
	    .question_len = key->question_len,
	    .is_do = key->is_do,
	    .is_ad_trusted = result->is_ad_trusted,
	    .strip_dnssec = result->strip_dnssec,
	};

	(void)dns_cache_store(
	    cache, key, result->response, &how, fetch->flushes, now);
}

/* Puts what came into the cache, if it is for others than who waits. */
static void
keep(struct fetch *fetch, const struct upstream_result *result)
{
	const struct fetch_env *env = &fetch->fetches->env;
	struct dns_cache *cache = *env->cache;
	nsec now = env->now(env->ctx);
	struct dns_error e;

	if (cache == NULL || !fetch->is_to_be_kept)
		return;
	if (result->status == 0) {
		keep_answer(fetch, cache, result, now);
	} else if (is_theirs(result->status)) {
		fetch_error(result, &e);
		(void)dns_cache_fail(cache, &fetch->key, &e, now);
	}
}

static void
on_result(struct upstream_ask *ask, const struct upstream_result *result)
{
	struct fetch *fetch = container_of(ask, struct fetch, ask);

	fetch->is_over = true;
	close_fetch(fetch);
	keep(fetch, result);
	while (!list_is_empty(&fetch->waiters)) {
		struct fetch_waiter *w = waiter_of(fetch->waiters.next);

		detach(w);
		w->done(w, result);
	}
	free_fetch(fetch);
}

void
fetch_leave(struct fetch_waiter *w)
{
	struct fetch *fetch = w->fetch;

	if (fetch == NULL)
		return;
	detach(w);
	if (fetch->waiter_count == 0 && !fetch->is_refresh && !fetch->is_over)
		free_fetch(fetch);
}

static void
on_deadline(struct timer *timer, nsec now)
{
	struct fetch_waiter *w =
	    container_of(timer, struct fetch_waiter, timer);

	(void)now;
	fetch_leave(w);
	w->done(w, &(struct upstream_result){.status = -ETIMEDOUT});
}

/* ------------------------------------------------------------ beginning -- */

bool
fetch_key(const struct fetches *f, const struct upstream *upstream,
    const struct dns_query *query, const struct dns_ecs *ecs,
    struct dns_key *ret_key)
{
	return !upstream_tells_clients(upstream) &&
	       dns_key_make(f->env.key, query, ecs, ret_key);
}

/* What is to be shared: nothing of the message but what is in the key. */
static void
copy_key(struct fetch *fetch, const struct dns_key *key)
{
	uint16_t flags = DNS_FLAG_RD | DNS_FLAG_AD;

	if (key->is_cd)
		flags |= DNS_FLAG_CD;
	fetch->copy = fetch->inline_copy;
	memcpy(fetch->copy + DNS_HEADER_SIZE, key->question, key->question_len);
	dns_query_make(fetch->copy, key->question_len, flags,
	    key->is_do ? DNS_EDNS_DO : 0, &fetch->query);
	fetch->key = *key;
	fetch->key.question = fetch->copy + DNS_HEADER_SIZE;
	if (key->ecs != NULL) {
		fetch->ecs = *key->ecs;
		fetch->key.ecs = &fetch->ecs;
	}
	fetch->ask.ecs = fetch->key.ecs;
}

/* What is not: the message as it is.  0 or -ENOMEM. */
static int
copy_query(struct fetch *fetch, const struct fetch_question *question)
{
	size_t len = question->query->len;

	fetch->copy = len <= sizeof(fetch->inline_copy) ? fetch->inline_copy
							: malloc(len);
	if (fetch->copy == NULL)
		return -ENOMEM;
	memcpy(fetch->copy, question->query->msg, len);
	fetch->query = *question->query;
	fetch->query.msg = fetch->copy;
	if (question->ecs != NULL) {
		fetch->ecs = *question->ecs;
		fetch->ask.ecs = &fetch->ecs;
	}
	return 0;
}

static int
fill(struct fetch *fetch, struct fetches *f,
    const struct fetch_question *question)
{
	fetch->fetches = f;
	fetch->waiter_count = 0;
	fetch->is_in_table = false;
	fetch->is_refresh = false;
	fetch->is_over = false;
	fetch->is_to_be_kept = question->key != NULL;
	fetch->flushes =
	    *f->env.cache != NULL ? dns_cache_flushes(*f->env.cache) : 0;
	list_init(&fetch->link);
	list_init(&fetch->waiters);
	net_addr_copy(&fetch->client, question->client);
	net_addr_copy(&fetch->local, question->local);
	fetch->ask = (struct upstream_ask){
	    .done = on_result,
	    .client = net_addr_get(&fetch->client),
	    .local = net_addr_get(&fetch->local),
	    .is_exempt = question->is_exempt,
	};
	if (question->key == NULL)
		return copy_query(fetch, question);
	copy_key(fetch, question->key);
	return 0;
}

/* Begins a fetch without a waiter.  0, or as upstream_start(). */
static int
begin(struct fetches *f, const struct fetch_question *question,
    struct fetch **ret_fetch)
{
	struct fetch *fetch = pool_get(&f->pool);
	int rc;

	if (fetch == NULL)
		return -ENOMEM;
	rc = fill(fetch, f, question);
	if (rc == 0)
		rc = upstream_start(question->upstream, &fetch->ask,
		    &fetch->query, question->flags);
	if (rc != 0) {
		free_fetch(fetch);
		return rc;
	}
	list_append(&f->all, &fetch->link);
	if (question->key != NULL) {
		hash_add(&f->table, &fetch->node, fetch->key.hash);
		fetch->is_in_table = true;
	}
	*ret_fetch = fetch;
	return 0;
}

/* The one to join; NULL: there is none. */
static struct fetch *
find(const struct fetches *f, const struct dns_key *key)
{
	struct hash_node *n = NULL;

	if (key == NULL)
		return NULL;
	while ((n = hash_find(&f->table, key->hash, n)) != NULL) {
		struct fetch *fetch = container_of(n, struct fetch, node);

		if (dns_key_equal(&fetch->key, key))
			return fetch;
	}
	return NULL;
}

static void
join(struct fetch *fetch, struct fetch_waiter *w, nsec not_after)
{
	struct fetches *f = fetch->fetches;

	w->fetch = fetch;
	list_init(&w->link);
	list_append(&fetch->waiters, &w->link);
	timer_init(&w->timer, on_deadline);
	if (not_after != 0)
		timer_arm(f->env.timers, &w->timer, not_after);
	if (++fetch->waiter_count >= f->max_waiters)
		close_fetch(fetch);
}

int
fetch_start(struct fetches *f, const struct fetch_question *question,
    struct fetch_waiter *waiter, nsec not_after)
{
	struct fetch *fetch = find(f, question->key);
	int rc = 1;

	assert(waiter->fetch == NULL && waiter->done != NULL);
	if (fetch == NULL) {
		rc = begin(f, question, &fetch);
		if (rc < 0)
			return rc;
	}
	join(fetch, waiter, not_after);
	return rc;
}

/* Nobody needs to wait for it any more.  0 or -EAGAIN. */
static int
hold(struct fetch *fetch)
{
	struct fetches *f = fetch->fetches;

	if (fetch->is_refresh)
		return 0;
	if (f->refreshes >= FETCH_MAX_REFRESHES)
		return -EAGAIN;
	fetch->is_refresh = true;
	f->refreshes++;
	return 0;
}

void
fetch_hold(struct fetch_waiter *waiter)
{
	assert(waiter->fetch != NULL);
	(void)hold(waiter->fetch);
}

int
fetch_refresh(struct fetches *f, const struct fetch_question *question)
{
	struct fetch *fetch = find(f, question->key);
	int rc;

	assert(question->key != NULL);
	if (fetch != NULL) {
		rc = hold(fetch);
		return rc < 0 ? rc : 1;
	}
	if (f->refreshes >= FETCH_MAX_REFRESHES)
		return -EAGAIN;
	rc = begin(f, question, &fetch);
	return rc < 0 ? rc : hold(fetch);
}
