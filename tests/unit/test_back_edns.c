/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What we say to servers in OPT and what we make of what they say: cookies and
 * Client Subnet. The server is played by the test; network and clock:
 * back_fake.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "resolver/limits.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

#define TYPE_A 1
#define NOERROR 0
#define FORMERR 1
#define REFUSED 5
#define BADCOOKIE 23
#define QNAME_FIXED 12

static struct fake f;

#define COUNT(name) counter_get(&f.counters.name)

static void
set_up(enum config_scheme scheme, unsigned servers)
{
	fake_init(&f, 7);
	f.config.upstream.cookies = true;
	f.local = 1;
	for (unsigned i = 1; i <= servers; i++)
		fake_server(&f, scheme, i);
	fake_start(&f);
}

/* Starts a question; returns what a server got. */
static struct fake_sent
take(void)
{
	struct fake_sent sent = {.fd = -1};

	for (int i = 0; i < 3; i++)
		fake_turn(&f);
	CU_ASSERT(fake_take(&f, &sent));
	return sent;
}

static struct fake_sent
ask_one(struct fake_ask *a, const char *name)
{
	fake_query(a, name, TYPE_A, true, false);
	fake_ask(&f, a);
	return take();
}

/* The data of an option of a query; false if it has none. */
static bool
option_of(
    const struct fake_sent *sent, uint16_t code, struct dns_option *ret_option)
{
	size_t opt = QNAME_FIXED + dns_name_length(sent->msg + QNAME_FIXED) +
		     DNS_QUESTION_FIXED;
	const uint8_t *data = sent->msg + opt + DNS_OPT_SIZE;

	if (dns_get16(sent->msg + DNS_OFF_ARCOUNT) == 0)
		return false;
	return dns_option_find(
		   data, sent->len - opt - DNS_OPT_SIZE, code, ret_option) == 1;
}

/* Length of the cookie in a query, and its octets; 0: there is none. */
static size_t
cookie_of(const struct fake_sent *sent, uint8_t ret_data[DNS_COOKIE_MAX])
{
	struct dns_option option;

	if (!option_of(sent, DNS_OPTION_COOKIE, &option))
		return 0;
	CU_ASSERT_FATAL(option.len <= DNS_COOKIE_MAX);
	memcpy(ret_data, option.data, option.len);
	return option.len;
}

static bool
has_cookie(const struct fake_sent *sent)
{
	uint8_t data[DNS_COOKIE_MAX];

	return cookie_of(sent, data) > 0;
}

/* Answers with one option in OPT; `len` of it, no option if it is 0. */
static void
answer_option(const struct fake_sent *sent, unsigned rcode, unsigned last,
    uint16_t code, const uint8_t *data, size_t len)
{
	uint8_t msg[FAKE_MSG_MAX];
	struct dns_buf b = {.data = msg, .size = sizeof(msg)};

	b.len = fake_answer(sent, rcode, last, msg);
	if (len > 0)
		CU_ASSERT_EQUAL(
		    dns_opt_add(&b, b.len - DNS_OPT_SIZE, code, data, len), 0);
	fake_give(&f, sent, msg, b.len);
	fake_turn(&f);
}

/* Answers as a server does that knows cookies: `server` fills its part. */
static void
answer_cookie(
    const struct fake_sent *sent, unsigned rcode, unsigned last, uint8_t server)
{
	uint8_t data[DNS_COOKIE_MAX];

	CU_ASSERT(cookie_of(sent, data) > 0);
	memset(data + DNS_COOKIE_CLIENT, server, DNS_COOKIE_SERVER_MIN);
	answer_option(sent, rcode, last, DNS_OPTION_COOKIE, data,
	    DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MIN);
}

/* One question, answered with a cookie of the server. */
static void
learn(uint8_t server)
{
	struct fake_sent sent;
	struct fake_ask a;

	sent = ask_one(&a, "learn.example");
	answer_cookie(&sent, NOERROR, 1, server);
	CU_ASSERT_EQUAL(a.calls, 1);
}

/* ------------------------------------------------------------- the data -- */

static void
data(void)
{
	uint8_t octets[DNS_COOKIE_MAX + 1];
	uint8_t back[DNS_COOKIE_MAX];
	struct dns_cookie c;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i + 1);
	for (size_t len = 0; len <= sizeof(octets); len++) {
		bool is_legal = len == 8 || (len >= 16 && len <= 40);
		uint8_t *exact = dnsmsg_exact(octets, len);

		CU_ASSERT_EQUAL(dns_cookie_read(exact, len, &c) == 0, is_legal);
		if (is_legal) {
			CU_ASSERT_EQUAL(c.server_len, len - 8);
			CU_ASSERT_EQUAL(dns_cookie_write(&c, back), len);
			CU_ASSERT(memcmp(back, octets, len) == 0);
		}
		free(exact);
	}
}

/* --------------------------------------------------------- what is sent -- */

static void
one_for_each_server(void)
{
	uint8_t first[DNS_COOKIE_MAX], second[DNS_COOKIE_MAX];
	uint8_t again[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 2);
	sent = ask_one(&a, "www.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, first), DNS_COOKIE_CLIENT);
	fake_advance(&f, UPSTREAM_FIRST_WAIT);
	sent = take();
	CU_ASSERT_EQUAL(sent.server, 2);
	CU_ASSERT_EQUAL(cookie_of(&sent, second), DNS_COOKIE_CLIENT);
	PROVE("FWD-054", memcmp(first, second, DNS_COOKIE_CLIENT) != 0);
	fake_reply(&f, &sent, NOERROR, 1);
	/* And the same as long as nothing changes. */
	sent = ask_one(&a, "b.example");
	CU_ASSERT_EQUAL(sent.server, 1);
	CU_ASSERT_EQUAL(cookie_of(&sent, again), DNS_COOKIE_CLIENT);
	CU_ASSERT(memcmp(first, again, DNS_COOKIE_CLIENT) == 0);
	fake_done(&f);
}

static void
server_part_comes_back(void)
{
	uint8_t octets[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	for (uint8_t server = 0xbb; server < 0xbe; server++) {
		sent = ask_one(&a, "www.example");
		CU_ASSERT_EQUAL(cookie_of(&sent, octets), 16);
		CU_ASSERT_EQUAL(octets[DNS_COOKIE_CLIENT],
		    server == 0xbb ? 0xaa : server - 1);
		answer_cookie(&sent, NOERROR, 1, server);
		CU_ASSERT_EQUAL(a.calls, 1);
	}
	fake_done(&f);
}

/* Another address of ours, as after a move: nothing of before is shown. */
static void
another_address(void)
{
	uint8_t before[DNS_COOKIE_MAX], after[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	sent = ask_one(&a, "a.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, before), 16);
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	f.local = 2;
	sent = ask_one(&a, "b.example");
	PROVE("FWD-055", cookie_of(&sent, after) == DNS_COOKIE_CLIENT &&
			     memcmp(before, after, DNS_COOKIE_CLIENT) != 0);
	answer_cookie(&sent, NOERROR, 1, 0xbb);
	/* Where it is not known, nothing can be promised. */
	f.local_error = -ENOTCONN;
	sent = ask_one(&a, "c.example");
	CU_ASSERT(!has_cookie(&sent));
	fake_reply(&f, &sent, NOERROR, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	fake_done(&f);
}

/* A server without cookies never sees the same one again. */
static void
server_without(void)
{
	uint8_t before[DNS_COOKIE_MAX], after[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "a.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, before), DNS_COOKIE_CLIENT);
	fake_reply(&f, &sent, NOERROR, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	sent = ask_one(&a, "b.example");
	PROVE("FWD-055", !has_cookie(&sent));
	fake_reply(&f, &sent, NOERROR, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	fake_advance(&f, UPSTREAM_NO_COOKIE_TIME);
	sent = ask_one(&a, "c.example");
	PROVE("FWD-055", cookie_of(&sent, after) == DNS_COOKIE_CLIENT &&
			     memcmp(before, after, DNS_COOKIE_CLIENT) != 0);
	fake_done(&f);
}

/* None is used for ever. */
static void
old_ones(void)
{
	uint8_t before[DNS_COOKIE_MAX], after[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	sent = ask_one(&a, "a.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, before), 16);
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	fake_advance(&f, UPSTREAM_COOKIE_TIME);
	sent = ask_one(&a, "b.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, after), DNS_COOKIE_CLIENT);
	CU_ASSERT(memcmp(before, after, DNS_COOKIE_CLIENT) != 0);
	fake_done(&f);
}

/* Some boxes drop what holds an option that they do not know. */
static void
last_one_goes_without(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT(has_cookie(&sent));
	fake_advance(&f, UPSTREAM_FIRST_WAIT);
	sent = take();
	CU_ASSERT(has_cookie(&sent));
	fake_advance(&f, UPSTREAM_SECOND_WAIT);
	sent = take();
	CU_ASSERT(!has_cookie(&sent));
	fake_reply(&f, &sent, NOERROR, 1);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, 0);
	/* That was learned. */
	sent = ask_one(&a, "b.example");
	CU_ASSERT(!has_cookie(&sent));
	fake_done(&f);
}

static void
not_if_off(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	f.config.upstream.cookies = false;
	CU_ASSERT_EQUAL(upstream_reload(f.upstream, &f.config), 0);
	sent = ask_one(&a, "www.example");
	CU_ASSERT(!has_cookie(&sent));
	/* One that nobody asked for harms nobody. */
	answer_option(&sent, NOERROR, 1, DNS_OPTION_COOKIE,
	    (const uint8_t *)"0123456", 7);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

/* Its cookies are for the addresses that it is told, and those change. */
static void
not_if_proxied(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	fake_init(&f, 7);
	f.config.upstream.cookies = true;
	fake_server(&f, CONFIG_TCP, 1);
	f.servers[0].is_proxied = true;
	fake_start(&f);
	sent = ask_one(&a, "www.example");
	CU_ASSERT(sent.is_tcp && !has_cookie(&sent));
	fake_done(&f);
}

/* The client's own crosses neither way, nor is a signed message touched. */
static void
per_hop(void)
{
	static const uint8_t theirs[] = "clients";
	struct dnsmsg *m = malloc(sizeof(*m));
	uint8_t octets[DNS_COOKIE_MAX];
	uint8_t option[12] = {0, DNS_OPTION_COOKIE, 0, 8};
	struct fake_sent sent;
	struct fake_ask a;

	CU_ASSERT_FATAL(m != NULL);
	memcpy(option + 4, theirs, sizeof(theirs));
	set_up(CONFIG_UDP, 1);
	dnsmsg_query(m, "www.example", TYPE_A);
	dnsmsg_opt(m, 1232, 0, option, sizeof(option));
	fake_raw_query(&a, m->data, m->len);
	fake_ask(&f, &a);
	sent = take();
	CU_ASSERT_EQUAL(cookie_of(&sent, octets), DNS_COOKIE_CLIENT);
	PROVE("FWD-049", memcmp(octets, theirs, sizeof(theirs)) != 0 &&
			     dnsmsg_options(sent.msg, sent.len, 10) == 1);
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	dnsmsg_query(m, "www.example", TYPE_A);
	dnsmsg_tsig(m, IN_ADDITIONAL);
	fake_raw_query(&a, m->data, m->len);
	fake_ask(&f, &a);
	sent = take();
	CU_ASSERT_EQUAL(sent.len, m->len);
	CU_ASSERT(memcmp(sent.msg + 2, m->data + 2, m->len - 2) == 0);
	/* Nor does its answer say anything about cookies. */
	dns_put16(sent.msg + DNS_OFF_ARCOUNT, 0);
	fake_reply(&f, &sent, NOERROR, 2);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 2);
	sent = ask_one(&a, "b.example");
	CU_ASSERT_EQUAL(cookie_of(&sent, octets), 16);
	fake_done(&f);
	free(m);
}

/* --------------------------------------------------- what is believed -- */

/* An answer that is wrong in this way, then the right one: which is taken? */
static bool
is_discarded(size_t len, unsigned flip)
{
	uint8_t octets[DNS_COOKIE_MAX + 1] = {0};
	struct fake_sent sent;
	struct fake_ask a;
	bool held;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT(cookie_of(&sent, octets) > 0);
	octets[0] ^= (uint8_t)flip;
	answer_option(&sent, NOERROR, 66, DNS_OPTION_COOKIE, octets, len);
	held = a.calls == 0 && COUNT(mismatch_cookie) == 1;
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	held = held && a.calls == 1 && a.status == 0 && a.last == 1;
	/* And nothing was asked again for it. */
	held = held && !fake_take(&f, &sent);
	fake_done(&f);
	return held;
}

static void
wrong_cookies(void)
{
	static const size_t lengths[] = {1, 7, 9, 15, 41};

	PROVE("FWD-056", is_discarded(16, 1) && is_discarded(8, 0x80));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		PROVE("FWD-056", is_discarded(lengths[i], 0));
}

/* Who had one and shows none is not believed; by TCP the truth comes. */
static void
missing_cookie(void)
{
	struct fake_sent sent, tcp;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	sent = ask_one(&a, "a.example");
	answer_option(&sent, NOERROR, 66, 0, NULL, 0);
	PROVE("FWD-056", a.calls == 0 && COUNT(cookie_missing) == 1);
	tcp = take();
	CU_ASSERT(tcp.is_tcp);
	/* The right one may still come by UDP. */
	answer_cookie(&sent, NOERROR, 1, 0xbb);
	PROVE("FWD-056", a.calls == 1 && a.last == 1);

	/* It really has none any longer: this is believed by TCP only. */
	sent = ask_one(&a, "b.example");
	answer_option(&sent, NOERROR, 66, 0, NULL, 0);
	answer_option(&sent, NOERROR, 66, 0, NULL, 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	tcp = take();
	CU_ASSERT(tcp.is_tcp);
	answer_option(&tcp, NOERROR, 2, 0, NULL, 0);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 2);
	sent = ask_one(&a, "c.example");
	CU_ASSERT(!sent.is_tcp && !has_cookie(&sent));
	answer_option(&sent, NOERROR, 3, 0, NULL, 0);
	CU_ASSERT_EQUAL(a.last, 3);
	fake_done(&f);
}

/* FORMERR without OPT must not talk us out of cookies either. */
static void
no_downgrade(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	uint8_t msg[FAKE_MSG_MAX];
	size_t len;

	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	sent = ask_one(&a, "a.example");
	len = fake_answer(&sent, FORMERR, 0, msg);
	dns_put16(msg + DNS_OFF_ARCOUNT, 0);
	fake_give(&f, &sent, msg, len - DNS_OPT_SIZE);
	fake_turn(&f);
	CU_ASSERT_EQUAL(COUNT(no_edns_retries), 0);
	CU_ASSERT_EQUAL(COUNT(cookie_missing), 1);
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

/* By TCP nobody forges: it is the server that is wrong. */
static void
wrong_by_tcp(void)
{
	static const uint8_t wrong[16] = {1};
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_TCP, 1);
	sent = ask_one(&a, "a.example");
	CU_ASSERT(sent.is_tcp && has_cookie(&sent));
	answer_option(&sent, NOERROR, 66, DNS_OPTION_COOKIE, wrong, 16);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.status, -EBADMSG);
	CU_ASSERT_EQUAL(COUNT(mismatch_cookie), 1);
	fake_done(&f);
}

/* --------------------------------------------------------------- RCODEs -- */

static void
badcookie(void)
{
	uint8_t octets[DNS_COOKIE_MAX];
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	answer_cookie(&sent, BADCOOKIE, 0, 0xaa);
	CU_ASSERT_EQUAL(a.calls, 0);
	sent = take();
	PROVE("FWD-057", !sent.is_tcp && cookie_of(&sent, octets) == 16 &&
			     octets[DNS_COOKIE_CLIENT] == 0xaa);
	answer_cookie(&sent, BADCOOKIE, 0, 0xbb);
	CU_ASSERT_EQUAL(a.calls, 0);
	sent = take();
	PROVE("FWD-057", sent.is_tcp);
	answer_cookie(&sent, NOERROR, 1, 0xcc);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	CU_ASSERT_EQUAL(COUNT(badcookie), 2);
	fake_done(&f);
}

/* Who says so for ever ends the question, and is not asked for ever. */
static void
badcookie_for_ever(void)
{
	struct fake_sent sent;
	struct fake_ask a;
	unsigned count = 0;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	do {
		answer_cookie(&sent, BADCOOKIE, 0, (uint8_t)++count);
		for (int i = 0; i < 3; i++)
			fake_turn(&f);
	} while (fake_take(&f, &sent) && count < 100);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.rcode, BADCOOKIE);
	fake_done(&f);
}

/* RFC 6891 6.1.2 says otherwise, but some take options for an error. */
static void
formerr(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	fake_reply(&f, &sent, FORMERR, 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	CU_ASSERT_EQUAL(COUNT(plain_retries), 1);
	sent = take();
	CU_ASSERT(!sent.is_tcp && !has_cookie(&sent));
	CU_ASSERT_EQUAL(dns_get16(sent.msg + DNS_OFF_ARCOUNT), 1);
	/* It was something else. */
	fake_reply(&f, &sent, FORMERR, 0);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.rcode, FORMERR);
	fake_done(&f);
}

/* -------------------------------------------------------- client subnet -- */

static const struct dns_ecs subnet = {
    .family = DNS_ECS_IPV4,
    .source = 24,
    .address = {203, 0, 112},
};
static const uint8_t subnet_data[] = {0, 1, 24, 0, 203, 0, 112};

static struct fake_sent
ask_subnet(struct fake_ask *a, const char *name)
{
	fake_query(a, name, TYPE_A, true, false);
	a->ask.ecs = &subnet;
	fake_ask(&f, a);
	return take();
}

static bool
has_subnet(const struct fake_sent *sent)
{
	struct dns_option option;

	return option_of(sent, DNS_OPTION_ECS, &option) &&
	       option.len == sizeof(subnet_data) &&
	       memcmp(option.data, subnet_data, sizeof(subnet_data)) == 0;
}

/* An answer with another subnet: the octet `at` is different, all of it good.
 */
static bool
is_dropped(size_t at, unsigned flip)
{
	uint8_t octets[sizeof(subnet_data)];
	struct fake_sent sent;
	struct fake_ask a;
	bool held;

	set_up(CONFIG_UDP, 1);
	sent = ask_subnet(&a, "www.example");
	CU_ASSERT(has_subnet(&sent));
	memcpy(octets, subnet_data, sizeof(octets));
	octets[at] ^= (uint8_t)flip;
	answer_option(
	    &sent, NOERROR, 66, DNS_OPTION_ECS, octets, sizeof(octets));
	held = a.calls == 0 && COUNT(mismatch_subnet) == 1;
	octets[at] ^= (uint8_t)flip;
	octets[3] = 32; /* any scope is good */
	answer_option(
	    &sent, NOERROR, 1, DNS_OPTION_ECS, octets, sizeof(octets));
	held = held && a.calls == 1 && a.last == 1;
	fake_done(&f);
	return held;
}

static void
subnet_matches(void)
{
	PROVE("FWD-066", is_dropped(1, 3));	  /* family */
	PROVE("FWD-066", is_dropped(2, 24 ^ 23)); /* length of the prefix */
	PROVE("FWD-066", is_dropped(6, 1));	  /* address */
}

static void
subnet_by_tcp(void)
{
	static const uint8_t other[] = {0, 1, 24, 0, 203, 0, 114};
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_TCP, 1);
	sent = ask_subnet(&a, "www.example");
	CU_ASSERT(sent.is_tcp && has_subnet(&sent));
	answer_option(&sent, NOERROR, 66, DNS_OPTION_ECS, other, sizeof(other));
	PROVE("FWD-066", a.calls == 1 && a.status == -EBADMSG);
	fake_done(&f);
}

/* Answered, or refused without, by who wants none. */
static void
subnet_refused(unsigned rcode, unsigned last)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_subnet(&a, "www.example");
	fake_reply(&f, &sent, REFUSED, 0);
	CU_ASSERT_EQUAL(a.calls, 0);
	sent = take();
	PROVE("FWD-067", !sent.is_tcp && !has_subnet(&sent) &&
			     dnsmsg_options(sent.msg, sent.len, 8) == 0);
	fake_reply(&f, &sent, rcode, last);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.rcode, rcode);
	CU_ASSERT_EQUAL(a.last, last);
	CU_ASSERT_EQUAL(COUNT(subnet_refused), 1);
	fake_done(&f);
}

static void
subnet_unwanted(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	subnet_refused(NOERROR, 1);
	subnet_refused(REFUSED, 0);
	/* Who takes it for an error. */
	set_up(CONFIG_UDP, 1);
	learn(0xaa);
	sent = ask_subnet(&a, "www.example");
	answer_cookie(&sent, FORMERR, 0, 0xaa);
	CU_ASSERT_EQUAL(a.calls, 0);
	sent = take();
	CU_ASSERT(!has_subnet(&sent) && has_cookie(&sent));
	answer_cookie(&sent, NOERROR, 1, 0xaa);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

/* One that was not asked for changes nothing. */
static void
subnet_unasked(void)
{
	struct fake_sent sent;
	struct fake_ask a;

	set_up(CONFIG_UDP, 1);
	sent = ask_one(&a, "www.example");
	CU_ASSERT_EQUAL(dnsmsg_options(sent.msg, sent.len, 8), 0);
	answer_option(&sent, NOERROR, 1, DNS_OPTION_ECS, subnet_data,
	    sizeof(subnet_data));
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.last, 1);
	fake_done(&f);
}

void
test_back_edns_register(void)
{
	CU_pSuite suite = unit_suite("back_edns");

	unit_test(suite, "data of a cookie", data);
	unit_test(suite, "another cookie for each server", one_for_each_server);
	unit_test(
	    suite, "the server's part comes back", server_part_comes_back);
	unit_test(suite, "another address of ours", another_address);
	unit_test(suite, "a server without cookies", server_without);
	unit_test(suite, "cookies grow old", old_ones);
	unit_test(suite, "the last one goes without", last_one_goes_without);
	unit_test(suite, "switched off", not_if_off);
	unit_test(suite, "not for who is told of clients", not_if_proxied);
	unit_test(suite, "cookies are of one hop", per_hop);
	unit_test(suite, "wrong cookies", wrong_cookies);
	unit_test(suite, "missing cookie", missing_cookie);
	unit_test(suite, "no downgrade", no_downgrade);
	unit_test(suite, "wrong by TCP", wrong_by_tcp);
	unit_test(suite, "BADCOOKIE", badcookie);
	unit_test(suite, "BADCOOKIE for ever", badcookie_for_ever);
	unit_test(suite, "FORMERR", formerr);
	unit_test(suite, "subnet of the answer", subnet_matches);
	unit_test(suite, "subnet by TCP", subnet_by_tcp);
	unit_test(suite, "subnet not wanted", subnet_unwanted);
	unit_test(suite, "subnet not asked for", subnet_unasked);
}
