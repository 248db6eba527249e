/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_RECORD_H
#define RAW_RECORD_H

#include "tools/doqspec/raw/show.h"

/*
 * A recording: what a run did, as a script that does it again.
 *
 * Each command becomes a line when it has been done, with its variables
 * replaced, repetitions unrolled, and whatever was decided by chance or by what
 * came before written out: octets of a PART in hexadecimal, stream IDs as
 * numbers, tickets and tokens as they were.  So the same octets leave on the
 * same streams in the same pieces when the recording is played, and a recording
 * of that differs in comments only.  Expectations stay what they were.
 *
 * Not repeated, since both ends make it anew: keys and connection IDs, and so
 * whatever is sealed; acknowledgements and what ngtcp2 sends by itself; the
 * datagrams of `flood`, and of `replay`, which repeats the flight of the run
 * that it stands in.  A ticket or token that may be used once has been used.
 *
 * What came (<) and what left (>) is there as comments: milliseconds since the
 * begin, number of the packet, connection, frame.
 */

struct raw_script;
struct raw_words;
struct raw_record;

/* Writes to a new file; ends the process when that cannot be made.  NULL: for
 * raw_record_save. */
struct raw_record *raw_record_open(const char *path);

/* Writes what there is so far to a new file, and goes on there; -errno. */
int raw_record_save(struct raw_record *record, const char *path);
void raw_record_close(struct raw_record *record);

/*
 * For script.c.  A NULL record is fine.  A file begins; a command begins with
 * its words (`chosen` is the connection of "@NAME", or NULL) and ends; a case
 * is as good as over.
 */
void raw_record_file(struct raw_record *record, const char *file);
void raw_record_begin(struct raw_record *record,
    const struct raw_script *script, const struct raw_words *words,
    const char *chosen);
void raw_record_end(
    struct raw_record *record, const struct raw_script *script, int rc);

/* For commands: `word`, one of the words of this command, stands for that.  An
 * empty text leaves it out. */
void raw_record_replace(
    struct raw_record *record, const char *word, const char *text);
/* KIND and octets: "hex:00ff" */
void raw_record_octets(struct raw_record *record, const char *word,
    const char *kind, const uint8_t *data, size_t len);

/* The user let so much time pass between two commands. */
void raw_record_pause(struct raw_record *record, uint64_t ms);

/* A frame, as a comment. */
void raw_record_sight(struct raw_record *record, const struct raw_conn *conn,
    const struct raw_sight *sight);

/* Appends a word so that the language reads it as one, and as it is. */
void raw_record_quote(struct raw_buf *line, const char *word);

#endif
