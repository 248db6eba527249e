/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See alloc.h.  The state is static because the functions of the allocator
 * have no argument for it; tests run in one thread.
 */
#include "tests/fake/alloc.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);

static struct {
	size_t countdown; /* 0: nothing fails */
	int forever;
	int is_paused;
	size_t failed;
} plan;

void
fake_alloc_fail(size_t nth, int forever)
{
	plan.countdown = nth;
	plan.forever = forever;
	plan.failed = 0;
}

size_t
fake_alloc_heal(void)
{
	plan.countdown = 0;
	return plan.failed;
}

void
fake_alloc_pause(void)
{
	plan.is_paused = 1;
}

void
fake_alloc_resume(void)
{
	plan.is_paused = 0;
}

static int
fails(void)
{
	if (plan.countdown == 0 || plan.is_paused)
		return 0;
	if (plan.countdown > 1) {
		plan.countdown--;
		return 0;
	}
	plan.failed++;
	if (!plan.forever)
		plan.countdown = 0;
	return 1;
}

void *
fake_malloc(size_t size)
{
	void *p = __real_malloc(size);

	if (p == NULL)
		abort();
	return p;
}

void *
fake_calloc(size_t count, size_t size)
{
	void *p = __real_calloc(count, size);

	if (p == NULL)
		abort();
	return p;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *ptr, size_t size)
{
	return fails() ? NULL : __real_realloc(ptr, size);
}
