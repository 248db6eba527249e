/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_LOOP_H
#define RAW_LOOP_H

#include "tools/doqspec/raw/conn.h"

/* All connections of a case, driven by one poll loop. */
struct raw_loop {
	struct raw_conn *conns;
	bool has_input; /* standard input ends a wait, too */
};

/* Adds at the end; the loop owns it now. */
void raw_loop_add(struct raw_loop *loop, struct raw_conn *conn);

/* Finds by name, or NULL. */
struct raw_conn *raw_loop_find(const struct raw_loop *loop, const char *name);

/* Takes out and frees one connection, or all. */
void raw_loop_remove(struct raw_loop *loop, struct raw_conn *conn);
void raw_loop_done(struct raw_loop *loop);

/*
 * One turn: waits until something arrives, a timer is due or `deadline`
 * (raw_now) has come, and serves all connections once.
 */
void raw_loop_turn(struct raw_loop *loop, uint64_t deadline);

/* Lets the process have so many sockets, and some, if it may. */
void raw_loop_allow_files(uint64_t count);

/* Turns until `deadline`. */
void raw_loop_run(struct raw_loop *loop, uint64_t deadline);

#endif
