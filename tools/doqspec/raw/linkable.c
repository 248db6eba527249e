/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `expect unlinkable`: what an observer could use to tell which packets, and
 * which connections, belong to one client (RFC 9000 5.1, 8.1.3; RFC 9250 7).
 *
 * Connection IDs of one server may have octets in common (a load balancer's);
 * what they must not have is an octet that is constant within a connection and
 * differs between connections.  With the numbers that a case uses, chance does
 * not do that.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	CIDS_MIN = 3, /* of a connection that counts */
	CONNS_MIN = 4
};

static int
say(struct raw_script *script, int result, const char *text)
{
	snprintf(script->seen, sizeof(script->seen), "%s", text);
	return result;
}

/* The octet that all IDs of the connection have there, or -1. */
static int
constant_octet(const struct raw_seen *seen, size_t at)
{
	for (size_t i = 0; i < seen->ncids; i++)
		if (at >= seen->cids[i].len ||
		    seen->cids[i].data[at] != seen->cids[0].data[at])
			return -1;
	return seen->cids[0].data[at];
}

static bool
is_linked_at(const struct raw_script *script, size_t at)
{
	int first = -1;
	bool differs = false;

	for (const struct raw_conn *c = script->loop.conns; c; c = c->next) {
		int octet;

		if (c->seen.ncids < CIDS_MIN)
			continue;
		octet = constant_octet(&c->seen, at);
		if (octet == -1)
			return false;
		differs |= first != -1 && octet != first;
		first = octet;
	}
	return differs;
}

static bool
holds(const struct raw_buf *in, const void *what, size_t len)
{
	return len > 0 && memmem(in->data, in->len, what, len) != NULL;
}

/* Address and port as they stand in memory, or an ID of the connection. */
static bool
tells(const struct raw_conn *conn, const struct raw_buf *token)
{
	const struct sockaddr_in *v4 = (const void *)&conn->local;
	const struct sockaddr_in6 *v6 = (const void *)&conn->local;

	for (size_t i = 0; i < conn->seen.ncids; i++)
		if (holds(
			token, conn->seen.cids[i].data, conn->seen.cids[i].len))
			return true;
	if (conn->local.ss_family == AF_INET6)
		return holds(token, &v6->sin6_addr, sizeof(v6->sin6_addr));
	return holds(token, &v4->sin_addr, sizeof(v4->sin_addr));
}

static bool
is_same(const struct raw_buf *a, const struct raw_buf *b)
{
	return a->len > 0 && a->len == b->len &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static bool
has_same_ticket(const struct raw_conn *a, const struct raw_conn *b)
{
	for (size_t i = 0; i < a->ntickets; i++)
		for (size_t k = 0; k < b->ntickets; k++)
			if (is_same(
				&a->tickets[i].message, &b->tickets[k].message))
				return true;
	return false;
}

static const char *
find_link(const struct raw_script *script)
{
	for (size_t at = 0; at < RAW_CID_MAX; at++)
		if (is_linked_at(script, at))
			return "connection IDs show their connection";
	for (const struct raw_conn *a = script->loop.conns; a; a = a->next) {
		if (tells(a, &a->seen.token))
			return "a token shows its connection or its client";
		for (const struct raw_conn *b = a->next; b; b = b->next) {
			if (is_same(&a->seen.token, &b->seen.token))
				return "two connections have one token";
			if (has_same_ticket(a, b))
				return "two connections have one ticket";
		}
	}
	return NULL;
}

int
raw_check_unlinkable(struct raw_script *script, struct raw_attempt *attempt)
{
	const char *link = find_link(script);
	size_t count = 0;

	if (attempt->words.count != 1)
		return -EINVAL;
	if (link != NULL)
		return say(script, -1, link);
	for (const struct raw_conn *c = script->loop.conns; c; c = c->next)
		count += c->seen.ncids >= CIDS_MIN;
	snprintf(script->seen, sizeof(script->seen),
	    "%zu connections with several IDs", count);
	return count >= CONNS_MIN ? 1 : 0;
}
