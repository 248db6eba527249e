/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte buffers, integers and time for the raw client.
 *
 * Not a general library: growth is by doubling, and running out of memory ends
 * the process, because a test tool has nobody to answer to.  It is independent
 * of base/ on purpose: the judge shares no code with the judged.
 */
#include "tools/doqspec/raw/bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BUF_FIRST = 64,
	VARINT_MAX_WIDTH = 8
};

void
raw_fatal(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(RAW_EXIT_TROUBLE);
}

void *
raw_alloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL)
		raw_fatal("out of memory");
	return p;
}

void *
raw_realloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (p == NULL)
		raw_fatal("out of memory");
	return p;
}

char *
raw_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = raw_alloc(1, size);

	memcpy(copy, text, size);
	return copy;
}

uint64_t
raw_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * RAW_SECOND + (uint64_t)ts.tv_nsec;
}

void
raw_buf_done(struct raw_buf *buf)
{
	free(buf->data);
	*buf = (struct raw_buf){0};
}

static uint8_t *
reserve(struct raw_buf *buf, size_t more)
{
	size_t need = buf->len + more;
	size_t cap = buf->cap ? buf->cap : BUF_FIRST;

	while (cap < need)
		cap *= 2;
	if (cap != buf->cap) {
		buf->data = raw_realloc(buf->data, cap);
		buf->cap = cap;
	}
	buf->len = need;
	return buf->data + need - more;
}

void
raw_buf_add(struct raw_buf *buf, const void *data, size_t len)
{
	if (len > 0)
		memcpy(reserve(buf, len), data, len);
}

void
raw_buf_fill(struct raw_buf *buf, uint8_t byte, size_t count)
{
	if (count > 0)
		memset(reserve(buf, count), byte, count);
}

void
raw_buf_u8(struct raw_buf *buf, unsigned value)
{
	*reserve(buf, 1) = (uint8_t)value;
}

void
raw_buf_u16(struct raw_buf *buf, unsigned value)
{
	raw_buf_u8(buf, value >> 8 & 0xff);
	raw_buf_u8(buf, value & 0xff);
}

void
raw_buf_u32(struct raw_buf *buf, uint32_t value)
{
	raw_buf_u16(buf, value >> 16);
	raw_buf_u16(buf, value & 0xffff);
}

void
raw_buf_varint_wide(struct raw_buf *buf, uint64_t value, size_t width)
{
	uint8_t *p = reserve(buf, width);
	uint8_t log = 0;

	for (size_t i = width; i-- > 0; value >>= 8)
		p[i] = (uint8_t)(value & 0xff);
	for (size_t w = width; w > 1; w /= 2)
		log++;
	p[0] = (uint8_t)((p[0] & 0x3f) | log << 6);
}

void
raw_buf_varint(struct raw_buf *buf, uint64_t value)
{
	size_t width = 1;

	while (width < VARINT_MAX_WIDTH && value >> (8 * width - 2) != 0)
		width *= 2;
	raw_buf_varint_wide(buf, value, width);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
raw_buf_hex(struct raw_buf *buf, const char *text, size_t len)
{
	int high = -1;

	for (size_t i = 0; i < len; i++) {
		int digit;

		if (strchr(" _:\t", text[i]) != NULL && high < 0)
			continue;
		digit = hex_digit(text[i]);
		if (digit < 0)
			return -EINVAL;
		if (high < 0) {
			high = digit;
			continue;
		}
		raw_buf_u8(buf, (unsigned)(high << 4 | digit));
		high = -1;
	}
	return high < 0 ? 0 : -EINVAL;
}

size_t
raw_get_varint(const uint8_t *p, size_t len, uint64_t *ret_value)
{
	uint64_t value;
	size_t width;

	if (len == 0)
		return 0;
	width = (size_t)1 << (p[0] >> 6);
	if (len < width)
		return 0;
	value = p[0] & 0x3f;
	for (size_t i = 1; i < width; i++)
		value = value << 8 | p[i];
	*ret_value = value;
	return width;
}

unsigned
raw_get_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t
raw_get_u32(const uint8_t *p)
{
	return (uint32_t)raw_get_u16(p) << 16 | raw_get_u16(p + 2);
}
