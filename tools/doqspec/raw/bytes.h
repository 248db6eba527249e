/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_BYTES_H
#define RAW_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Small helpers of the raw client: a growing byte buffer, integers in network
 * order, QUIC variable-length integers, hexadecimal text, time.
 *
 * The raw client is a test tool.  When it is out of memory it prints one line
 * and exits with RAW_EXIT_TROUBLE; no function here reports that to a caller.
 */

#define RAW_EXIT_FAILED 1  /* an expectation did not hold */
#define RAW_EXIT_TROUBLE 2 /* the tool itself could not work */

#define RAW_MS UINT64_C(1000000)
#define RAW_SECOND (1000 * RAW_MS)

struct raw_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

/* Prints "PROGRAM: ..." and ends the process with RAW_EXIT_TROUBLE. */
void raw_fatal(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* calloc and realloc that never return NULL. */
void *raw_alloc(size_t count, size_t size);
void *raw_realloc(void *old, size_t size);
char *raw_strdup(const char *text);

/* Nanoseconds of the monotonic clock. */
uint64_t raw_now(void);

/* Frees the bytes; the buffer is then empty and usable again. */
void raw_buf_done(struct raw_buf *buf);

/* Append to the end.  The bytes are copied; data may be NULL when len is 0. */
void raw_buf_add(struct raw_buf *buf, const void *data, size_t len);
void raw_buf_fill(struct raw_buf *buf, uint8_t byte, size_t count);
void raw_buf_u8(struct raw_buf *buf, unsigned value);
void raw_buf_u16(struct raw_buf *buf, unsigned value);
void raw_buf_u32(struct raw_buf *buf, uint32_t value);

/*
 * A variable-length integer in its shortest form (RFC 9000 16), or in exactly
 * `width` octets (1, 2, 4, 8): tests of over-long encodings need that.
 */
void raw_buf_varint(struct raw_buf *buf, uint64_t value);
void raw_buf_varint_wide(struct raw_buf *buf, uint64_t value, size_t width);

/*
 * Appends the octets that `text` writes in hexadecimal; blanks, '_' and ':'
 * between octets are skipped.  -EINVAL when it is not hexadecimal; the buffer
 * may then hold a part.
 */
int raw_buf_hex(struct raw_buf *buf, const char *text, size_t len);

/*
 * Reads a variable-length integer from the start of p[0..len).  Returns the
 * octets used, or 0 when it is cut short.
 */
size_t raw_get_varint(const uint8_t *p, size_t len, uint64_t *ret_value);

unsigned raw_get_u16(const uint8_t *p);
uint32_t raw_get_u32(const uint8_t *p);

#endif
