/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question's life: which server is asked next, when, and what an answer is
 * worth.  Knows no sockets.
 *
 * A question walks over its slots, the servers that upstream.c chose, one step
 * at a time: a step is one sending to one server.  The next step comes when
 * the wait of the last one is over, or at once when something said that it
 * would be in vain.  Earlier attempts stay alive: the first usable answer wins,
 * whoever gives it.  What ends an attempt at a server:
 *
 *	truncated, wrong case, spoofing   the same server by TCP
 *	cannot be parsed, no cookie       by TCP as well, but UDP may still
 *	                                  answer
 *	knows no EDNS, BADCOOKIE          the same server without, with the new
 *	SERVFAIL, REFUSED ...             another server that is up, if there
 *	                                  is one
 *	connection lost                   the same server by a new one
 *
 * It is over with an answer, at the deadline, or when no step is left and no
 * attempt lives that can still be answered.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"

static struct back_attempt *
attempt_of(struct list *link)
{
	return container_of(link, struct back_attempt, link);
}

static void
free_attempt(struct back_attempt *a)
{
	struct upstream *u = a->ask->upstream;

	if (a->is_udp && a->socket != NULL)
		back_udp_forget(a);
	else if (!a->is_udp)
		back_conn_forget(a);
	list_remove(&a->link);
	a->slot->server->attempts--;
	pool_put(&u->attempts, a);
}

/* Frees the attempts of one slot, or with NULL all. */
static void
free_attempts(struct upstream_ask *ask, const struct upstream_slot *slot)
{
	struct list *l = ask->attempts.next;

	while (l != &ask->attempts) {
		struct back_attempt *a = attempt_of(l);

		l = l->next;
		if (slot == NULL || a->slot == slot)
			free_attempt(a);
	}
}

static struct back_attempt *
find_attempt(
    struct upstream_ask *ask, const struct upstream_slot *slot, bool is_udp)
{
	/* The latest first: an older one by TCP may be stalled. */
	struct list *l = ask->attempts.prev;

	for (; l != &ask->attempts; l = l->prev) {
		if (attempt_of(l)->slot == slot &&
		    attempt_of(l)->is_udp == is_udp)
			return attempt_of(l);
	}
	return NULL;
}

void
back_ask_detach(struct upstream_ask *ask)
{
	struct upstream *u = ask->upstream;

	timer_cancel(u->env.timers, &ask->timer);
	back_recurse_forget(ask);
	free_attempts(ask, NULL);
	for (unsigned i = 0; i < ask->slot_count; i++) {
		struct back_server *s = ask->slots[i].server;

		s->users--;
		if (s->has_left && s->users == 0)
			back_flush_later(u);
	}
	list_remove(&ask->link);
	u->ask_count--;
	counter_sub(&u->env.counters->asks_outstanding, 1);
	free(ask->kept);
	ask->kept = NULL;
	ask->upstream = NULL;
}

static void
deliver(struct upstream_ask *ask, const struct dns_response *response,
    bool is_ad_trusted)
{
	struct upstream_result result = {
	    .response = response,
	    .is_ad_trusted = is_ad_trusted,
	};

	BACK_COUNT(ask->upstream, asks_answered);
	back_ask_detach(ask);
	ask->done(ask, &result);
}

/* The errors that the contract names. */
static int
public_error(int error)
{
	switch (error) {
	case 0:
		return -ETIMEDOUT;
	case -EBADMSG:
	case -ECONNREFUSED:
	case -ETIMEDOUT:
		return error;
	default:
		return -EHOSTUNREACH;
	}
}

/* Keeps the error that says most. */
static void
note_error(struct upstream_ask *ask, int error)
{
	if (ask->error != -EBADMSG)
		ask->error = public_error(error);
}

/* The end without an answer, or with the second best one. */
static void
give_up(struct upstream_ask *ask)
{
	struct upstream *u = ask->upstream;
	struct upstream_result result = {.status = public_error(ask->error)};
	struct back_kept *kept = ask->kept;

	if (kept != NULL) {
		ask->kept = NULL;
		deliver(ask, &kept->response, kept->is_ad_trusted);
		free(kept);
		return;
	}
	BACK_COUNT(u, asks_failed);
	if (result.status == -ETIMEDOUT)
		BACK_COUNT(u, asks_timed_out);
	back_ask_detach(ask);
	ask->done(ask, &result);
}

/* How long the latest step at a slot is waited for. */
static nsec
wait_of(const struct upstream *u, const struct upstream_slot *slot)
{
	nsec wait = UPSTREAM_FIRST_WAIT;

	if (slot->no_udp)
		return u->turn_time;
	if (slot->udp_sends == 2)
		wait = UPSTREAM_SECOND_WAIT;
	else if (slot->udp_sends > 2)
		wait = UPSTREAM_THIRD_WAIT;
	return wait < u->turn_time ? wait : u->turn_time;
}

static void
arm(struct upstream_ask *ask, nsec wait)
{
	struct upstream *u = ask->upstream;
	nsec when = nsec_add(back_now(u), wait);

	if (when > ask->deadline)
		when = ask->deadline;
	timer_arm(u->env.timers, &ask->timer, when);
}

static bool
is_usable(const struct upstream_ask *ask, const struct upstream_slot *slot)
{
	unsigned sends = slot->no_udp ? slot->tcp_sends : slot->udp_sends;

	return !slot->is_over && !slot->server->has_left &&
	       sends < UPSTREAM_MAX_SENDS && !(ask->once && ask->was_sent);
}

static bool
has_usable(const struct upstream_ask *ask)
{
	for (unsigned i = 0; i < ask->slot_count; i++) {
		if (is_usable(ask, &ask->slots[i]))
			return true;
	}
	return false;
}

/* RFC 6891 6.2.2, 7: without EDNS if it is known not to be understood; but DO
 * is worth the try. */
static bool
lacks_edns(const struct upstream_ask *ask, const struct upstream_slot *slot)
{
	return slot->no_edns ||
	       (!back_edns_wants_dnssec(ask) &&
		   back_now(ask->upstream) < slot->server->no_edns_until);
}

static int
new_attempt(struct upstream_ask *ask, struct upstream_slot *slot)
{
	struct upstream *u = ask->upstream;
	struct back_server *s = slot->server;
	struct back_attempt *a;
	int rc = 0;

	if (s->attempts >= UPSTREAM_MAX_SERVER_ATTEMPTS)
		return -EAGAIN;
	a = pool_get(&u->attempts);
	if (a == NULL)
		return -ENOMEM;
	*a = (struct back_attempt){
	    .ask = ask,
	    .slot = slot,
	    .is_udp = !slot->no_udp,
	    .no_edns = lacks_edns(ask, slot),
	};
	list_init(&a->carrier);
	list_append(&ask->attempts, &a->link);
	s->attempts++;
	back_server_on_try(s, back_now(u));
	if (a->is_udp)
		rc = back_udp_start(a);
	else
		rc = back_conn_start(a);
	if (rc < 0)
		free_attempt(a);
	return rc;
}

/* Once more: the same attempt by UDP, another one by TCP if that helps. */
static int
repeat(struct upstream_ask *ask, struct upstream_slot *slot,
    struct back_attempt *a)
{
	if (a->is_udp) {
		a->is_refused = false;
		back_udp_repeat(a);
		return 0;
	}
	if (!back_conn_is_stalled(a))
		return -EALREADY;
	return new_attempt(ask, slot);
}

static void
count_step(struct upstream_ask *ask, const struct upstream_slot *slot)
{
	struct upstream *u = ask->upstream;

	if (slot->udp_sends + slot->tcp_sends > 0)
		BACK_COUNT(u, retries);
	else if (slot != ask->slots)
		BACK_COUNT(u, failovers);
}

/* One step at this slot.  0, -EALREADY if it is of no use now, or why not. */
static int
step_at(struct upstream_ask *ask, struct upstream_slot *slot)
{
	struct back_attempt *a = find_attempt(ask, slot, !slot->no_udp);
	int rc;

	rc = a != NULL ? repeat(ask, slot, a) : new_attempt(ask, slot);
	if (rc < 0)
		return rc;
	count_step(ask, slot);
	if (slot->no_udp)
		slot->tcp_sends++;
	else
		slot->udp_sends++;
	ask->current = (unsigned)(slot - ask->slots);
	arm(ask, wait_of(ask->upstream, slot));
	return 0;
}

/* One step at the next slot where it can be done. */
static int
step(struct upstream_ask *ask)
{
	int error = -EHOSTUNREACH;

	for (unsigned i = 1; i <= ask->slot_count; i++) {
		unsigned at = (ask->current + i) % ask->slot_count;
		struct upstream_slot *slot = &ask->slots[at];
		int rc;

		if (!is_usable(ask, slot))
			continue;
		rc = step_at(ask, slot);
		if (rc == 0)
			return 0;
		if (rc == -EALREADY)
			continue;
		slot->is_over = true;
		note_error(ask, rc);
		error = rc;
	}
	return error;
}

/* At another server that was not asked yet and is up.  True if there was. */
static bool
step_elsewhere(struct upstream_ask *ask, bool must_be_up)
{
	for (unsigned i = 0; i < ask->slot_count; i++) {
		struct upstream_slot *slot = &ask->slots[i];

		if (slot->udp_sends + slot->tcp_sends > 0 ||
		    !is_usable(ask, slot))
			continue;
		if (must_be_up && back_server_is_down(slot->server))
			continue;
		if (step_at(ask, slot) == 0)
			return true;
	}
	return false;
}

/* Can any attempt still be answered?  A hint never ends one that must not be
 * repeated. */
static bool
has_hope(struct upstream_ask *ask)
{
	struct list *l = ask->attempts.next;

	for (; l != &ask->attempts; l = l->next) {
		if (ask->once || !attempt_of(l)->is_refused)
			return true;
	}
	return false;
}

/* An attempt is over: step, wait, or give up. */
static void
go_on(struct upstream_ask *ask)
{
	if (step(ask) == 0)
		return;
	if (has_hope(ask))
		arm(ask, NSEC_NEVER);
	else
		give_up(ask);
}

static void
note_timeout(struct upstream_ask *ask, nsec now)
{
	struct upstream_slot *slot = &ask->slots[ask->current];
	struct back_attempt *a = find_attempt(ask, slot, !slot->no_udp);

	/* Refused ones were counted when that was heard. */
	if (a == NULL || a->is_refused)
		return;
	BACK_COUNT(ask->upstream, timeouts);
	/* One slow name is one failure, however often it is repeated. */
	if (slot->udp_sends + slot->tcp_sends == 1)
		back_server_on_failure(slot->server, now);
}

static void
on_timer(struct timer *timer, nsec now)
{
	struct upstream_ask *ask =
	    container_of(timer, struct upstream_ask, timer);

	note_timeout(ask, now);
	if (now >= ask->deadline) {
		if (ask->error != -EBADMSG)
			ask->error = -ETIMEDOUT;
		give_up(ask);
	} else if (ask->kept != NULL && !step_elsewhere(ask, true)) {
		give_up(ask);
	} else if (ask->kept == NULL) {
		go_on(ask);
	}
}

/* Does UDP not come into question for this query? */
static bool
needs_stream(const struct upstream *u, const struct dns_query *query)
{
	struct dns_build how = {.id = 0};

	return u->prefer_tcp ||
	       dns_query_build_bound(query, &how) > BACK_UDP_MAX_QUERY;
}

static void
choose_slots(struct upstream_ask *ask, bool no_udp)
{
	struct upstream *u = ask->upstream;
	struct back_server *order[UPSTREAM_ASK_SERVERS];

	ask->slot_count = back_server_order(u, back_now(u), order);
	for (unsigned i = 0; i < ask->slot_count; i++) {
		ask->slots[i] = (struct upstream_slot){
		    .server = order[i],
		    .no_udp = no_udp || order[i]->scheme == CONFIG_TCP,
		};
		order[i]->users++;
	}
	ask->current = ask->slot_count - 1; /* the first step is at slot 0 */
}

int
back_ask_begin(struct upstream_ask *ask, unsigned flags)
{
	struct upstream *u = ask->upstream;
	const struct dns_query *query = ask->query;
	int rc;

	/* RFC 2136 6: it may have been done although no answer came. */
	ask->once = query->opcode != DNS_OPCODE_QUERY &&
		    query->opcode != DNS_OPCODE_NOTIFY;
	ask->was_sent = false;
	ask->error = 0;
	ask->kept = NULL;
	ask->deadline = nsec_add(back_now(u), u->query_time);
	if (ask->not_after != 0 && ask->not_after < ask->deadline)
		ask->deadline = ask->not_after;
	list_init(&ask->attempts);
	timer_init(&ask->timer, on_timer);
	list_init(&ask->link);
	list_append(&u->asks, &ask->link);
	u->ask_count++;
	counter_add(&u->env.counters->asks_outstanding, 1);
	choose_slots(
	    ask, (flags & UPSTREAM_NO_UDP) != 0 || needs_stream(u, query));
	rc = step(ask);
	if (rc < 0)
		back_ask_detach(ask);
	return rc;
}

/* Says less about the name than about the server? */
static bool
is_poor(const struct upstream_ask *ask, const struct dns_response *response)
{
	if (ask->query->opcode != DNS_OPCODE_QUERY)
		return false;
	switch (response->rcode) {
	case DNS_RCODE_FORMERR:
	case DNS_RCODE_SERVFAIL:
	case DNS_RCODE_NOTIMP:
	case DNS_RCODE_REFUSED:
	case DNS_RCODE_BADVERS:
	case DNS_RCODE_BADCOOKIE:
		return true;
	default:
		return false;
	}
}

static struct back_kept *
keep(const struct dns_response *response, bool is_ad_trusted)
{
	struct back_kept *kept;

	if (response->len > UPSTREAM_MAX_KEPT_ANSWER)
		return NULL;
	kept = malloc(sizeof(*kept) + response->len);
	if (kept == NULL)
		return NULL;
	kept->response = *response;
	kept->response.msg = kept->msg;
	kept->is_ad_trusted = is_ad_trusted;
	memcpy(kept->msg, response->msg, response->len);
	return kept;
}

static void
replace_kept(struct upstream_ask *ask, struct back_kept *kept)
{
	free(ask->kept);
	ask->kept = kept;
}

/* An error code: perhaps somebody else knows better. */
static void
take_poor(struct upstream_ask *ask, struct upstream_slot *slot,
    const struct dns_response *response)
{
	bool is_trusted = slot->server->is_trusted;
	struct back_kept *kept = keep(response, is_trusted);

	BACK_COUNT(ask->upstream, poor_answers);
	slot->is_over = true;
	free_attempts(ask, slot);
	if (kept != NULL && step_elsewhere(ask, true)) {
		replace_kept(ask, kept);
		return;
	}
	if (kept != NULL && has_hope(ask)) {
		replace_kept(ask, kept);
		arm(ask, UPSTREAM_FIRST_WAIT); /* for a better one, not long */
		return;
	}
	free(kept);
	deliver(ask, response, is_trusted);
}

/* Asks the same server anew after an attempt there ended. */
static void
step_again(struct upstream_ask *ask, struct upstream_slot *slot, int error)
{
	if (is_usable(ask, slot) && step_at(ask, slot) == 0)
		return;
	slot->is_over = true;
	note_error(ask, error);
	go_on(ask);
}

void
back_ask_on_answer(struct back_attempt *a, const struct dns_response *response)
{
	struct upstream_ask *ask = a->ask;
	struct upstream_slot *slot = a->slot;
	nsec now = back_now(ask->upstream);

	back_server_on_success(
	    slot->server, a->sends == 1 ? now - a->sent_at : 0);
	switch (back_edns_judge(a, response)) {
	case BACK_EDNS_AGAIN:
		free_attempt(a);
		step_again(ask, slot, -EBADMSG);
		break;
	case BACK_EDNS_STREAM:
		back_ask_on_unusable(a);
		break;
	case BACK_EDNS_FINE:
		if (is_poor(ask, response))
			take_poor(ask, slot, response);
		else
			deliver(ask, response, slot->server->is_trusted);
		break;
	}
}

void
back_ask_on_unusable(struct back_attempt *a)
{
	struct upstream_ask *ask = a->ask;
	struct upstream_slot *slot = a->slot;

	if (!a->is_udp)
		slot->is_over = true; /* TC by TCP: nothing better comes */
	slot->no_udp = true;
	free_attempt(a);
	step_again(ask, slot, -EBADMSG);
}

void
back_ask_on_broken(struct back_attempt *a)
{
	struct upstream_ask *ask = a->ask;
	struct upstream_slot *slot = a->slot;

	note_error(ask, -EBADMSG);
	if (!a->is_udp) {
		/* Nobody forged it: this is what the server says. */
		free_attempts(ask, slot);
		slot->is_over = true;
		go_on(ask);
		return;
	}
	/* Perhaps forged: the real one may follow, by TCP it is sure to. */
	if (slot->no_udp)
		return;
	slot->no_udp = true;
	if (is_usable(ask, slot))
		(void)step_at(ask, slot); /* else UDP is still waited for */
}

void
back_ask_on_refused(struct back_attempt *a)
{
	struct upstream_ask *ask = a->ask;
	struct upstream *u = ask->upstream;

	if (a->is_refused)
		return;
	a->is_refused = true;
	note_error(ask, -ECONNREFUSED);
	back_server_on_failure(a->slot->server, back_now(u));
	if (step_elsewhere(ask, false) || has_usable(ask) || has_hope(ask))
		return; /* at once, or when the timer says */
	give_up(ask);
}

void
back_ask_on_lost(struct back_attempt *a, int error, bool may_retry)
{
	struct upstream_ask *ask = a->ask;
	struct upstream_slot *slot = a->slot;

	free_attempt(a);
	if (!may_retry)
		slot->is_over = true;
	step_again(ask, slot, error);
}
