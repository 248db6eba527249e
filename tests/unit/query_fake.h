/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One query on the ladder over resolver/back, with the network and the clock of
 * back_fake.h, and one server there, whose AD bit is believed.
 */
#ifndef TESTS_UNIT_QUERY_FAKE_H
#define TESTS_UNIT_QUERY_FAKE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/query.h"
#include "resolver/worker.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"

struct query_fake {
	struct fake f;
	struct worker worker;
	struct event_base *base;
	struct query query;
	unsigned calls;	       /* answers to the question asked last */
	struct fake_sent sent; /* to the server, taken last */
	struct dnsmsg reply;   /* the server's */
	uint8_t got[DNS_MESSAGE_MAX];
	size_t got_len;
};

/* A configuration with this in it, and access for all. */
struct config *query_fake_config(const char *yaml);

/* A world with this in its configuration; `t` is filled. */
void query_fake_begin(struct query_fake *t, const char *yaml);

/* The same with a server across a network: its AD bit is not believed. */
void query_fake_begin_far(struct query_fake *t, const char *yaml);

/* Ends it: nothing is left. */
void query_fake_end(struct query_fake *t);

/* Asks, with RD unless `flags` say it, too: they are exclusive.  The answer is
 * in `got`, at once or later. */
void query_fake_ask_name(struct query_fake *t, const char *name, unsigned type,
    unsigned flags, uint32_t edns_flags);

/* The same with RD alone, and these octets of options. */
void query_fake_ask_options(struct query_fake *t, const char *name,
    unsigned type, const uint8_t *options, size_t len);

/* The type that the server is asked for now; 0: it is not asked. */
unsigned query_fake_asked(struct query_fake *t);

/* The server's reply, in three steps or in one: an RCODE, an address or NULL,
 * flags. */
void query_fake_start_reply(
    struct query_fake *t, unsigned rcode, unsigned flags);
void query_fake_add_address(struct query_fake *t, const char *text);
void query_fake_reply(struct query_fake *t);
void query_fake_say(
    struct query_fake *t, unsigned rcode, const char *address, unsigned flags);

unsigned query_fake_got_rcode(const struct query_fake *t);
bool query_fake_got_ad(const struct query_fake *t);

/* The scope of our answer's Client Subnet option; -1: it has none. */
int query_fake_got_scope(const struct query_fake *t);

#endif
