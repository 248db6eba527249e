/* SPDX-License-Identifier: BSD-2-Clause */
/* Zone transfers: where they end, in every form and cut anywhere. */
#include "dns/xfr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/answer.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	ID = 0x1234,
	RESPONSE = 0x8400,
	AXFR = 252,
	IXFR = 251,
	SOA_RDATA_FIXED = 20,
	MESSAGES_MAX = 12,
	BLOCK = 468,
	KEEPALIVE = 11,
	UNKNOWN = 65280,
	ROUNDS = 30000
};

#define ZONE "Zone.example"

static const struct dns_hop doq = {
    .max_size = DNS_MESSAGE_MAX,
    .pad_block = BLOCK,
    .zero_id = true,
    .no_keepalive = true,
};

static struct dnsmsg asked;
static struct dns_query query;
static struct dns_xfr xfr;
static struct dns_expect expect;
static struct dnsmsg got;
static struct dns_response resp;

static void
put_soa(struct dnsmsg *m, enum dnsmsg_section section, const char *owner,
    unsigned serial)
{
	size_t at;

	dnsmsg_soa(m, section, owner);
	at = m->len - SOA_RDATA_FIXED;
	m->data[at] = (uint8_t)(serial >> 24);
	m->data[at + 1] = (uint8_t)(serial >> 16);
	m->data[at + 2] = (uint8_t)(serial >> 8);
	m->data[at + 3] = (uint8_t)serial;
}

/* Asks; `serial` is what the asker has, 0 for none. */
static void
begin(unsigned type, unsigned serial)
{
	dnsmsg_start(&asked, ID, 0);
	dnsmsg_question(&asked, ZONE, type);
	if (serial != 0)
		put_soa(&asked, IN_AUTHORITY, "@12", serial);
	CU_ASSERT_FATAL(
	    dns_query_parse(asked.data, asked.len, &query) == DNS_VERDICT_OK);
	CU_ASSERT(dns_query_is_transfer(&query));
	dns_xfr_init(&xfr, &query);
	CU_ASSERT_FATAL(
	    dns_expect_init(asked.data, asked.len, false, &expect) == 0);
}

static enum dns_xfr_step
take(void)
{
	uint8_t *data = dnsmsg_exact(got.data, got.len);
	enum dns_xfr_step step = DNS_XFR_BROKEN;

	if (dns_response_check(data, got.len, &expect, &resp) ==
	    DNS_MATCH_ACCEPT)
		step = dns_xfr_take(&xfr, &resp);
	expect.may_lack_question = true;
	free(data);
	return step;
}

/*
 * A message of the records that `text` says: a number is an SOA of that
 * serial, `a` an address, `x` an SOA of another name.
 */
static void
message(const char *text, bool has_question)
{
	dnsmsg_start(&got, ID, RESPONSE);
	if (has_question)
		dnsmsg_question(&got, ZONE, query.qtype);
	for (; *text != '\0'; text++) {
		if (*text == 'a')
			dnsmsg_a(&got, IN_ANSWER, "a." ZONE);
		else if (*text == 'x')
			put_soa(&got, IN_ANSWER, "sub." ZONE, 9);
		else
			put_soa(&got, IN_ANSWER, "zONE.EXAMPLE",
			    (unsigned)(*text - '0'));
	}
}

/* Messages parted by blanks: MORE for each, and what the last one is. */
static enum dns_xfr_step
play(const char *text)
{
	enum dns_xfr_step step = DNS_XFR_MORE;
	bool is_first = true;
	char part[64];
	size_t len;

	for (;;) {
		len = strcspn(text, " ");
		memcpy(part, text, len);
		part[len] = '\0';
		message(part, is_first);
		step = take();
		text += len;
		if (*text == '\0' || step != DNS_XFR_MORE)
			return *text == '\0' ? step : DNS_XFR_BROKEN;
		text++;
		is_first = false;
	}
}

static enum dns_xfr_step
axfr(const char *text)
{
	begin(AXFR, 0);
	return play(text);
}

/* By who has serial 3. */
static enum dns_xfr_step
ixfr(const char *text)
{
	begin(IXFR, 3);
	return play(text);
}

static void
test_axfr(void)
{
	PROVE("FWD-172", axfr("5aa5") == DNS_XFR_LAST);
	CU_ASSERT(axfr("5aa") == DNS_XFR_MORE);
	PROVE("FWD-172", axfr("5 a a 5") == DNS_XFR_LAST);
	CU_ASSERT(axfr("55") == DNS_XFR_LAST);
	CU_ASSERT(axfr("5") == DNS_XFR_MORE);
	CU_ASSERT(axfr("5axa5") == DNS_XFR_LAST);
	CU_ASSERT(axfr("a5a5") == DNS_XFR_BROKEN);
	CU_ASSERT(axfr("x5a5") == DNS_XFR_BROKEN);
	CU_ASSERT(axfr("5aa5a") == DNS_XFR_BROKEN);
	CU_ASSERT(axfr("5aa55") == DNS_XFR_BROKEN);
	CU_ASSERT(axfr("5aa6") == DNS_XFR_BROKEN);
	CU_ASSERT(axfr("5aa5 a") == DNS_XFR_BROKEN);
}

static void
test_ixfr(void)
{
	/* Up to date; one step, two steps; as AXFR. */
	PROVE("FWD-172", ixfr("3") == DNS_XFR_LAST);
	PROVE("FWD-172", ixfr("53a5a5") == DNS_XFR_LAST);
	PROVE("FWD-172", ixfr("53a4aa4aa5a5") == DNS_XFR_LAST);
	PROVE("FWD-172", ixfr("5aa5") == DNS_XFR_LAST);
	PROVE("FWD-172", ixfr("5 3 a 4 a a 4 a a 5 a 5") == DNS_XFR_LAST);
	CU_ASSERT(ixfr("5 a 5") == DNS_XFR_LAST);
	CU_ASSERT(ixfr("535") == DNS_XFR_MORE);
	CU_ASSERT(ixfr("5355") == DNS_XFR_LAST);
	CU_ASSERT(ixfr("55") == DNS_XFR_LAST);
	CU_ASSERT(ixfr("2") == DNS_XFR_LAST); /* the server lags behind */
	CU_ASSERT(ixfr("5") == DNS_XFR_MORE);
	CU_ASSERT(ixfr("53a4aa4aa5a") == DNS_XFR_MORE);
	CU_ASSERT(ixfr("53a4a5") == DNS_XFR_BROKEN);
	CU_ASSERT(ixfr("53a4a3") == DNS_XFR_BROKEN);
	CU_ASSERT(ixfr("53a5a5a") == DNS_XFR_BROKEN);
	CU_ASSERT(ixfr("a") == DNS_XFR_BROKEN);
	begin(IXFR, 0); /* who has nothing is told what there is */
	CU_ASSERT(play("5") == DNS_XFR_LAST);
}

/* RFC 1982 */
static void
test_serials(void)
{
	begin(IXFR, 0xfffffff0u);
	CU_ASSERT(play("5") == DNS_XFR_MORE);
	begin(IXFR, 0x7ffffff0u);
	CU_ASSERT(play("5") == DNS_XFR_LAST);
	/* Somebody else's SOA is no serial of the asker's. */
	dnsmsg_start(&asked, ID, 0);
	dnsmsg_question(&asked, ZONE, IXFR);
	put_soa(&asked, IN_AUTHORITY, "other.example", 9);
	CU_ASSERT(
	    dns_query_parse(asked.data, asked.len, &query) == DNS_VERDICT_OK);
	dns_xfr_init(&xfr, &query);
	CU_ASSERT(!xfr.has_serial);
}

static void
test_errors(void)
{
	unsigned rcode;

	for (rcode = 1; rcode < 16; rcode++) {
		begin(AXFR, 0);
		message("", true);
		got.data[3] = (uint8_t)rcode;
		CU_ASSERT(take() == DNS_XFR_LAST);
		begin(AXFR, 0);
		CU_ASSERT(play("5a") == DNS_XFR_MORE);
		message("", true);
		got.data[3] = (uint8_t)rcode;
		CU_ASSERT(take() == DNS_XFR_BROKEN);
	}
	begin(AXFR, 0);
	message("5a", true);
	got.data[2] |= 0x02; /* TC */
	PROVE("FWD-173", take() == DNS_XFR_BROKEN);
	/* RFC 5936 2.2.1: the first message has the question. */
	begin(AXFR, 0);
	message("5a", false);
	CU_ASSERT(take() == DNS_XFR_BROKEN);
}

/* RFC 9103 7.9.1: messages without records, padded ones, anywhere. */
static void
test_empty(void)
{
	static const uint8_t padding[] = {0, 12, 0, 3, 0, 0, 0};
	unsigned i;

	begin(AXFR, 0);
	for (i = 0; i < MESSAGES_MAX; i++) {
		if (i == 3)
			message("5a", true);
		else
			message("", i < 3);
		dnsmsg_opt(&got, 1232, 0, padding, sizeof(padding));
		CU_ASSERT(take() == DNS_XFR_MORE);
	}
	message("5", false);
	PROVE("FWD-175", take() == DNS_XFR_LAST);
}

static struct dns_buf
answer(uint8_t *room, int want)
{
	struct dns_buf out = {.data = room, .size = DNS_MESSAGE_MAX};

	CU_ASSERT(dns_response_check(got.data, got.len, &expect, &resp) ==
		  DNS_MATCH_ACCEPT);
	CU_ASSERT(dns_answer_part(&query, &doq, &resp, &out) == want);
	return out;
}

/* One message of a transfer, as it goes on. */
static void
test_part(void)
{
	static uint8_t room[DNS_MESSAGE_MAX];
	struct dns_buf out;
	bool has_opt;

	for (has_opt = false;; has_opt = true) {
		begin(AXFR, 0);
		if (has_opt) {
			dnsmsg_opt(&asked, 1232, 0, NULL, 0);
			CU_ASSERT_FATAL(dns_query_parse(asked.data, asked.len,
					    &query) == DNS_VERDICT_OK);
		}
		message("5a", true);
		dnsmsg_opt_with(&got, KEEPALIVE, 2);
		out = answer(room, 0);
		CU_ASSERT(dnsmsg_is_valid(out.data, out.len));
		CU_ASSERT(dnsmsg_get16(out.data, 0) == 0);
		PROVE("FWD-173", (out.data[2] & 0x02) == 0);
		CU_ASSERT(dnsmsg_get16(out.data, IN_QUESTION) == 1);
		CU_ASSERT(dnsmsg_get16(out.data, IN_ANSWER) == 2);
		PROVE("FWD-174",
		    dnsmsg_get16(out.data, IN_ADDITIONAL) == has_opt);
		CU_ASSERT(dnsmsg_options(out.data, out.len, KEEPALIVE) < 1);
		CU_ASSERT(!has_opt || out.len % BLOCK == 0);
		/* Without a question if it had none: pointers stay right. */
		expect.may_lack_question = true;
		dnsmsg_start(&got, ID, RESPONSE);
		dnsmsg_a(&got, IN_ANSWER, "a.long.name." ZONE);
		dnsmsg_a(&got, IN_ANSWER, "b.@14");
		out = answer(room, 0);
		CU_ASSERT(dnsmsg_is_valid(out.data, out.len));
		CU_ASSERT(dnsmsg_get16(out.data, IN_QUESTION) == 0);
		CU_ASSERT(dnsmsg_get16(out.data, IN_ANSWER) == 2);
		PROVE("FWD-174",
		    dnsmsg_get16(out.data, IN_ADDITIONAL) == has_opt);
		if (has_opt)
			break;
	}
}

/* Makes the message so long by a record of no known type. */
static void
fill_to(size_t len)
{
	size_t place = dnsmsg_record(&got, IN_ANSWER, "@12", UNKNOWN);

	dnsmsg_fill(&got, 0x5a, len - got.len);
	dnsmsg_rdata_end(&got, place);
}

/* The server has left no room for OPT, and put none there itself. */
static void
test_full_part(void)
{
	static uint8_t room[DNS_MESSAGE_MAX];
	struct dns_buf out;

	begin(AXFR, 0);
	dnsmsg_opt(&asked, 1232, 0, NULL, 0);
	CU_ASSERT_FATAL(
	    dns_query_parse(asked.data, asked.len, &query) == DNS_VERDICT_OK);
	message("5", true);
	fill_to(DNS_MESSAGE_MAX);
	out = answer(room, 0);
	CU_ASSERT(out.len == DNS_MESSAGE_MAX);
	CU_ASSERT(dnsmsg_is_valid(out.data, out.len));
	CU_ASSERT(dnsmsg_get16(out.data, IN_ADDITIONAL) == 0);
	/* There is room for one. */
	message("5", true);
	fill_to(DNS_MESSAGE_MAX - DNS_OPT_SIZE);
	out = answer(room, 0);
	CU_ASSERT(dnsmsg_is_valid(out.data, out.len));
	CU_ASSERT(dnsmsg_get16(out.data, IN_ADDITIONAL) == 1);
}

/* Signed: nothing but the ID changes; what cannot be cleaned is not passed. */
static void
test_raw_part(void)
{
	static uint8_t room[DNS_MESSAGE_MAX];
	struct dns_buf out;

	begin(AXFR, 0);
	dnsmsg_tsig(&asked, IN_ADDITIONAL);
	CU_ASSERT_FATAL(
	    dns_query_parse(asked.data, asked.len, &query) == DNS_VERDICT_OK);
	message("5aa", true);
	dnsmsg_tsig(&got, IN_ADDITIONAL);
	out = answer(room, 0);
	PROVE("FWD-185",
	    out.len == got.len && dnsmsg_get16(out.data, 0) == 0 &&
		memcmp(out.data + 2, got.data + 2, got.len - 2) == 0);
	message("5aa", true);
	dnsmsg_opt_with(&got, KEEPALIVE, 2);
	dnsmsg_tsig(&got, IN_ADDITIONAL);
	out = answer(room, -EBADMSG);
	PROVE("FWD-187", out.len == 0);
}

/* What the asker of IXFR has goes to the server. */
static void
test_query(void)
{
	static uint8_t room[512];
	struct dns_build how = {.id = 7};
	struct dns_buf out = {.data = room, .size = sizeof(room)};
	struct dns_query again;
	struct dns_xfr x;

	begin(IXFR, 77);
	CU_ASSERT(dns_query_build(&query, &how, &out) == 0);
	CU_ASSERT(out.len <= dns_query_build_bound(&query, &how));
	CU_ASSERT(dnsmsg_is_valid(out.data, out.len));
	CU_ASSERT(dns_query_parse(out.data, out.len, &again) == DNS_VERDICT_OK);
	dns_xfr_init(&x, &again);
	CU_ASSERT(x.has_serial && x.serial == 77);
	out.size = out.len - 1;
	CU_ASSERT(dns_query_build(&query, &how, &out) == -EMSGSIZE);
}

/* Anything at all may come. */
static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("xfr");
	struct dnsmsg whole;
	unsigned good = 0;
	unsigned round;

	begin(IXFR, 3);
	message("53a4aa4aa5a5", true);
	whole = got;
	for (round = 0; round < ROUNDS; round++) {
		begin(IXFR, 3);
		got = whole;
		dnsmsg_mutate(got.data, &got.len, &seed);
		good += take() != DNS_XFR_BROKEN;
	}
	CU_ASSERT(good > ROUNDS / 100);
}

void
test_xfr_register(void)
{
	CU_pSuite s = unit_suite("xfr");

	unit_test(s, "AXFR", test_axfr);
	unit_test(s, "IXFR", test_ixfr);
	unit_test(s, "serials", test_serials);
	unit_test(s, "errors", test_errors);
	unit_test(s, "empty messages", test_empty);
	unit_test(s, "message", test_part);
	unit_test(s, "full message", test_full_part);
	unit_test(s, "signed message", test_raw_part);
	unit_test(s, "query", test_query);
	unit_test(s, "property", test_property);
}
