/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A zone transfer on its way (RFC 5936, RFC 1995): asked of one server by a TCP
 * connection of its own, and handed on message by message, since a zone has no
 * bound.  Who takes them too slowly pauses it, and the server has to wait.
 */
#ifndef RESOLVER_BACK_TRANSFER_H
#define RESOLVER_BACK_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "dns/message.h"
#include "dns/response.h"

struct transfer;
struct upstream;

/* What came: a message, or the end. */
struct transfer_part {
	/* 0; or why it ended before it was whole: -ETIMEDOUT, -EHOSTUNREACH,
	 * -ECONNREFUSED, -ECONNRESET, -EBADMSG for what is no transfer. */
	int status;
	/* With status 0 the message, lent for the call; else NULL. */
	const struct dns_response *response;
	bool is_last;
};

/* With `is_last` or an error the transfer is over, and gone. */
typedef void (*transfer_fn)(void *arg, const struct transfer_part *part);

/* What is asked, and by whom; all of it must stay until the end. */
struct transfer_ask {
	const struct dns_query *query; /* a transfer, DNS_VERDICT_OK */
	/* As in struct upstream_ask. */
	const struct sockaddr *client;
	const struct sockaddr *local;
	transfer_fn fn;
	void *arg;
};

/*
 * Asks a server of `u` for a transfer; `ask` itself is copied.  Its `fn` is
 * called for each message, in order, and for the end, never from within a call
 * here.  Another server is asked if one does not answer at all, none once a
 * message came.
 *
 * Returns 0 and *ret_transfer; -ENOTCONN if there is no server, -EAGAIN if
 * transfer.max run already, -EHOSTUNREACH if none can be reached, -ENOMEM.
 */
int transfer_start(struct upstream *u, const struct transfer_ask *ask,
    struct transfer **ret_transfer);

/* Reads no more; a few messages that were read already may still come. */
void transfer_pause(struct transfer *transfer);

/* Goes on; harmless if it was not paused. */
void transfer_resume(struct transfer *transfer);

/* Ends it without a word; may be called from `fn`. */
void transfer_cancel(struct transfer *transfer);

/* Bytes of memory that it has now. */
size_t transfer_held(const struct transfer *transfer);

#endif
