/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_XFER_H
#define TESTS_FAKE_XFER_H

#include "base/list.h"
#include "quic/evquic.h"
#include "tests/fake/prng.h"

/*
 * Applications that send bytes and check bytes.  The client opens streams and
 * sends on each a text that follows from the stream's ID; the server checks
 * it and, on bidirectional streams, sends it back.  Each side either writes
 * buffers or is pulled from.
 *
 * What must not happen (a wrong byte, a byte twice, a callback out of turn) is
 * written to `complaint`.
 */

enum {
	XFER_COMPLAINT = 160,
	XFER_SESSION = 4096
};

struct xfer_config {
	unsigned streams;    /* client: bidirectional ones to open in all */
	unsigned uni;	     /* unidirectional ones that this side opens */
	unsigned peer_uni;   /* that the other side opens */
	uint32_t max_size;   /* of a stream's text */
	uint32_t rude;	     /* 1/1000 of ticks: reset, stop, release */
	bool stops;	     /* rude with STOP_SENDING, too */
	uint32_t lazy;	     /* 1/1000 of calls: credit is given later */
	bool stays_open;     /* client: does not close when all is done */
	bool releases_early; /* when its part is done, not when closed */
	bool loses;	     /* streams of refused early data may be lost */
};

/* One side of all connections that carry it as their `arg`. */
struct xfer {
	struct xfer_config config;
	bool server;
	struct prng rng;
	struct list conns;
	unsigned opened; /* connections */
	unsigned closed;
	unsigned finished; /* of them: all streams done, closed by us with 0 */
	unsigned streams_opened;
	unsigned streams_whole; /* received and, both ways, sent to the end */
	unsigned streams_cut;	/* by a reset, a stop or a release */
	unsigned streams_lost;	/* with their connection */
	uint64_t bytes_in;
	uint64_t acked;
	unsigned drains;
	struct evquic_conn_stats last; /* record of the last one closed */
	char last_reason[128];
	char last_verify[160];
	size_t session_len; /* client: the last one given */
	uint8_t session[XFER_SESSION];
	char complaint[XFER_COMPLAINT];
};

/* Two ALPN names, "write" and "pull", for what the server does; and for each a
 * client's table of either kind. */
extern const struct evquic_app xfer_server_write;
extern const struct evquic_app xfer_server_pull;
extern const struct evquic_app xfer_write_to_write;
extern const struct evquic_app xfer_write_to_pull;
extern const struct evquic_app xfer_pull_to_write;
extern const struct evquic_app xfer_pull_to_pull;

void xfer_init(struct xfer *x, const struct xfer_config *config, bool server,
    uint64_t seed);

/* Does some of what the application has put off: credit, later writes, rude
 * things. */
void xfer_tick(struct xfer *x);

/* Does all that was put off. */
void xfer_catch_up(struct xfer *x);

/* The byte at `offset` of the text of a stream. */
uint8_t xfer_byte(int64_t id, uint64_t offset);

#endif
