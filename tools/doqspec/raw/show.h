/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_SHOW_H
#define RAW_SHOW_H

#include "tools/doqspec/raw/conn.h"

#include <stdio.h>

/*
 * What passed, as text for people: one line, printable ASCII, whatever octets
 * a server chose.  Texts are cut where the room ends.
 */

enum {
	RAW_SHOW_MAX = 512 /* enough for any line */
};

/* Octets as text; what is not printable ASCII, and '\', as \xHH. */
void raw_show_octets(const uint8_t *data, size_t len, char *text, size_t size);

/* "STREAM id=0 off=0 len=45 fin", "MAX_DATA 65536" */
void raw_show_frame(const struct raw_frame *f, char *text, size_t size);

/* "c1 < STREAM ...": the connection only if it is named; packets that are not
 * 1-RTT say of which type they are. */
void raw_show_sight(const struct raw_conn *conn, const struct raw_sight *sight,
    bool is_named, char *text, size_t size);

/* The answer on a stream, if one whole message came: a line about it, then one
 * for each record, each behind `lead`. */
void raw_show_answer(
    FILE *to, const char *lead, const struct raw_seen_stream *stream);

#endif
