/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pairing heap (Fredman, Sedgewick, Sleator, Tarjan 1986): arming is a single
 * comparison, removing pairs the children up, amortised O(log n).
 *
 * Invariant: a timer is in the heap exactly while `armed`; its `prev` is its
 * parent if it is the first child, its left sibling otherwise, NULL at the
 * root.
 */
#include "base/timer.h"

#include <assert.h>
#include <stddef.h>

/* Joins two heaps, either may be NULL; returns the root. */
static struct timer *
meld(struct timer *a, struct timer *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (b->when < a->when) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->next = a->child;
	if (a->child != NULL)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* Joins a list of siblings to one heap, in two passes and without recursion. */
static struct timer *
meld_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first != NULL) {
		struct timer *a = first, *b = a->next;

		first = b != NULL ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs != NULL) {
		struct timer *a = pairs;

		pairs = a->next;
		a->next = NULL;
		root = meld(root, a);
	}
	return root;
}

static void
unlink_timer(struct timers *q, struct timer *t)
{
	struct timer *children = meld_siblings(t->child);

	if (t == q->root) {
		q->root = children;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next != NULL)
			t->next->prev = t->prev;
		q->root = meld(q->root, children);
	}
	t->child = t->next = t->prev = NULL;
	t->armed = false;
}

void
timer_init(struct timer *t, timer_fn fire)
{
	*t = (struct timer){.fire = fire};
}

void
timer_arm(struct timers *q, struct timer *t, nsec when)
{
	assert(t->fire != NULL);
	if (t->armed)
		unlink_timer(q, t);
	t->when = when < q->not_before ? q->not_before : when;
	t->armed = true;
	q->root = meld(q->root, t);
}

void
timer_arm_earlier(struct timers *q, struct timer *t, nsec when)
{
	if (!t->armed || when < t->when)
		timer_arm(q, t, when);
}

void
timer_cancel(struct timers *q, struct timer *t)
{
	if (t->armed)
		unlink_timer(q, t);
}

nsec
timers_next(const struct timers *q)
{
	return q->root != NULL ? q->root->when : NSEC_NEVER;
}

void
timers_run(struct timers *q, nsec now)
{
	q->not_before = now + 1;
	while (q->root != NULL && q->root->when <= now) {
		struct timer *t = q->root;

		unlink_timer(q, t);
		t->fire(t, now);
	}
	q->not_before = 0;
}
