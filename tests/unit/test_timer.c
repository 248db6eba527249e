/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer queue: order, re-arming, what may be done from within a callback,
 * and the heap's invariants under random operations against a plain array.
 */
#include "base/timer.h"

#include <stddef.h>

#include "base/list.h"
#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	NTIMERS = 60,
	ROUNDS = 30000,
	CHAIN = 200000
};

struct item {
	struct timer timer;
	struct timers *queue;
	nsec fired_at;
	unsigned fired;
	struct item *victim; /* cancelled and re-armed by this one */
	nsec again;	     /* re-arms itself for then, unless 0 */
	nsec *last;	     /* time of the last timer that fired */
	bool in_order;
};

static void
on_fire(struct timer *t, nsec now)
{
	struct item *i = container_of(t, struct item, timer);

	CU_ASSERT(!t->armed);
	i->fired++;
	i->fired_at = now;
	if (i->last != NULL) {
		i->in_order = i->in_order && t->when >= *i->last;
		*i->last = t->when;
	}
	if (i->victim != NULL)
		timer_cancel(i->queue, &i->victim->timer);
	if (i->again != 0)
		timer_arm(i->queue, t, i->again);
}

static void
item_init(struct item *i, struct timers *q)
{
	*i = (struct item){.queue = q, .in_order = true};
	timer_init(&i->timer, on_fire);
}

static void
test_one(void)
{
	struct timers q = {0};
	struct item i;

	item_init(&i, &q);
	CU_ASSERT(timers_next(&q) == NSEC_NEVER);
	timers_run(&q, 100);
	timer_cancel(&q, &i.timer); /* idle: harmless */
	timer_arm(&q, &i.timer, 50);
	CU_ASSERT(timers_next(&q) == 50);
	timers_run(&q, 49);
	CU_ASSERT(i.fired == 0);
	timers_run(&q, 50);
	CU_ASSERT(i.fired == 1 && i.fired_at == 50);
	timers_run(&q, 60);
	CU_ASSERT(i.fired == 1);
	CU_ASSERT(timers_next(&q) == NSEC_NEVER);
}

static void
test_rearm(void)
{
	struct timers q = {0};
	struct item i;

	item_init(&i, &q);
	timer_arm(&q, &i.timer, 50);
	timer_arm(&q, &i.timer, 70);
	CU_ASSERT(timers_next(&q) == 70);
	timer_arm_earlier(&q, &i.timer, 80);
	CU_ASSERT(timers_next(&q) == 70);
	timer_arm_earlier(&q, &i.timer, 60);
	CU_ASSERT(timers_next(&q) == 60);
	timer_cancel(&q, &i.timer);
	timers_run(&q, 100);
	CU_ASSERT(i.fired == 0);
	timer_arm_earlier(&q, &i.timer, 200);
	CU_ASSERT(timers_next(&q) == 200);
	timers_run(&q, 200);
	CU_ASSERT(i.fired == 1);
}

/* A timer that arms itself for the past waits for the next run, so that no
 * run is endless. */
static void
test_rearm_from_within(void)
{
	struct timers q = {0};
	struct item i;

	item_init(&i, &q);
	i.again = 1;
	timer_arm(&q, &i.timer, 10);
	timers_run(&q, 100);
	CU_ASSERT(i.fired == 1);
	CU_ASSERT(i.timer.armed);
	CU_ASSERT(timers_next(&q) == 101);
	timers_run(&q, 101);
	CU_ASSERT(i.fired == 2);
	i.again = 0;
	timer_arm(&q, &i.timer, 3); /* outside of a run the past is due */
	CU_ASSERT(timers_next(&q) == 3);
	timers_run(&q, 101);
	CU_ASSERT(i.fired == 3);
}

static void
test_cancel_from_within(void)
{
	struct timers q = {0};
	struct item a, b;

	item_init(&a, &q);
	item_init(&b, &q);
	a.victim = &b;
	timer_arm(&q, &a.timer, 10);
	timer_arm(&q, &b.timer, 20);
	timers_run(&q, 100);
	CU_ASSERT(a.fired == 1 && b.fired == 0);
	CU_ASSERT(!b.timer.armed);
	CU_ASSERT(timers_next(&q) == NSEC_NEVER);
}

/* The heap below `t` is ordered, and each link leads back. */
static bool
is_heap(const struct timer *t)
{
	const struct timer *c, *before = t;

	for (c = t->child; c != NULL; before = c, c = c->next) {
		if (c->when < t->when || c->prev != before || !c->armed)
			return false;
		if (!is_heap(c))
			return false;
	}
	return true;
}

static nsec
naive_next(const struct item items[NTIMERS])
{
	nsec next = NSEC_NEVER;

	for (size_t i = 0; i < NTIMERS; i++) {
		const struct timer *t = &items[i].timer;

		if (t->armed && t->when < next)
			next = t->when;
	}
	return next;
}

/* Runs until `now`; true if exactly the due ones fired, in order. */
static bool
run_and_check(struct timers *q, struct item items[NTIMERS], nsec now)
{
	bool due[NTIMERS], ok = true;
	nsec last = 0;

	for (size_t i = 0; i < NTIMERS; i++) {
		due[i] = items[i].timer.armed && items[i].timer.when <= now;
		items[i].fired = 0;
		items[i].last = &last;
	}
	timers_run(q, now);
	for (size_t i = 0; i < NTIMERS; i++)
		ok = ok && items[i].fired == due[i] && items[i].in_order;
	return ok;
}

static void
test_random(void)
{
	static struct item items[NTIMERS];
	struct timers q = {0};
	struct prng r = {3};
	nsec now = 1000;
	unsigned bad = 0;

	for (size_t i = 0; i < NTIMERS; i++)
		item_init(&items[i], &q);
	for (int n = 0; n < ROUNDS; n++) {
		struct timer *t = &items[prng_below(&r, NTIMERS)].timer;
		nsec when = now + prng_below(&r, 50);

		switch (prng_below(&r, 8)) {
		case 0:
			timer_cancel(&q, t);
			break;
		case 1:
			timer_arm_earlier(&q, t, when);
			break;
		case 2:
			now += prng_below(&r, 20);
			bad += !run_and_check(&q, items, now);
			break;
		default:
			timer_arm(&q, t, when);
			break;
		}
		bad += timers_next(&q) != naive_next(items);
		if (q.root != NULL)
			bad += q.root->prev != NULL || q.root->next != NULL ||
			       !is_heap(q.root);
	}
	CU_ASSERT(bad == 0);
}

/* A long list of siblings is melded without recursion: the stack lasts. */
static void
test_many(void)
{
	static struct item items[CHAIN];
	struct timers q = {0};
	nsec last = 0;
	unsigned bad = 0;

	for (size_t i = 0; i < CHAIN; i++) {
		item_init(&items[i], &q);
		items[i].last = &last;
		timer_arm(&q, &items[i].timer, 1 + i * 7919 % CHAIN);
	}
	timers_run(&q, CHAIN + 1);
	for (size_t i = 0; i < CHAIN; i++)
		bad += items[i].fired != 1 || !items[i].in_order;
	CU_ASSERT(bad == 0);
	CU_ASSERT(timers_next(&q) == NSEC_NEVER);
}

void
test_timer_register(void)
{
	CU_pSuite s = unit_suite("timer");

	unit_test(s, "one", test_one);
	unit_test(s, "rearm", test_rearm);
	unit_test(s, "rearm_from_within", test_rearm_from_within);
	unit_test(s, "cancel_from_within", test_cancel_from_within);
	unit_test(s, "random", test_random);
	unit_test(s, "many", test_many);
}
