/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages for tests, made octet by octet, so that they can be as wrong as
 * a test wants.  Nothing of dns/ is used to make them.
 */
#ifndef TESTS_UNIT_DNSMSG_H
#define TESTS_UNIT_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room behind the longest message, to be able to exceed it. */
#define DNSMSG_MAX 70000

/* Where a section's count stands in the header. */
enum dnsmsg_section {
	IN_QUESTION = 4,
	IN_ANSWER = 6,
	IN_AUTHORITY = 8,
	IN_ADDITIONAL = 10,
};

struct dnsmsg {
	uint8_t data[DNSMSG_MAX];
	size_t len;
};

/* Begins a message: a header with all counts 0. */
void dnsmsg_start(struct dnsmsg *m, uint16_t id, uint16_t flags);

/* Appends octets. */
void dnsmsg_u8(struct dnsmsg *m, unsigned v);
void dnsmsg_u16(struct dnsmsg *m, unsigned v);
void dnsmsg_u32(struct dnsmsg *m, uint32_t v);
void dnsmsg_bytes(struct dnsmsg *m, const void *data, size_t len);
void dnsmsg_fill(struct dnsmsg *m, uint8_t v, size_t len);

/* Appends a name from plain text; "@12" is a pointer to offset 12 and may end
 * a name, "a.b.@12" too; "." is the root. */
void dnsmsg_name(struct dnsmsg *m, const char *text);

/* Sets or increments a count of the header. */
void dnsmsg_set_count(
    struct dnsmsg *m, enum dnsmsg_section section, unsigned count);
void dnsmsg_count(struct dnsmsg *m, enum dnsmsg_section section);

/* Appends and counts a question of class IN. */
void dnsmsg_question(struct dnsmsg *m, const char *name, unsigned type);

/*
 * Appends and counts a record of class IN and TTL 300.  Its RDATA is what is
 * appended until dnsmsg_rdata_end(), which sets RDLENGTH; returns the place of
 * RDLENGTH, to be given to it.
 */
size_t dnsmsg_record(struct dnsmsg *m, enum dnsmsg_section section,
    const char *owner, unsigned type);
void dnsmsg_rdata_end(struct dnsmsg *m, size_t place);

/* A whole A record, address 192.0.2.1. */
void dnsmsg_a(struct dnsmsg *m, enum dnsmsg_section section, const char *owner);

/* A whole SOA record, its names under the given one. */
void dnsmsg_soa(
    struct dnsmsg *m, enum dnsmsg_section section, const char *owner);

/* A whole OPT record in the additional section. */
void dnsmsg_opt(struct dnsmsg *m, unsigned size, uint32_t ttl,
    const void *options, size_t len);

/* The same with one option of `len` octets 0x5a. */
void dnsmsg_opt_with(struct dnsmsg *m, unsigned code, size_t len);

/* A TSIG record with a plausible RDATA. */
void dnsmsg_tsig(struct dnsmsg *m, enum dnsmsg_section section);

/* A query: RD, one question. */
void dnsmsg_query(struct dnsmsg *m, const char *name, unsigned type);

/* Copy of exactly `len` octets on the heap: ASan sees reads behind it. */
uint8_t *dnsmsg_exact(const uint8_t *data, size_t len);

/* Reads a 16-bit word of a message. */
unsigned dnsmsg_get16(const uint8_t *data, size_t at);

/* Do these octets parse for ldns, an independent judge? */
bool dnsmsg_is_valid(const uint8_t *data, size_t len);

/*
 * All records of the three sections as ldns prints them, a line each, letters
 * folded, without OPT and TSIG; to be freed.  Without RRSIG, NSEC and NSEC3 if
 * `no_dnssec`.  NULL if ldns cannot parse the message.
 */
char *dnsmsg_records(const uint8_t *data, size_t len, bool no_dnssec);

/* Number of options with this code in the OPT record; -1 without an OPT. */
int dnsmsg_options(const uint8_t *data, size_t len, unsigned code);

/* A small, fast generator for property tests; the seed is never 0. */
uint32_t dnsmsg_random(uint32_t *seed);

/* Changes some octets of a message, or its length, at random. */
void dnsmsg_mutate(uint8_t *data, size_t *len, uint32_t *seed);

/* The seed of this run, from $QUOLL_TEST_SEED or made up; prints it. */
uint32_t dnsmsg_seed(const char *test);

#endif
