/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the scripted backend: reading queries, putting answers together.
 *
 * The reader takes what it can and never fails on a whole header, because the
 * log must show malformed queries as well.  Writers count what they append in
 * the header of the buffer they get, which holds one message.
 */
#include "tests/func/fakebe/fakebe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER_LEN = 12,
	FLAGS_KEPT = 0x7910, /* opcode, RD, CD */
	FLAG_QR_RA = 0x8080,
	POINTER_TO_QUESTION = 0xc00c,
	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_OPT = 41,
	CLASS_IN = 1,
	EDNS_DO = 0x8000,
	RR_FIXED_LEN = 10,
	ANSWER_TTL = 300,
	OWN_UDP_SIZE = 4000,
	NUMBER_MAX = 100000 /* octets or milliseconds, enough for any test */
};

/* Reads the question's name; returns the offset behind it or 0. */
static size_t
read_name(const struct be_query *q, char *text, size_t size)
{
	size_t at = HEADER_LEN;
	size_t n = 0;

	while (at < q->len && q->msg[at] != 0) {
		size_t len = q->msg[at];

		if (len > 63 || at + 1 + len > q->len)
			return 0;
		for (size_t i = 1; i <= len && n + 6 < size; i++) {
			uint8_t c = q->msg[at + i];
			bool is_plain = isalnum(c) || c == '-' || c == '_';

			n += (size_t)snprintf(
			    text + n, size - n, is_plain ? "%c" : "\\%03u", c);
		}
		text[n++] = '.';
		text[n] = '\0';
		at += 1 + len;
	}
	if (n == 0)
		snprintf(text, size, ".");
	return at < q->len ? at + 1 : 0;
}

void
be_query_call(struct be_query *q, const char *name)
{
	size_t len = strcspn(name, ".");
	size_t letters = len;

	while (letters > 0 && isdigit((unsigned char)name[letters - 1]))
		letters--;
	if (letters >= sizeof(q->label))
		letters = sizeof(q->label) - 1;
	for (size_t i = 0; i < letters; i++)
		q->label[i] = (char)tolower((unsigned char)name[i]);
	q->label[letters] = '\0';
	q->has_number = letters < len;
	q->number = 0;
	if (q->has_number)
		q->number = (unsigned)strtoul(name + letters, NULL, 10);
	if (q->number > NUMBER_MAX)
		q->number = NUMBER_MAX;
}

static void
read_options(struct be_query *q, size_t at, size_t end)
{
	q->opt_data = q->msg + at;
	q->opt_len = end - at;
	while (at + 4 <= end && q->noptions < BE_OPTIONS_MAX) {
		q->options[q->noptions++] = raw_get_u16(q->msg + at);
		at += 4 + raw_get_u16(q->msg + at + 2);
	}
}

/* Looks for an OPT record behind the question; names there are short. */
static void
find_opt(struct be_query *q, size_t at)
{
	while (at + 1 + RR_FIXED_LEN <= q->len) {
		size_t rdlen;

		while (at < q->len && q->msg[at] != 0 && q->msg[at] < 0xc0)
			at += 1 + (size_t)q->msg[at];
		at += at < q->len && q->msg[at] >= 0xc0 ? 2 : 1;
		if (at + RR_FIXED_LEN > q->len)
			return;
		rdlen = raw_get_u16(q->msg + at + 8);
		if (raw_get_u16(q->msg + at) == TYPE_OPT) {
			q->has_opt = true;
			q->udp_size = raw_get_u16(q->msg + at + 2);
			q->wants_dnssec =
			    raw_get_u16(q->msg + at + 6) & EDNS_DO;
			at += RR_FIXED_LEN;
			if (at + rdlen <= q->len)
				read_options(q, at, at + rdlen);
			return;
		}
		at += RR_FIXED_LEN + rdlen;
	}
}

int
be_query_read(const uint8_t *msg, size_t len, struct be_query *ret_query)
{
	struct be_query q = {.msg = msg, .len = len};
	size_t at;

	if (len < HEADER_LEN)
		return -EBADMSG;
	q.id = raw_get_u16(msg);
	q.flags = raw_get_u16(msg + 2);
	if (raw_get_u16(msg + 4) > 0) {
		at = read_name(&q, q.name, sizeof(q.name));
		be_query_call(&q, q.name);
		if (at != 0 && at + 4 <= len) {
			q.qtype = raw_get_u16(msg + at);
			q.qclass = raw_get_u16(msg + at + 2);
			q.question_len = at + 4 - HEADER_LEN;
			find_opt(&q, at + 4);
		}
	} else {
		find_opt(&q, HEADER_LEN);
	}
	*ret_query = q;
	return 0;
}

/* Adds one to a count of the header: 0 question ... 3 additional. */
static void
count_one(struct raw_buf *buf, unsigned section)
{
	uint8_t *p = buf->data + 4 + 2 * section;
	unsigned n = raw_get_u16(p) + 1;

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)(n & 0xff);
}

void
be_put_head(struct raw_buf *buf, const struct be_query *query, unsigned rcode)
{
	raw_buf_u16(buf, query->id);
	raw_buf_u16(buf, (query->flags & FLAGS_KEPT) | FLAG_QR_RA | rcode);
	raw_buf_fill(buf, 0, 8);
	if (query->question_len > 0) {
		raw_buf_add(buf, query->msg + HEADER_LEN, query->question_len);
		count_one(buf, 0);
	}
}

void
be_put_record(struct raw_buf *buf, unsigned type, uint32_t ttl,
    const void *rdata, size_t len)
{
	raw_buf_u16(buf, POINTER_TO_QUESTION);
	raw_buf_u16(buf, type);
	raw_buf_u16(buf, CLASS_IN);
	raw_buf_u32(buf, ttl);
	raw_buf_u16(buf, (unsigned)len & 0xffff);
	raw_buf_add(buf, rdata, len);
	count_one(buf, 1);
}

void
be_put_name(struct raw_buf *buf, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		raw_buf_u8(buf, (unsigned)len);
		raw_buf_add(buf, name, len);
		name += len + (name[len] == '.');
	}
	raw_buf_u8(buf, 0);
}

void
be_put_other(struct raw_buf *buf, unsigned section, const char *owner,
    unsigned type, const struct raw_buf *rdata)
{
	be_put_name(buf, owner);
	raw_buf_u16(buf, type);
	raw_buf_u16(buf, CLASS_IN);
	raw_buf_u32(buf, ANSWER_TTL);
	raw_buf_u16(buf, (unsigned)rdata->len & 0xffff);
	raw_buf_add(buf, rdata->data, rdata->len);
	count_one(buf, section);
}

void
be_put_opt(struct raw_buf *buf, unsigned size, uint32_t ttl,
    const void *options, size_t len)
{
	raw_buf_u8(buf, 0);
	raw_buf_u16(buf, TYPE_OPT);
	raw_buf_u16(buf, size);
	raw_buf_u32(buf, ttl);
	raw_buf_u16(buf, (unsigned)len & 0xffff);
	raw_buf_add(buf, options, len);
	count_one(buf, 3);
}

static void
put_soa(struct raw_buf *buf)
{
	struct raw_buf rdata = {0};

	be_put_name(&rdata, "ns.example.org");
	be_put_name(&rdata, "nobody.example.org");
	raw_buf_u32(&rdata, 1);
	raw_buf_u32(&rdata, 3600);
	raw_buf_u32(&rdata, 600);
	raw_buf_u32(&rdata, 86400);
	raw_buf_u32(&rdata, 60);
	be_put_other(buf, 2, "example.org", TYPE_SOA, &rdata);
	raw_buf_done(&rdata);
}

void
be_put_answer(struct raw_buf *buf, const struct be_query *query)
{
	static const uint8_t a[] = {192, 0, 2, 1};
	static const uint8_t aaaa[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

	be_put_head(buf, query, 0);
	if (query->qtype == TYPE_A)
		be_put_record(buf, TYPE_A, ANSWER_TTL, a, sizeof(a));
	else if (query->qtype == TYPE_AAAA)
		be_put_record(buf, TYPE_AAAA, ANSWER_TTL, aaaa, sizeof(aaaa));
	else if (query->qtype == TYPE_TXT)
		be_put_record(buf, TYPE_TXT, ANSWER_TTL, "\002ok", 3);
	else
		put_soa(buf);
	if (query->has_opt)
		be_put_opt(buf, OWN_UDP_SIZE, query->wants_dnssec ? EDNS_DO : 0,
		    NULL, 0);
}
