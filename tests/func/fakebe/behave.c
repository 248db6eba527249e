/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the scripted backend does, by the first label of the name.  N is the
 * number behind the label; an unknown label is as ok.
 *
 *   ok          A 192.0.2.1, AAAA 2001:db8::1, TXT "ok", else no data and SOA
 *   big N       TXT of about N octets; truncated over UDP
 *   full N      an answer of exactly N (65535) octets without OPT
 *   slow N      the good answer after N ms
 *   slowtc N    over UDP TC after N ms, over TCP the good answer
 *   silent      nothing
 *   tc tcpart   over UDP TC without data, TC with a wrong address in it
 *   tcrefuse    over UDP TC, over TCP a reset
 *   wrongid wrongname wrongtype wrongclass wrongopcode qr0 emptyq wrongport
 *   wrongaddr   an answer (A 203.0.113.66) with that fault, the good one
 *               50 ms later
 *   forged      wrong ID, the good answer after 300 ms
 *   flood N     N (65535) forged answers, every ID but the right; then good
 *   twice       the good answer and a forged second one
 *   nxdomain servfail refused notimp formerr nodata
 *   formerrempty notimpempty   without a question
 *   noedns ednsdrop   to a query with OPT FORMERR without OPT, or nothing
 *   badvers badcookie that extended RCODE when the query has an OPT
 *   twoopt keepalive N ede ecsunasked padding nsid optsize   things in OPT
 *   noopt       no OPT in the answer whatever was asked
 *   loopname forwardname badrdlen aaaacut soacut rrsigcut hugecount trailing
 *   bomb short  malformed answers
 *   lower upper the question in another case
 *   rr N        one record of TYPE N with fixed RDATA full of pointers
 *   rrlen N     TYPE65280 with N octets of RDATA
 *   ad aa raz   AD set, AA set, RA clear
 *   poison      an extra record of victim.example.org
 *   ttlmax ttldiff cnameloop cnamechain N mx
 *   cookie... needcookie newcookie ecs...   see edns.c
 *   ttl N neg N nth N then ...   see remember.c
 *   tcp...      see tcp.c
 */
#include "tests/func/fakebe/fakebe.h"

#include <ctype.h>
#include <string.h>

enum {
	BADCOOKIE = 23,
	HEADER_LEN = 12,
	RIGHT_AFTER_MS = 50,
	FORGED_MS = 300,
	SECOND_MS = 20,
	FLOOD_ALL = 65535,
	TTL = 300,
	TXT_STRING_MAX = 255,
	UDP_CLASSIC = 512,
	RDATA_PATTERN_LEN = 64,
	RCODE_FORMERR = 1,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4,
	RCODE_REFUSED = 5,
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_RRSIG = 46,
	TYPE_UNKNOWN = 65280,
	OWN_UDP_SIZE = 4000,
	FLAGS1_AA = 0x04,
	FLAGS1_TC = 0x02,
	FLAGS2_RA = 0x80,
	FLAGS2_AD = 0x20
};

static const uint8_t forged_address[] = {203, 0, 113, 66};
static const uint8_t right_address[] = {192, 0, 2, 1};

typedef void (*behave_fn)(
    struct be_job *, const struct be_query *, unsigned arg);

void
be_send_right(struct be_job *job, const struct be_query *q, unsigned delay_ms)
{
	struct raw_buf b = {0};

	be_put_answer(&b, q);
	be_send(job, &b, delay_ms, BE_SEND);
	raw_buf_done(&b);
}

/* An answer that must never be believed. */
void
be_put_forged(struct raw_buf *b, const struct be_query *q)
{
	be_put_head(b, q, 0);
	be_put_record(b, TYPE_A, TTL, forged_address, sizeof(forged_address));
	if (q->has_opt)
		be_put_opt(b, OWN_UDP_SIZE, 0, NULL, 0);
}

static void
do_ok(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	be_send_right(job, q, 0);
}

static void
do_slow(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	be_send_right(job, q, q->number);
}

static void
do_silent(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)job;
	(void)q;
	(void)arg;
}

static void
send_truncated_later(struct be_job *job, const struct be_query *q,
    bool has_data, unsigned delay_ms)
{
	struct raw_buf b = {0};

	be_put_head(&b, q, 0);
	if (has_data)
		be_put_record(
		    &b, TYPE_A, TTL, forged_address, sizeof(forged_address));
	b.data[2] |= FLAGS1_TC;
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	be_send(job, &b, delay_ms, BE_SEND);
	raw_buf_done(&b);
}

void
be_send_truncated(struct be_job *job, const struct be_query *q, bool has_data)
{
	send_truncated_later(job, q, has_data, 0);
}

static void
do_slowtc(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	if (q->is_tcp)
		be_send_right(job, q, 0);
	else
		send_truncated_later(job, q, false, q->number);
}

static void
do_tc(struct be_job *job, const struct be_query *q, unsigned has_data)
{
	if (q->is_tcp)
		be_send_right(job, q, 0);
	else
		be_send_truncated(job, q, has_data);
}

static void
do_tcrefuse(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	if (q->is_tcp)
		be_send(job, NULL, 0, BE_ABORT);
	else
		be_send_truncated(job, q, false);
}

static void
do_big(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	struct raw_buf text = {0};
	size_t most = q->has_opt ? q->udp_size : UDP_CLASSIC;

	(void)arg;
	be_put_head(&b, q, 0);
	while (text.len < q->number) {
		size_t left = q->number - text.len;
		unsigned n =
		    left > TXT_STRING_MAX ? TXT_STRING_MAX : (unsigned)left;

		raw_buf_u8(&text, n);
		raw_buf_fill(&text, 'x', n);
	}
	be_put_record(&b, TYPE_TXT, TTL, text.data, text.len);
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	if (!q->is_tcp && b.len > most)
		be_send_truncated(job, q, false);
	else
		be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&text);
	raw_buf_done(&b);
}

static void
do_full(struct be_job *job, const struct be_query *q, unsigned arg)
{
	enum {
		RR_HEAD_LEN = 12,
		FULL_MAX = 65535
	};
	struct raw_buf b = {0};
	struct raw_buf text = {0};
	size_t want =
	    q->has_number && q->number < FULL_MAX ? q->number : FULL_MAX;
	size_t left;

	(void)arg;
	be_put_head(&b, q, 0);
	left = want > b.len + RR_HEAD_LEN ? want - b.len - RR_HEAD_LEN : 0;
	while (left > 0) {
		unsigned n =
		    left > TXT_STRING_MAX ? TXT_STRING_MAX : (unsigned)left - 1;

		raw_buf_u8(&text, n);
		raw_buf_fill(&text, 'y', n);
		left -= 1 + n;
	}
	be_put_record(&b, TYPE_TXT, TTL, text.data, text.len);
	if (q->is_tcp)
		be_send(job, &b, 0, BE_SEND);
	else
		be_send_truncated(job, q, false);
	raw_buf_done(&text);
	raw_buf_done(&b);
}

/* ---- forged answers ---------------------------------------------------- */

void
be_spoil(struct raw_buf *b, const struct be_query *q, enum be_fault fault)
{
	size_t end = HEADER_LEN + q->question_len;

	switch (fault) {
	case BE_FAULT_ID:
		b->data[1] ^= 0x01;
		break;
	case BE_FAULT_NAME:
		if (q->question_len > 5)
			b->data[HEADER_LEN + 1] ^= 0x01;
		break;
	case BE_FAULT_TYPE:
		b->data[end - 3] ^= 0x10;
		break;
	case BE_FAULT_CLASS:
		b->data[end - 1] ^= 0x02;
		break;
	case BE_FAULT_QR:
		b->data[2] &= 0x7f;
		break;
	case BE_FAULT_OPCODE:
		b->data[2] |= 0x20;
		break;
	case BE_FAULT_NO_QUESTION:
		memmove(b->data + HEADER_LEN, b->data + end, b->len - end);
		b->len -= q->question_len;
		b->data[5] = 0;
		/* The owner pointed to the question: now it is the root. */
		memmove(b->data + HEADER_LEN, b->data + HEADER_LEN + 1,
		    b->len - HEADER_LEN - 1);
		b->len--;
		b->data[HEADER_LEN] = 0;
		break;
	case BE_FAULT_PORT:
	case BE_FAULT_ADDRESS:
		break;
	}
}

static void
do_wrong(struct be_job *job, const struct be_query *q, unsigned fault)
{
	struct raw_buf b = {0};
	enum be_way way = BE_SEND;

	be_put_forged(&b, q);
	if (q->question_len > 0)
		be_spoil(&b, q, (enum be_fault)fault);
	if (!q->is_tcp && fault == BE_FAULT_PORT)
		way = BE_OTHER_PORT;
	else if (!q->is_tcp && fault == BE_FAULT_ADDRESS)
		way = BE_OTHER_ADDRESS;
	if (!q->is_tcp || fault < BE_FAULT_PORT)
		be_send(job, &b, 0, way);
	be_send_right(job, q, RIGHT_AFTER_MS);
	raw_buf_done(&b);
}

static void
do_forged(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};

	(void)arg;
	be_put_forged(&b, q);
	be_spoil(&b, q, BE_FAULT_ID);
	be_send(job, &b, 0, BE_SEND);
	be_send_right(job, q, FORGED_MS);
	raw_buf_done(&b);
}

static void
do_flood(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	unsigned count = q->has_number ? q->number : FLOOD_ALL;

	(void)arg;
	be_put_forged(&b, q);
	for (unsigned i = 1; i <= count && i <= FLOOD_ALL && !q->is_tcp; i++) {
		unsigned id = (q->id + i) & 0xffff;

		b.data[0] = (uint8_t)(id >> 8);
		b.data[1] = (uint8_t)(id & 0xff);
		be_send(job, &b, 0, BE_SEND);
	}
	be_send_right(job, q, RIGHT_AFTER_MS);
	raw_buf_done(&b);
}

static void
do_twice(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};

	(void)arg;
	be_send_right(job, q, 0);
	be_put_forged(&b, q);
	be_send(job, &b, SECOND_MS, BE_SEND);
	raw_buf_done(&b);
}

/* ---- RCODEs and EDNS --------------------------------------------------- */

static void
do_rcode(struct be_job *job, const struct be_query *q, unsigned rcode)
{
	struct raw_buf b = {0};
	struct be_query asked = *q;

	/* The good answer to an unknown type is a SOA in the authority. */
	asked.qtype = TYPE_SOA;
	if (rcode == RCODE_NXDOMAIN || rcode == 0)
		be_put_answer(&b, &asked);
	else
		be_put_head(&b, q, rcode);
	b.data[3] = (uint8_t)((b.data[3] & 0xf0) | rcode);
	if (q->has_opt && rcode != RCODE_NXDOMAIN && rcode != 0)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_rcode_empty(struct be_job *job, const struct be_query *q, unsigned rcode)
{
	struct raw_buf b = {0};
	struct be_query bare = *q;

	bare.question_len = 0;
	be_put_head(&b, &bare, rcode);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_noedns(struct be_job *job, const struct be_query *q, unsigned is_silent)
{
	if (!q->has_opt)
		be_send_right(job, q, 0);
	else if (!is_silent)
		do_rcode_empty(job, q, RCODE_FORMERR);
}

static void
do_ext_rcode(struct be_job *job, const struct be_query *q, unsigned rcode)
{
	struct raw_buf b = {0};

	/* A cookie proves an address, as TCP does (RFC 7873 5.2.3). */
	if (!q->has_opt || (rcode == BADCOOKIE && q->is_tcp)) {
		be_send_right(job, q, 0);
		return;
	}
	be_put_head(&b, q, rcode & 0x0f);
	be_put_opt(&b, OWN_UDP_SIZE, (uint32_t)(rcode >> 4) << 24, NULL, 0);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

enum opt_extra {
	OPT_KEEPALIVE,
	OPT_EDE,
	OPT_ECS,
	OPT_PADDING,
	OPT_NSID,
	OPT_SIZE,
	OPT_TWO,
	OPT_NONE
};

/* The good address with something special in OPT, asked for or not. */
static void
do_opt(struct be_job *job, const struct be_query *q, unsigned extra)
{
	static const struct {
		const char *octets;
		size_t len;
	} data[] = {
	    [OPT_KEEPALIVE] = {"\000\013\000\002\000\144", 6},
	    [OPT_EDE] = {"\000\017\000\007\000\021fakeb", 11},
	    [OPT_ECS] = {"\000\010\000\007\000\001\030\030\300\000\002", 11},
	    [OPT_PADDING] = {"\000\014\000\005\000\000\000\000\000", 9},
	    [OPT_NSID] = {"\000\003\000\006fakebe", 10},
	    [OPT_SIZE] = {"", 0},
	    [OPT_TWO] = {"", 0},
	    [OPT_NONE] = {"", 0},
	};
	struct raw_buf b = {0};

	be_put_head(&b, q, 0);
	be_put_record(&b, TYPE_A, TTL, right_address, sizeof(right_address));
	if (extra != OPT_NONE)
		be_put_opt(&b, extra == OPT_SIZE ? 65535 : OWN_UDP_SIZE, 0,
		    data[extra].octets, data[extra].len);
	if (extra == OPT_TWO)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	if (extra == OPT_KEEPALIVE && q->has_number)
		b.data[b.len - 1] = (uint8_t)q->number;
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

/* ---- malformed and odd answers ----------------------------------------- */

enum malformed {
	BAD_LOOP,
	BAD_FORWARD,
	BAD_RDLEN,
	BAD_AAAA,
	BAD_SOA,
	BAD_RRSIG,
	BAD_COUNT,
	BAD_TRAILING,
	BAD_BOMB,
	BAD_SHORT
};

/* Every record's owner is a pointer to the pointer of the one before. */
static void
put_bomb(struct raw_buf *b)
{
	enum {
		BOMB_RECORDS = 1000
	};
	size_t before = HEADER_LEN;

	for (int i = 0; i < BOMB_RECORDS; i++) {
		size_t at = b->len;

		be_put_record(
		    b, TYPE_A, TTL, forged_address, sizeof(forged_address));
		b->data[at] = (uint8_t)(0xc0 | before >> 8);
		b->data[at + 1] = (uint8_t)(before & 0xff);
		before = at;
		if (before > 0x3fff)
			before = HEADER_LEN;
	}
}

static void
do_malformed(struct be_job *job, const struct be_query *q, unsigned kind)
{
	static const uint8_t five[] = {192, 0, 2, 1, 9};
	static const uint8_t cut_sig[18] = {0, TYPE_A, 13, 3};
	struct raw_buf b = {0};
	size_t at;

	be_put_head(&b, q, 0);
	at = b.len;
	if (kind == BAD_RDLEN)
		be_put_record(&b, TYPE_A, TTL, five, sizeof(five));
	else if (kind == BAD_AAAA)
		be_put_record(&b, TYPE_AAAA, TTL, NULL, 0);
	else if (kind == BAD_SOA)
		be_put_record(&b, TYPE_SOA, TTL, five, sizeof(five));
	else if (kind == BAD_RRSIG) /* the signer's name is not there */
		be_put_record(&b, TYPE_RRSIG, TTL, cut_sig, sizeof(cut_sig));
	else if (kind == BAD_BOMB)
		put_bomb(&b);
	else
		be_put_record(
		    &b, TYPE_A, TTL, forged_address, sizeof(forged_address));
	if (kind == BAD_LOOP) /* the owner points to itself */
		b.data[at + 1] = (uint8_t)at;
	else if (kind == BAD_FORWARD)
		b.data[at + 1] = (uint8_t)(at + 4);
	else if (kind == BAD_COUNT)
		b.data[6] = b.data[7] = 0xff;
	else if (kind == BAD_TRAILING)
		raw_buf_fill(&b, 0xee, 20);
	else if (kind == BAD_SHORT)
		b.len = HEADER_LEN - 1;
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_case(struct be_job *job, const struct be_query *q, unsigned is_upper)
{
	struct raw_buf b = {0};

	be_put_answer(&b, q);
	for (size_t i = 0; i + 4 < q->question_len; i++) {
		uint8_t *c = &b.data[HEADER_LEN + i];

		*c = (uint8_t)(is_upper ? toupper(*c) : tolower(*c));
	}
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

/* RDATA of a type nobody knows: pointers, a long label, a root. */
static void
do_unknown(struct be_job *job, const struct be_query *q, unsigned is_len)
{
	static const uint8_t seed[] = {0xc0, 0x0c, 0xff, 0x3f, 'M', 'i', 'X',
	    0x00, 0xc0, 0x01, 0x40, 0x80, 0x07};
	struct raw_buf b = {0};
	struct raw_buf rdata = {0};
	size_t len = is_len ? q->number : RDATA_PATTERN_LEN;

	for (size_t i = 0; i < len; i++)
		raw_buf_u8(&rdata, seed[i % sizeof(seed)] ^
				       (i >= sizeof(seed) ? i & 0xff : 0u));
	be_put_head(&b, q, 0);
	be_put_record(
	    &b, is_len ? TYPE_UNKNOWN : q->number, TTL, rdata.data, rdata.len);
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	if (!q->is_tcp && b.len > (q->has_opt ? q->udp_size : UDP_CLASSIC))
		be_send_truncated(job, q, false);
	else
		be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&rdata);
	raw_buf_done(&b);
}

enum flag {
	SET_AD,
	SET_AA,
	CLEAR_RA
};

static void
do_flag(struct be_job *job, const struct be_query *q, unsigned flag)
{
	struct raw_buf b = {0};

	be_put_answer(&b, q);
	if (flag == SET_AD)
		b.data[3] |= FLAGS2_AD;
	else if (flag == SET_AA)
		b.data[2] |= FLAGS1_AA;
	else
		b.data[3] &= (uint8_t)~FLAGS2_RA;
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_poison(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	struct raw_buf address = {0};

	(void)arg;
	be_put_answer(&b, q);
	raw_buf_add(&address, forged_address, sizeof(forged_address));
	be_put_other(&b, 3, "victim.example.org", TYPE_A, &address);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&address);
	raw_buf_done(&b);
}

static void
do_ttl(struct be_job *job, const struct be_query *q, unsigned is_max)
{
	static const uint8_t second[] = {192, 0, 2, 2};
	struct raw_buf b = {0};

	be_put_head(&b, q, 0);
	be_put_record(&b, TYPE_A, is_max ? UINT32_MAX : TTL, right_address,
	    sizeof(right_address));
	if (!is_max)
		be_put_record(&b, TYPE_A, 7, second, sizeof(second));
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_cname(struct be_job *job, const struct be_query *q, unsigned is_loop)
{
	static const uint8_t self[] = {0xc0, HEADER_LEN};
	struct raw_buf b = {0};
	size_t owner = HEADER_LEN;

	be_put_head(&b, q, 0);
	if (is_loop)
		be_put_record(&b, TYPE_CNAME, TTL, self, sizeof(self));
	for (unsigned i = 0; !is_loop && i < q->number; i++) {
		struct raw_buf target = {0};
		char label[16] = "x";
		size_t at = b.len;

		for (unsigned n = i, c = 1; c < 6; c++, n /= 10)
			label[c] = (char)('0' + n % 10);
		be_put_name(&target, label);
		be_put_record(&b, TYPE_CNAME, TTL, target.data, target.len);
		b.data[at] = (uint8_t)(0xc0 | (owner >> 8 & 0x3f));
		b.data[at + 1] = (uint8_t)(owner & 0xff);
		owner = b.len - target.len;
		if (owner > 0x3fff)
			owner = HEADER_LEN;
		raw_buf_done(&target);
	}
	if (!q->is_tcp && b.len > (q->has_opt ? q->udp_size : UDP_CLASSIC))
		be_send_truncated(job, q, false);
	else
		be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

static void
do_mx(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	struct raw_buf rdata = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	raw_buf_u16(&rdata, 10);
	be_put_name(&rdata, "MaIl.ExAmPlE");
	be_put_record(&b, TYPE_MX, TTL, rdata.data, rdata.len);
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, NULL, 0);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&rdata);
	raw_buf_done(&b);
}

static const struct {
	const char *label;
	behave_fn fn;
	unsigned arg;
} behaviours[] = {
    {"ok", do_ok, 0},
    {"slow", do_slow, 0},
    {"silent", do_silent, 0},
    {"big", do_big, 0},
    {"full", do_full, 0},
    {"slowtc", do_slowtc, 0},
    {"tc", do_tc, false},
    {"tcpart", do_tc, true},
    {"tcrefuse", do_tcrefuse, 0},
    {"wrongid", do_wrong, BE_FAULT_ID},
    {"wrongname", do_wrong, BE_FAULT_NAME},
    {"wrongtype", do_wrong, BE_FAULT_TYPE},
    {"wrongclass", do_wrong, BE_FAULT_CLASS},
    {"qr", do_wrong, BE_FAULT_QR},
    {"wrongopcode", do_wrong, BE_FAULT_OPCODE},
    {"emptyq", do_wrong, BE_FAULT_NO_QUESTION},
    {"wrongport", do_wrong, BE_FAULT_PORT},
    {"wrongaddr", do_wrong, BE_FAULT_ADDRESS},
    {"forged", do_forged, 0},
    {"flood", do_flood, 0},
    {"twice", do_twice, 0},
    {"nxdomain", do_rcode, RCODE_NXDOMAIN},
    {"servfail", do_rcode, RCODE_SERVFAIL},
    {"refused", do_rcode, RCODE_REFUSED},
    {"notimp", do_rcode, RCODE_NOTIMP},
    {"formerr", do_rcode, RCODE_FORMERR},
    {"nodata", do_rcode, 0},
    {"formerrempty", do_rcode_empty, RCODE_FORMERR},
    {"notimpempty", do_rcode_empty, RCODE_NOTIMP},
    {"noedns", do_noedns, false},
    {"ednsdrop", do_noedns, true},
    {"badvers", do_ext_rcode, 16},
    {"badcookie", do_ext_rcode, BADCOOKIE},
    {"keepalive", do_opt, OPT_KEEPALIVE},
    {"ede", do_opt, OPT_EDE},
    {"ecsunasked", do_opt, OPT_ECS},
    {"padding", do_opt, OPT_PADDING},
    {"nsid", do_opt, OPT_NSID},
    {"optsize", do_opt, OPT_SIZE},
    {"twoopt", do_opt, OPT_TWO},
    {"noopt", do_opt, OPT_NONE},
    {"loopname", do_malformed, BAD_LOOP},
    {"forwardname", do_malformed, BAD_FORWARD},
    {"badrdlen", do_malformed, BAD_RDLEN},
    {"aaaacut", do_malformed, BAD_AAAA},
    {"soacut", do_malformed, BAD_SOA},
    {"rrsigcut", do_malformed, BAD_RRSIG},
    {"hugecount", do_malformed, BAD_COUNT},
    {"trailing", do_malformed, BAD_TRAILING},
    {"bomb", do_malformed, BAD_BOMB},
    {"short", do_malformed, BAD_SHORT},
    {"lower", do_case, false},
    {"upper", do_case, true},
    {"rr", do_unknown, false},
    {"rrlen", do_unknown, true},
    {"ad", do_flag, SET_AD},
    {"aa", do_flag, SET_AA},
    {"raz", do_flag, CLEAR_RA},
    {"poison", do_poison, 0},
    {"ttlmax", do_ttl, true},
    {"ttldiff", do_ttl, false},
    {"cnameloop", do_cname, true},
    {"cnamechain", do_cname, false},
    {"mx", do_mx, 0},
};

void
be_behave(struct be_job *job, const struct be_query *query)
{
	size_t count = sizeof(behaviours) / sizeof(behaviours[0]);

	if (be_behave_xfr(job, query) || be_behave_tcp(job, query) ||
	    be_behave_edns(job, query) || be_behave_remember(job, query))
		return;
	for (size_t i = 0; i < count; i++)
		if (strcmp(behaviours[i].label, query->label) == 0) {
			behaviours[i].fn(job, query, behaviours[i].arg);
			return;
		}
	be_send_right(job, query, 0);
}
