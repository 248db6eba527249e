/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zone transfers of the scripted backend, over TCP, by the first label of the
 * zone's name; N is the number behind it, of messages (3).  The zone has the
 * serial 5.
 *
 *   (any other)  N messages, the first one with the question
 *   xfrbreak     N messages and the end of the connection; N may be 0
 *   xfrabort     N messages and a reset
 *   xfrstall     N messages and nothing more
 *   xfrempty     whole; in front of each message one with padding alone
 *   xfrtc        whole, TC in the last message
 *   xfrserial    whole, but the last SOA has another serial
 *   xfrkeep      whole, each message with a TSIG record (that nobody made) and
 *                from the second on with a keepalive option
 *   xfrrefused   REFUSED; so are names outside of example.org
 *
 * IXFR: xfrsame (one SOA), xfrstep and xfrsteps (one difference, two), others
 * as AXFR.
 */
#include "tests/func/fakebe/fakebe.h"

#include <stdio.h>
#include <string.h>

enum {
	TYPE_A = 1,
	TYPE_SOA = 6,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	CLASS_ANY = 255,
	RCODE_REFUSED = 5,
	FLAGS_ANSWER = 0x8400,
	FLAG_TC = 0x0200,
	TTL = 300,
	OWN_UDP_SIZE = 4000,
	MESSAGES = 3,
	RECORDS = 40,
	SERIAL = 5,
	PADDING = 100,
	ABORT_MS = 100
};

/* One transfer being made. */
struct xfr {
	struct be_job *job;
	const struct be_query *q;
	struct raw_buf b; /* the message that is being made */
	bool has_tsig;
	bool has_keepalive;
};

static void
put_soa(struct xfr *x, unsigned serial)
{
	struct raw_buf rdata = {0};

	be_put_name(&rdata, "ns.example.org");
	be_put_name(&rdata, "nobody.example.org");
	raw_buf_u32(&rdata, serial);
	raw_buf_u32(&rdata, 3600);
	raw_buf_u32(&rdata, 600);
	raw_buf_u32(&rdata, 86400);
	raw_buf_u32(&rdata, 60);
	be_put_other(&x->b, 1, x->q->name, TYPE_SOA, &rdata);
	raw_buf_done(&rdata);
}

static void
put_addresses(struct xfr *x, unsigned message, unsigned count)
{
	struct raw_buf rdata = {0};
	char owner[2 * BE_NAME_MAX];

	raw_buf_u32(&rdata, 0xc0000201);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(
		    owner, sizeof(owner), "a%u-%u.%s", message, i, x->q->name);
		be_put_other(&x->b, 1, owner, TYPE_A, &rdata);
	}
	raw_buf_done(&rdata);
}

static void
start_message(struct xfr *x, unsigned rcode)
{
	x->b.len = 0;
	be_put_head(&x->b, x->q, rcode);
}

/* RFC 5936 2.2.1: the later ones need no question. */
static void
start_later(struct xfr *x)
{
	x->b.len = 0;
	raw_buf_u16(&x->b, x->q->id);
	raw_buf_u16(&x->b, FLAGS_ANSWER);
	raw_buf_fill(&x->b, 0, 8);
}

/* A record of the right shape; no key made it. */
static void
put_tsig(struct raw_buf *b)
{
	uint8_t *count;

	be_put_name(b, "nobody");
	raw_buf_u16(b, TYPE_TSIG);
	raw_buf_u16(b, CLASS_ANY);
	raw_buf_u32(b, 0);
	raw_buf_u16(b, 13 + 16 + 32);
	be_put_name(b, "hmac-sha256");
	raw_buf_fill(b, 0, 16 - 6); /* time, fudge, MAC size */
	b->data[b->len - 1] = 32;
	raw_buf_fill(b, 0x5a, 32);
	raw_buf_fill(b, 0, 6); /* ID, error, other */
	count = b->data + 10;
	count[1]++;
}

static void
send_message(struct xfr *x)
{
	static const uint8_t keepalive[] = {0, 11, 0, 2, 0, 100};

	if (x->q->has_opt || x->has_keepalive)
		be_put_opt(&x->b, OWN_UDP_SIZE, 0, keepalive,
		    x->has_keepalive ? sizeof(keepalive) : 0);
	if (x->has_tsig)
		put_tsig(&x->b);
	be_send(x->job, &x->b, 0, BE_SEND);
}

/* Nothing but padding (RFC 9103 7.9.1). */
static void
send_empty(struct xfr *x, bool has_question)
{
	uint8_t padding[4 + PADDING] = {0, 12, 0, PADDING};

	if (has_question)
		start_message(x, 0);
	else
		start_later(x);
	be_put_opt(&x->b, OWN_UDP_SIZE, 0, padding, sizeof(padding));
	be_send(x->job, &x->b, 0, BE_SEND);
}

static bool
is_labelled(const struct be_query *q, const char *label)
{
	return strcmp(q->label, label) == 0;
}

/* `count` messages of a whole transfer of `whole`. */
static void
send_zone(struct xfr *x, unsigned count, unsigned whole)
{
	bool has_empty = is_labelled(x->q, "xfrempty");

	for (unsigned i = 0; i < count; i++) {
		if (has_empty)
			send_empty(x, i == 0);
		if (i == 0)
			start_message(x, 0);
		else
			start_later(x);
		if (i == 0)
			put_soa(x, SERIAL);
		put_addresses(x, i, RECORDS);
		if (i + 1 == whole)
			put_soa(x,
			    SERIAL + (is_labelled(x->q, "xfrserial") ? 1 : 0));
		if (i + 1 == whole && is_labelled(x->q, "xfrtc"))
			x->b.data[2] |= FLAG_TC >> 8;
		send_message(x);
		x->has_keepalive = x->has_tsig;
	}
}

/* From serial 3 (or 4, in one step) to 5. */
static void
send_steps(struct xfr *x, unsigned steps)
{
	start_message(x, 0);
	put_soa(x, SERIAL);
	for (unsigned from = SERIAL - steps; from < SERIAL; from++) {
		put_soa(x, from);
		put_addresses(x, from, 2);
		put_soa(x, from + 1);
		send_message(x); /* an end of a message anywhere */
		start_later(x);
		put_addresses(x, from + 1, 3);
	}
	put_soa(x, SERIAL);
	send_message(x);
}

static void
send_end(struct xfr *x)
{
	if (is_labelled(x->q, "xfrbreak"))
		be_send(x->job, NULL, 0, BE_CLOSE);
	else if (is_labelled(x->q, "xfrabort"))
		be_send(x->job, NULL, ABORT_MS, BE_ABORT);
}

bool
be_behave_xfr(struct be_job *job, const struct be_query *q)
{
	struct xfr x = {.job = job, .q = q};
	unsigned count = q->has_number ? q->number : MESSAGES;
	bool is_part = is_labelled(q, "xfrbreak") ||
		       is_labelled(q, "xfrabort") || is_labelled(q, "xfrstall");

	if (!q->is_tcp || (q->qtype != TYPE_AXFR && q->qtype != TYPE_IXFR))
		return false;
	x.has_tsig = is_labelled(q, "xfrkeep");
	if (is_labelled(q, "xfrrefused") ||
	    strstr(q->name, "example.org") == NULL) {
		start_message(&x, RCODE_REFUSED);
		send_message(&x);
	} else if (is_labelled(q, "xfrsame")) {
		start_message(&x, 0);
		put_soa(&x, SERIAL);
		send_message(&x);
	} else if (is_labelled(q, "xfrstep") || is_labelled(q, "xfrsteps")) {
		send_steps(&x, is_labelled(q, "xfrstep") ? 1 : 2);
	} else {
		send_zone(&x, count, is_part ? 0 : count);
		send_end(&x);
	}
	raw_buf_done(&x.b);
	return true;
}
