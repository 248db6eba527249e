/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_ENGINE_H
#define RAW_ENGINE_H

#include "tools/doqspec/raw/conn.h"

/*
 * The frame engine of a connection that was taken over: packets with any
 * frames, in any order.  It keeps no copy of what it sent and repeats
 * nothing; it obeys no flow control and no congestion control.
 */

/* Copies what ngtcp2 knew.  Called once, by raw_conn_take_over. */
void raw_engine_start(struct raw_conn *conn);
void raw_engine_done(struct raw_conn *conn);

/*
 * Appends frames.  Outside of a group they leave at once in a packet of their
 * own; between group and flush they share one.
 */
void raw_engine_add(struct raw_conn *conn, const struct raw_buf *frames);
void raw_engine_group(struct raw_conn *conn);
void raw_engine_flush(struct raw_conn *conn);

/* Sends a packet with exactly this payload, which may be empty. */
void raw_engine_packet(struct raw_conn *conn, const struct raw_buf *payload);

/* Sends the last datagram once more, octet for octet. */
void raw_engine_again(struct raw_conn *conn);

/* STREAM frames that continue where the stream stands. */
void raw_engine_stream(struct raw_conn *conn, uint64_t stream,
    const struct raw_buf *data, bool fin, size_t split);

/* Told by tap.c: this packet arrived. */
void raw_engine_on_packet(
    struct raw_conn *conn, uint64_t number, bool is_eliciting);

/* Sends the acknowledgement that is owed, if one is. */
void raw_engine_ack(struct raw_conn *conn);

#endif
