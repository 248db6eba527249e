/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_OUTSIDER_H
#define RAW_OUTSIDER_H

#include "tools/doqspec/raw/conn.h"
#include "tools/doqspec/raw/initial.h"

/*
 * One socket without a connection behind it: datagrams as a script wants them,
 * and what came back, counted by what it is.  Initial packets of its own
 * making carry the ClientHello of a client that exists only for it.
 */

enum {
	RAW_KEY_SETS = 16
};

/* Opens what a server sends to a client that began with this ID. */
struct raw_key_set {
	uint32_t version;
	struct raw_buf dcid;
	struct raw_keys rx;
};

struct raw_outsider {
	int fd;				       /* -1: not opened yet */
	struct raw_conn *client;	       /* is_dry; NULL: not made yet */
	struct raw_buf dcid;		       /* of its first Initial */
	uint64_t number;		       /* of its next packet */
	struct raw_buf retry_cid, retry_token; /* of the last Retry */
	struct raw_buf server_cid; /* SCID of the server's last Initial */
	struct raw_key_set sets[RAW_KEY_SETS];
	size_t nsets;
	struct raw_buf sent; /* the last datagram */
	uint64_t octets_out, octets_in;
	struct raw_buf got;	 /* the last datagram */
	struct raw_buf versions; /* the last Version Negotiation */
	struct raw_buf resets;	 /* the last short header */
	size_t datagrams, largest;
	/* Packets by type; an Initial counts when it opened. */
	uint64_t packets[RAW_LONG_NONE + 1];
	uint64_t unopened, bad_retries;
	struct raw_seen seen; /* frames of Initial packets */
};

void raw_outsider_init(struct raw_outsider *out);
void raw_outsider_done(struct raw_outsider *out);

/* A new client with the settings (NULL: when there is none yet). */
void raw_outsider_client(
    struct raw_outsider *out, const struct raw_settings *settings);

/* Can open packets that answer one with this DCID from now on. */
void raw_outsider_note_keys(
    struct raw_outsider *out, uint32_t version, const struct raw_buf *dcid);

/* Notes a datagram that came. */
void raw_outsider_on_datagram(
    struct raw_outsider *out, const uint8_t *data, size_t len);

struct raw_script;
/*
 * Appends a packet: text is what stands behind "initial:" (is_sealed) or
 * "long:", see script.h.  -EINVAL.
 */
int raw_outsider_part(struct raw_script *script, const char *text,
    bool is_sealed, struct raw_buf *buf);

#endif
