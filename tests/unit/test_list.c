/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists: the promises of the header one by one, then random operations against
 * arrays.
 */
#include "base/list.h"

#include <string.h>

#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	NLISTS = 3,
	NITEMS = 20,
	ROUNDS = 20000
};

struct item {
	int payload;
	struct list link;
};

static void
test_empty(void)
{
	struct list head, link;

	list_init(&head);
	list_init(&link);
	CU_ASSERT(list_is_empty(&head));
	CU_ASSERT(!list_is_linked(&link));
	CU_ASSERT(list_pop(&head) == NULL);
	list_remove(&link); /* in no list: harmless */
	list_remove(&link);
	CU_ASSERT(!list_is_linked(&link));
	list_append(&head, &link);
	CU_ASSERT(!list_is_empty(&head));
	CU_ASSERT(list_is_linked(&link));
	list_remove(&link);
	list_remove(&link);
	CU_ASSERT(list_is_empty(&head));
}

static void
test_order(void)
{
	struct list head;
	struct item items[3];

	list_init(&head);
	for (int i = 0; i < 3; i++)
		items[i] = (struct item){.payload = i};
	list_append(&head, &items[1].link);
	list_append(&head, &items[2].link);
	list_prepend(&head, &items[0].link);
	for (int i = 0; i < 3; i++) {
		struct list *l = list_pop(&head);

		CU_ASSERT_FATAL(l != NULL);
		CU_ASSERT(container_of(l, struct item, link)->payload == i);
		CU_ASSERT(!list_is_linked(l));
	}
	CU_ASSERT(list_pop(&head) == NULL);
}

static void
test_splice(void)
{
	struct list to, from, links[4];

	list_init(&to);
	list_init(&from);
	list_splice(&to, &from); /* nothing to nothing */
	CU_ASSERT(list_is_empty(&to));
	for (int i = 0; i < 2; i++)
		list_append(&from, &links[i]);
	list_splice(&to, &from); /* to an empty one */
	CU_ASSERT(list_is_empty(&from));
	for (int i = 2; i < 4; i++)
		list_append(&from, &links[i]);
	list_splice(&to, &from); /* to the end */
	list_splice(&to, &from); /* nothing to something */
	for (int i = 0; i < 4; i++)
		CU_ASSERT(list_pop(&to) == &links[i]);
	CU_ASSERT(list_is_empty(&to));
}

/* A list as an array, the simplest thing that could be right. */
struct naive {
	int at[NITEMS];
	int n;
};

static void
naive_insert(struct naive *m, int where, int item)
{
	memmove(&m->at[where + 1], &m->at[where],
	    (size_t)(m->n - where) * sizeof(int));
	m->at[where] = item;
	m->n++;
}

static void
naive_remove(struct naive m[NLISTS], int item)
{
	for (int l = 0; l < NLISTS; l++) {
		for (int i = 0; i < m[l].n; i++) {
			if (m[l].at[i] != item)
				continue;
			m[l].n--;
			memmove(&m[l].at[i], &m[l].at[i + 1],
			    (size_t)(m[l].n - i) * sizeof(int));
			return;
		}
	}
}

static bool
is_same(struct list *head, const struct naive *m)
{
	struct list *l = head->next;

	for (int i = 0; i < m->n; i++, l = l->next) {
		const struct item *item = container_of(l, struct item, link);

		if (l == head || item->payload != m->at[i] ||
		    l->next->prev != l)
			return false;
	}
	return l == head && list_is_empty(head) == (m->n == 0);
}

static void
step(struct prng *r, struct list heads[NLISTS], struct naive m[NLISTS],
    struct item items[NITEMS])
{
	int l = (int)prng_below(r, NLISTS), i = (int)prng_below(r, NITEMS);
	int other = (l + 1) % NLISTS;

	switch (prng_below(r, 8)) {
	case 0:
		list_splice(&heads[l], &heads[other]);
		memcpy(&m[l].at[m[l].n], m[other].at,
		    (size_t)m[other].n * sizeof(int));
		m[l].n += m[other].n;
		m[other].n = 0;
		break;
	case 1:
	case 2:
		list_remove(&items[i].link);
		naive_remove(m, i);
		break;
	default:
		list_remove(&items[i].link);
		naive_remove(m, i);
		if (prng_chance(r, 500)) {
			list_append(&heads[l], &items[i].link);
			naive_insert(&m[l], m[l].n, i);
		} else {
			list_prepend(&heads[l], &items[i].link);
			naive_insert(&m[l], 0, i);
		}
		break;
	}
}

static void
test_random(void)
{
	struct prng r = {1};
	struct list heads[NLISTS];
	struct naive m[NLISTS] = {0};
	struct item items[NITEMS];
	bool same = true;

	for (int l = 0; l < NLISTS; l++)
		list_init(&heads[l]);
	for (int i = 0; i < NITEMS; i++) {
		items[i].payload = i;
		list_init(&items[i].link);
	}
	for (int n = 0; n < ROUNDS && same; n++) {
		step(&r, heads, m, items);
		for (int l = 0; l < NLISTS; l++)
			same = same && is_same(&heads[l], &m[l]);
	}
	CU_ASSERT(same);
}

void
test_list_register(void)
{
	CU_pSuite s = unit_suite("list");

	unit_test(s, "empty", test_empty);
	unit_test(s, "order", test_order);
	unit_test(s, "splice", test_splice);
	unit_test(s, "random", test_random);
}
