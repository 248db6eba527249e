/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the scripted backend does over TCP, by the first label of the name; N
 * is the number behind it.  Over UDP all these labels answer TC.
 *
 *   tcpok       the good answer        tcpsilent   nothing
 *   tcpslow tcpsplit   one octet a second, one every 20 ms
 *   tcplen N    a length of N with that many octets (0, 11)
 *   tcplong     a length of 65535, 10 octets, and the end
 *   tcpclose    the end, without an answer         tcpabort    a reset
 *   tcpclose N  the end after N answers
 *   tcpwrongid tcpwrongq   a forged answer, the good one 50 ms later
 *   tcptc       TC over TCP, too
 *   tcpreverse N  held until N (2) are there, or 200 ms; the last first
 *   tcpkeep0    keepalive timeout 0
 */
#include "tests/func/fakebe/fakebe.h"

#include <string.h>

enum {
	RIGHT_AFTER_MS = 50,
	SHORT_GAP_MS = 20,
	SLOW_OCTET_MS = 1000,
	HOLD_MS = 200,
	TTL = 300,
	LONGEST = 65535,
	LONGEST_SENT = 10,
	TYPE_A = 1,
	OWN_UDP_SIZE = 4000
};

static const uint8_t right_address[] = {192, 0, 2, 1};

typedef void (*tcp_fn)(struct be_job *, const struct be_query *, unsigned arg);

static void
do_ok(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	be_send_right(job, q, 0);
}

static void
do_silent(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)job;
	(void)q;
	(void)arg;
}

/* A forged answer with a fault, then the good one. */
static void
do_wrong(struct be_job *job, const struct be_query *q, unsigned fault)
{
	struct raw_buf b = {0};

	be_put_forged(&b, q);
	be_spoil(&b, q, (enum be_fault)fault);
	be_send(job, &b, 0, BE_SEND);
	be_send_right(job, q, RIGHT_AFTER_MS);
	raw_buf_done(&b);
}

/* The framed good answer, one octet at a time. */
static void
do_drip(struct be_job *job, const struct be_query *q, unsigned gap_ms)
{
	struct raw_buf b = {0};
	struct raw_buf framed = {0};

	be_put_answer(&b, q);
	raw_buf_u16(&framed, (unsigned)b.len);
	raw_buf_add(&framed, b.data, b.len);
	for (size_t i = 0; i < framed.len; i++) {
		struct raw_buf one = {.data = framed.data + i, .len = 1};

		be_send(job, &one, (unsigned)i * gap_ms, BE_RAW);
	}
	raw_buf_done(&framed);
	raw_buf_done(&b);
}

/* A length of arg with fewer octets behind it. */
static void
do_length(struct be_job *job, const struct be_query *q, unsigned length)
{
	struct raw_buf b = {0};
	struct raw_buf framed = {0};

	be_put_answer(&b, q);
	raw_buf_u16(&framed, length);
	if (length == LONGEST)
		b.len = LONGEST_SENT;
	else if (length < b.len)
		b.len = length;
	raw_buf_add(&framed, b.data, b.len);
	be_send(job, &framed, 0, BE_RAW);
	if (length == LONGEST)
		be_send(job, NULL, SHORT_GAP_MS, BE_CLOSE);
	raw_buf_done(&framed);
	raw_buf_done(&b);
}

static void
do_close(struct be_job *job, const struct be_query *q, unsigned is_abort)
{
	if (is_abort) {
		be_send(job, NULL, 0, BE_ABORT);
		return;
	}
	if (be_turn(job) <= q->number)
		be_send_right(job, q, 0);
	if (be_turn(job) >= q->number)
		be_send(job, NULL, 0, BE_CLOSE);
}

static void
do_reverse(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};

	(void)arg;
	be_put_answer(&b, q);
	be_hold(job, &b, q->has_number ? q->number : 2, HOLD_MS);
	raw_buf_done(&b);
}

static void
do_tcptc(struct be_job *job, const struct be_query *q, unsigned arg)
{
	be_send_truncated(job, q, arg);
}

static void
do_keep0(struct be_job *job, const struct be_query *q, unsigned arg)
{
	static const uint8_t zero[] = {0, 11, 0, 2, 0, 0};
	struct raw_buf b = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	be_put_record(&b, TYPE_A, TTL, right_address, sizeof(right_address));
	be_put_opt(&b, OWN_UDP_SIZE, 0, zero, sizeof(zero));
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static const struct {
	const char *label;
	tcp_fn fn;
	unsigned arg;
} tcp_behaviours[] = {
    {"tcpok", do_ok, 0},
    {"tcpsilent", do_silent, 0},
    {"tcpslow", do_drip, SLOW_OCTET_MS},
    {"tcpsplit", do_drip, SHORT_GAP_MS},
    {"tcplen", do_length, 0},
    {"tcplong", do_length, LONGEST},
    {"tcpclose", do_close, false},
    {"tcpabort", do_close, true},
    {"tcpwrongid", do_wrong, BE_FAULT_ID},
    {"tcpwrongq", do_wrong, BE_FAULT_NAME},
    {"tcptc", do_tcptc, true},
    {"tcpreverse", do_reverse, 0},
    {"tcpkeep", do_keep0, 0},
};

bool
be_behave_tcp(struct be_job *job, const struct be_query *query)
{
	size_t count = sizeof(tcp_behaviours) / sizeof(tcp_behaviours[0]);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(tcp_behaviours[i].label, query->label) != 0)
			continue;
		if (!query->is_tcp)
			be_send_truncated(job, query, false);
		else if (tcp_behaviours[i].fn == do_length &&
			 tcp_behaviours[i].arg == 0)
			do_length(job, query, query->number);
		else
			tcp_behaviours[i].fn(job, query, tcp_behaviours[i].arg);
		return true;
	}
	return false;
}
