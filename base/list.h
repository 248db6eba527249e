/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A doubly linked list whose links live inside the objects.  A link that is in
 * no list points at itself, so removing twice is harmless and is_linked() is a
 * question that can always be asked.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

/* The object of type `type` whose member `member` is at `ptr`. */
#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Makes an empty list head, or a link that is in no list. */
static inline void
list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

/* True if the head has no links, or the link is in no list. */
static inline bool
list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline bool
list_is_linked(const struct list *l)
{
	return l->next != l;
}

/* Adds `l`, which is in no list, at the end of `head`. */
static inline void
list_append(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* Adds `l`, which is in no list, at the front of `head`. */
static inline void
list_prepend(struct list *head, struct list *l)
{
	list_append(head->next, l);
}

/* Takes `l` out of whatever list it is in; harmless if in none. */
static inline void
list_remove(struct list *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

/* Takes the first link off and returns it; NULL if the list is empty. */
static inline struct list *
list_pop(struct list *head)
{
	struct list *l = head->next;

	if (l == head)
		return NULL;
	list_remove(l);
	return l;
}

/* Moves all links of `from` to the end of `to`; `from` is empty afterwards. */
static inline void
list_splice(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	from->prev->next = to;
	to->prev->next = from->next;
	to->prev = from->prev;
	list_init(from);
}

#endif
