/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cache as octets, to outlive the process that filled it:
 *
 *	head	what it is, of when, and of which upstream
 *	blocks	each with some records, that is answers with their keys
 *	end	a block without records
 *
 * Numbers are as the machine has them, and entries as they lie in memory: a
 * file is for the same version on the same kind of machine, and anything else
 * is refused.  So is whatever is damaged: head and blocks have checksums, under
 * a key that is the file's and the block's number, so that none can be missing,
 * or come from another file.  A checksum keeps nobody from making a file of his
 * own: every record is looked at as if a stranger had made it.
 *
 * Octets in, octets out; who opens files is elsewhere.
 */
#ifndef DNS_CACHE_FILE_H
#define DNS_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "dns/cache.h"

#define DNS_CACHE_FILE_HEAD 56	       /* octets of the head */
#define DNS_CACHE_FILE_BLOCK_HEAD 16   /* what begins a block */
#define DNS_CACHE_FILE_BLOCK (1 << 18) /* the largest block, with head */

/* What the head says. */
struct dns_cache_file {
	nsec when;	 /* since 1970 */
	uint64_t source; /* any number that stands for who was asked */
	uint64_t nonce;	 /* random, another one for each file */
};

/* A block in the making, or one that is read. */
struct dns_cache_block {
	const struct dns_cache_file *file; /* borrowed */
	uint64_t number; /* of the block in the file, from 0 */
	uint8_t *octets; /* DNS_CACHE_FILE_BLOCK, aligned as malloc's are;
			    borrowed */
	size_t len;	 /* of what is in it, or was read */
	uint32_t count;	 /* of records */
};

/* ------------------------------------------------------------- writing -- */

void dns_cache_file_write_head(
    const struct dns_cache_file *file, uint8_t ret_octets[DNS_CACHE_FILE_HEAD]);

/* Begins the first block of a file. */
void dns_cache_block_init(struct dns_cache_block *b,
    const struct dns_cache_file *file, uint8_t *octets);

/* Begins the next one, after this one was sealed and written, or read. */
void dns_cache_block_next(struct dns_cache_block *b);

/* Adds a record; false if there is no room: then the next block has some,
 * unless this one is empty, since the record is too large for any. */
bool dns_cache_block_add(
    struct dns_cache_block *b, const struct dns_cache_record *record);

/* Completes the block: b->len octets are to be written.  If there is no record
 * in it, it is the end of the file. */
void dns_cache_block_seal(struct dns_cache_block *b);

/* ------------------------------------------------------------- reading -- */

/* Reads the head.  NULL, or why the file cannot be used; static text. */
const char *dns_cache_file_read_head(
    const uint8_t octets[DNS_CACHE_FILE_HEAD], struct dns_cache_file *ret_file);

/*
 * May a file be used at this time, since 1970?  NULL and how long ago it was
 * written, or why not; static text.
 */
const char *dns_cache_file_age(
    const struct dns_cache_file *file, nsec now, nsec *ret_age);

/*
 * How long the block is that begins with what is there, which is the first
 * DNS_CACHE_FILE_BLOCK_HEAD octets of it; that many at least, and no more than
 * DNS_CACHE_FILE_BLOCK.  0: it cannot be one.
 */
size_t dns_cache_block_size(const struct dns_cache_block *b);

/*
 * Is the whole of it sound, with b->len octets read?  If so, b->count is set,
 * and 0 at the end of the file.
 */
bool dns_cache_block_check(struct dns_cache_block *b);

/*
 * Gives one record after the other of a sound block; *pos begins as 0.  False
 * after the last.  What a record points to is in the block.  `age` is the
 * file's, which those of the records are made older by.
 */
bool dns_cache_block_read(const struct dns_cache_block *b, nsec age,
    size_t *pos, struct dns_cache_record *ret_record);

#endif
