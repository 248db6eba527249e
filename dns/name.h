/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain names in wire form (RFC 1035 3.1, 4.1.4).  A "plain" name below is
 * uncompressed and valid: labels of 1 to 63 octets, a root label at its end,
 * at most 255 octets in all, so that its functions need no length.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 1035 2.3.4, in octets on the wire. */
#define DNS_NAME_MAX 255
#define DNS_LABEL_MAX 63

/* The two top bits of a length octet (RFC 1035 4.1.4). */
#define DNS_POINTER_BITS 0xc0
#define DNS_POINTER_SIZE 2
#define DNS_POINTER_MASK 0x3fff

/* Room for any name as text: each octet as \DDD, the dots, a NUL. */
#define DNS_NAME_TEXT_MAX 1025

/* Octets of random bits that dns_name_randomize_case() uses. */
#define DNS_NAME_CASE_BITS 32

/*
 * Walks over the name at `pos` of the message `msg` and checks all of it, also
 * behind compression pointers.  Puts the position behind its last octet in the
 * message (behind the first pointer, if there is one) into *ret_end.  The work
 * is bounded by DNS_NAME_MAX steps.  Returns 0, or -EBADMSG for a name that is
 * cut, longer than 255 octets, has a label type other than 00 or 11, or a
 * pointer that does not lead behind the header to labels wholly before those
 * that it follows.
 */
int dns_name_skip(const uint8_t *msg, size_t len, size_t pos, size_t *ret_end);

/*
 * As dns_name_skip(), and writes the name to `dst` as a plain name; *ret_len
 * says how many octets that took.  On failure `dst` is undefined.
 */
int dns_name_copy(const uint8_t *msg, size_t len, size_t pos,
    uint8_t dst[DNS_NAME_MAX], size_t *ret_len);

/* Octets of a plain name, its root label included. */
size_t dns_name_length(const uint8_t *name);

/*
 * Are two plain names the same?  Only A-Z and a-z are alike (RFC 4343 3);
 * every other octet, also above 0x7f, counts as it is.
 */
bool dns_name_equal(const uint8_t *a, const uint8_t *b);

/* Are two plain names the same octet by octet? */
bool dns_name_equal_exact(const uint8_t *a, const uint8_t *b);

/* Is plain `name` equal to plain `parent`, or below it on a label border? */
bool dns_name_is_subdomain(const uint8_t *name, const uint8_t *parent);

/* Compares `len` octets with only ASCII letters folded. */
bool dns_name_bytes_equal(const uint8_t *a, const uint8_t *b, size_t len);

/*
 * Copies a plain name with A-Z folded to a-z: the form for keys of tables.
 * Returns its length.  `dst` may be `name`.
 */
size_t dns_name_lower(const uint8_t *name, uint8_t dst[DNS_NAME_MAX]);

/*
 * Gives each ASCII letter of a plain name the case that the bit at its place
 * in `bits` says (draft-vixie-dnsext-dns0x20).  The bits must be unpredictable.
 */
void dns_name_randomize_case(
    uint8_t *name, const uint8_t bits[DNS_NAME_CASE_BITS]);

/*
 * Reads a name in presentation form (RFC 1035 5.1): dots between labels, \DDD
 * and \X escapes, a last dot or none.  Writes a plain name to `dst`.  Returns 0
 * and *ret_len, or -EINVAL for an empty text or label, a bad escape, or a label
 * or name that is too long.
 */
int dns_name_from_text(
    const char *text, uint8_t dst[DNS_NAME_MAX], size_t *ret_len);

/*
 * Writes a plain name in presentation form for logs: printable ASCII without
 * blanks, anything else as \DDD, a dot at the end.  At most `size` octets with
 * the NUL, cut silently at a whole character; DNS_NAME_TEXT_MAX is always
 * enough.  Returns the length of the text; `size` must not be 0.
 */
size_t dns_name_to_text(const uint8_t *name, char *dst, size_t size);

#endif
