/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How much memory this process may use.
 */
#ifndef RESOLVER_OPS_MEMORY_H
#define RESOLVER_OPS_MEMORY_H

#include <stdint.h>

/*
 * The machine's memory in bytes, or the limit of the control group that the
 * process is in (memory.max of cgroup v2) where that is less.  `root` is "" or
 * a folder that stands for the root of the file system, for tests.
 */
uint64_t memory_available(const char *root);

/*
 * Bytes that are allocated now, in all arenas of the heap and beside it.  Looks
 * at each arena under its lock.  Any thread.
 */
uint64_t memory_in_use(void);

#endif
