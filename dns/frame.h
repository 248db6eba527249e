/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of messages with a 2-octet length in front: one on a DoQ stream
 * (RFC 9250 4.2), many on a TCP or TLS connection (RFC 1035 4.2.2).
 */
#ifndef DNS_FRAME_H
#define DNS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length in front of a message. */
#define DNS_FRAME_PREFIX 2

enum dns_frame_mode {
	DNS_FRAME_ONE, /* a second message is a fault */
	DNS_FRAME_MANY,
};

enum dns_frame_state {
	DNS_FRAME_MORE,	    /* feed more octets */
	DNS_FRAME_MESSAGE,  /* `msg` and `msg_len` are a whole message */
	DNS_FRAME_END,	    /* end of stream between two messages */
	DNS_FRAME_CUT,	    /* end of stream before a message was whole */
	DNS_FRAME_SHORT,    /* a length below that of a header */
	DNS_FRAME_TRAILING, /* an octet behind the only message */
	DNS_FRAME_NOMEM,
};

/*
 * Reads one stream.  Only `msg`, `msg_len` and `state` are for others; `msg` is
 * borrowed, see dns_frame_feed().
 */
struct dns_frame {
	const uint8_t *msg;
	size_t msg_len;
	enum dns_frame_state state;
	enum dns_frame_mode mode;
	uint16_t promised;  /* octets, says the prefix */
	uint8_t prefix_len; /* octets of it that came */
	uint8_t *buf;	    /* ours; NULL until a message comes in pieces */
	size_t size;	    /* of it */
	size_t len;	    /* octets in it */
};

/* Makes an empty reader, which owns nothing. */
void dns_frame_init(struct dns_frame *f, enum dns_frame_mode mode);

/* Frees what it holds; it may then be made anew. */
void dns_frame_done(struct dns_frame *f);

/*
 * Takes octets of the stream, any number of them, and stops behind a message:
 * *ret_used says how many were taken.  Returns the new state.
 *
 * With MESSAGE, `msg` points into `data` if the whole message was in it, else
 * to memory of the reader; it is valid as long as `data` is and until the next
 * call, dns_frame_keep() makes it last.  In mode MANY call dns_frame_next()
 * when done with the message and feed the rest.  In mode ONE octets behind the
 * message make it TRAILING, now or in a later call.
 *
 * SHORT, TRAILING, CUT and NOMEM are final: nothing more is taken.  The memory
 * held is at most twice what came, whatever the length promises.
 */
enum dns_frame_state dns_frame_feed(
    struct dns_frame *f, const uint8_t *data, size_t len, size_t *ret_used);

/*
 * The stream ends here.  Returns MESSAGE if one is whole (mode ONE), END if
 * there was nothing since the last message (mode MANY), else CUT; faults stay.
 */
enum dns_frame_state dns_frame_fin(struct dns_frame *f);

/*
 * Moves a message that is still borrowed into the reader's own memory, so that
 * it stays valid until dns_frame_next() or dns_frame_done().  Returns 0 or
 * -ENOMEM.
 */
int dns_frame_keep(struct dns_frame *f);

/* Forgets the message and its memory: the next octet begins a new one. */
void dns_frame_next(struct dns_frame *f);

/* Octets of memory that the reader holds. */
size_t dns_frame_held(const struct dns_frame *f);

#endif
