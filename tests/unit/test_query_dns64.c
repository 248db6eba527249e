/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A query with two questions: the ladder over resolver/back, with the network
 * and the clock of back_fake.h.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quic/evquic.h"
#include "resolver/query.h"
#include "resolver/worker.h"
#include "tests/unit/back_fake.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	SOA = 6,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	DS = 43,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	REFUSED = 5,
	RD = 0x0100,
	RA = 0x0080,
	AD = 0x0020,
	CD = 0x0010,
	QR = 0x8000,
	DO = 0x8000,
	TRUSTED = 101 /* a server on the loopback: its AD is believed */
};

static const struct front front = {
    .name = "test", .hop = {.max_size = DNS_MESSAGE_MAX}};

static struct {
	struct fake f;
	struct worker worker;
	struct event_base *base;
	struct query query;
	unsigned calls;
	struct fake_sent sent; /* taken last */
	struct dnsmsg reply;
	uint8_t got[DNS_MESSAGE_MAX];
	size_t got_len;
} t;

static nsec
now(void *ctx)
{
	(void)ctx;
	return t.f.now;
}

static void
take(struct query_answer answer)
{
	t.calls++;
	CU_ASSERT_FATAL(answer.buf != NULL);
	t.got_len = answer.len;
	memcpy(t.got, evquic_buf_data(answer.buf), answer.len);
	evquic_buf_free(answer.buf);
	CU_ASSERT(dnsmsg_is_valid(t.got, t.got_len));
}

static void
on_done(struct query *q, struct query_answer answer)
{
	CU_ASSERT(!query_is_pending(q));
	take(answer);
}

static struct config *
load(const char *dns64)
{
	static const struct config_build build = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC)};
	static struct config_errors errors;
	struct config *config = NULL;
	char text[512];
	int len = snprintf(text, sizeof(text),
	    "access: {allow: [0.0.0.0/0]}\ndns64: {%s}\n", dns64);

	errors.count = 0;
	CU_ASSERT_EQUAL_FATAL(config_load_text("test", text, (size_t)len,
				  &build, NULL, &errors, &config),
	    0);
	return config;
}

/* A world with one server and this for `dns64`. */
static void
begin(const char *dns64)
{
	memset(&t, 0, sizeof(t));
	fake_init(&t.f, 1);
	fake_server(&t.f, CONFIG_UDP, TRUSTED);
	fake_start(&t.f);
	t.base = event_base_new();
	t.worker.now = now;
	t.worker.config = load(dns64);
	t.worker.upstream = t.f.upstream;
	t.worker.quic = evquic_worker_new(t.base, NULL);
	CU_ASSERT_FATAL(t.worker.quic != NULL);
	query_init(&t.query, &t.worker, &front, on_done);
}

static void
end(void)
{
	CU_ASSERT(!query_is_pending(&t.query));
	CU_ASSERT_EQUAL(query_kept(&t.query), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.queries_now), 0);
	CU_ASSERT_EQUAL(atomic_load(&t.worker.config->refs), 1);
	fake_done(&t.f);
	config_unref(t.worker.config);
	evquic_worker_free(t.worker.quic);
	event_base_free(t.base);
}

/* Asks; the answer is what on_done() gets. */
static void
ask_name(const char *name, unsigned type, unsigned flags, uint32_t edns_flags)
{
	struct sockaddr_in client = {.sin_family = AF_INET};
	struct query_asker asker = {
	    .address = (const struct sockaddr *)&client};
	struct query_answer answer;
	struct dnsmsg m;

	client.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1 */
	t.calls = 0;
	t.got_len = 0;
	dnsmsg_start(&m, 0, (uint16_t)(RD | flags));
	dnsmsg_question(&m, name, type);
	dnsmsg_opt(&m, 1232, edns_flags, NULL, 0);
	if (query_start(&t.query, m.data, m.len, &asker, &answer) ==
	    QUERY_ANSWERED)
		take(answer);
	fake_turn(&t.f);
}

static void
ask(unsigned type, unsigned flags, uint32_t edns_flags)
{
	ask_name("h2.example.com", type, flags, edns_flags);
}

/* The type that the server is asked for now; 0: it is not asked. */
static unsigned
asked(void)
{
	const uint8_t *p = t.sent.msg + DNS_HEADER_SIZE;

	if (!fake_take(&t.f, &t.sent))
		return 0;
	return dns_get16(p + dns_name_length(p));
}

static void
start_reply(unsigned rcode, unsigned flags)
{
	const uint8_t *question = t.sent.msg + DNS_HEADER_SIZE;

	dnsmsg_start(&t.reply, dns_get16(t.sent.msg),
	    (uint16_t)(QR | RD | RA | flags | rcode));
	dnsmsg_bytes(
	    &t.reply, question, dns_name_length(question) + DNS_QUESTION_FIXED);
	dnsmsg_count(&t.reply, IN_QUESTION);
}

static void
add_address(const char *text)
{
	bool is_v6 = strchr(text, ':') != NULL;
	uint8_t addr[DNS_AAAA_SIZE];
	size_t place =
	    dnsmsg_record(&t.reply, IN_ANSWER, "@12", is_v6 ? AAAA : A);

	CU_ASSERT(inet_pton(is_v6 ? AF_INET6 : AF_INET, text, addr) == 1);
	dnsmsg_bytes(&t.reply, addr, is_v6 ? DNS_AAAA_SIZE : DNS_A_SIZE);
	dnsmsg_rdata_end(&t.reply, place);
}

static void
reply(void)
{
	fake_give(&t.f, &t.sent, t.reply.data, t.reply.len);
	fake_turn(&t.f);
}

/* The server has this to say: an RCODE, an address or NULL, flags. */
static void
say(unsigned rcode, const char *address, unsigned flags)
{
	start_reply(rcode, flags);
	if (address != NULL)
		add_address(address);
	else
		dnsmsg_soa(&t.reply, IN_AUTHORITY, "example.com");
	reply();
}

static unsigned
got_rcode(void)
{
	return dnsmsg_get16(t.got, 2) & 0xf;
}

static bool
got_ad(void)
{
	return (dnsmsg_get16(t.got, 2) & AD) != 0;
}

/* The only answer is this address, in AAAA. */
static bool
got_address(const char *text)
{
	uint8_t addr[DNS_AAAA_SIZE];
	const uint8_t *rr = t.got + DNS_HEADER_SIZE + 16 + 4;

	CU_ASSERT(inet_pton(AF_INET6, text, addr) == 1);
	return t.calls == 1 && dnsmsg_get16(t.got, 6) == 1 &&
	       got_rcode() == 0 && dns_get16(rr - 4) == AAAA &&
	       dns_get16(rr + 2) == AAAA &&
	       memcmp(rr + 12, addr, sizeof(addr)) == 0;
}

static uint64_t
made(void)
{
	return counter_get(&t.worker.counters.dns64_made);
}

#define WELL_KNOWN "prefix: \"64:ff9b::/96\""

static void
test_synthesis(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT(query_is_pending(&t.query));
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	CU_ASSERT_EQUAL(asked(), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 1);
	CU_ASSERT_EQUAL(made(), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_asked), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_relayed), 1);
	end();
}

/* One question is enough. */
static void
test_one_question(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, "2001:db8::1", AD);
	CU_ASSERT(got_address("2001:db8::1"));
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_rcode(), NXDOMAIN);
	ask(AAAA, CD, DO);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	ask(TXT, 0, 0);
	CU_ASSERT_EQUAL(asked(), TXT);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(asked(), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 0);
	end();
	begin("");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(asked(), 0);
	end();
}

static void
test_filter(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, DO);
	CU_ASSERT_EQUAL(asked(), AAAA);
	start_reply(0, AD);
	add_address("::ffff:192.0.2.1");
	add_address("2001:db8::1");
	reply();
	CU_ASSERT(got_address("2001:db8::1"));
	CU_ASSERT(!got_ad());
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_filtered), 1);
	/* nothing but what is excluded: RFC 6147 5.1.4 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, "::ffff:192.0.2.1", 0);
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "192.0.2.7", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.7"));
	end();
}

/* RFC 6147 5.4: with nothing to make, the first answer is the answer. */
static void
test_nothing(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, DO);
	CU_ASSERT_EQUAL(asked(), AAAA);
	start_reply(0, AD);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "first.example");
	reply();
	CU_ASSERT_EQUAL(asked(), A);
	start_reply(0, 0);
	dnsmsg_soa(&t.reply, IN_AUTHORITY, "second.example");
	reply();
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	CU_ASSERT(memmem(t.got, t.got_len, "\5first", 6) != NULL);
	CU_ASSERT(got_ad());
	/* private addresses are nothing, too: RFC 6052 3.1 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "10.0.0.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	CU_ASSERT_EQUAL(made(), 0);
	/* an error is the answer: RFC 6147 5.1.6 */
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	say(REFUSED, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_rcode(), REFUSED);
	end();
}

/* An answer too long to be kept: the second one stands for it, without A. */
static void
test_long_answer(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	start_reply(0, 0);
	for (unsigned i = 0; i < 60; i++)
		add_address("::ffff:192.0.2.1");
	reply();
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "10.0.0.1", 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_rcode(), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	end();
}

/* RFC 6147 5.1.2, 5.1.3 */
static void
test_errors(void)
{
	nsec start;

	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(SERVFAIL, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	/* silence: half of the time for each */
	ask(AAAA, 0, 0);
	start = t.f.now;
	CU_ASSERT_EQUAL(asked(), AAAA);
	fake_advance(&t.f, 2 * NSEC_PER_SEC - 1);
	while (asked() == AAAA)
		continue;
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 1);
	fake_advance(&t.f, 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_asked), 2);
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	/* and both together no longer than one */
	ask(AAAA, 0, 0);
	start = t.f.now;
	while (t.calls == 0 && t.f.now < start + 10 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(got_rcode(), SERVFAIL);
	CU_ASSERT_EQUAL((t.f.now - start) / NSEC_PER_MSEC, 4000);
	/* another query is not cut short by what this one left */
	ask(TXT, 0, 0);
	start = t.f.now;
	while (t.calls == 0 && t.f.now < start + 10 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL((t.f.now - start) / NSEC_PER_MSEC, 4000);
	end();
}

static void
test_cancel(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	query_cancel(&t.query);
	CU_ASSERT(!query_is_pending(&t.query));
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), 0);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	CU_ASSERT(query_kept(&t.query) > 0);
	query_cancel(&t.query);
	say(0, "192.0.2.1", 0);
	fake_advance(&t.f, 10 * NSEC_PER_SEC);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_cancelled), 2);
	end();
}

/* RFC 6147 5.5: what AD needs. */
static void
test_authentic(void)
{
	static const struct {
		unsigned first;
		unsigned second;
		unsigned edns_flags;
		bool is_ad;
	} rows[] = {
	    {AD, AD, DO, true},
	    {0, AD, DO, false},
	    {AD, 0, DO, false},
	    {AD, AD, 0, false},
	};

	begin(WELL_KNOWN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(AAAA, AD, rows[i].edns_flags);
		CU_ASSERT_EQUAL(asked(), AAAA);
		say(0, NULL, rows[i].first);
		CU_ASSERT_EQUAL(asked(), A);
		say(0, "192.0.2.1", rows[i].second);
		CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
		CU_ASSERT_EQUAL(got_ad(), rows[i].is_ad);
	}
	end();
}

static void
test_clients(void)
{
	begin(WELL_KNOWN ", clients: [198.51.100.0/24]");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	say(0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	end();
	begin(WELL_KNOWN ", clients: [198.51.101.0/24]");
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(asked(), 0);
	end();
}

#define OF_198_51_99_1                                                         \
	"1.0.3.6.3.3.6.c.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_192_0_2_1                                                           \
	"1.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_10_0_0_1                                                            \
	"1.0.0.0.0.0.a.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"
#define OF_LOCAL                                                               \
	"1.0.0.0.0.0.a.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.1.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"

/* RFC 6147 5.3.1: the name of the IPv4 address, behind an alias. */
static void
test_reverse(void)
{
	char *text;
	size_t place;

	begin(WELL_KNOWN);
	ask_name(OF_198_51_99_1, PTR, AD, 0);
	CU_ASSERT_EQUAL(asked(), PTR);
	start_reply(0, AD);
	place = dnsmsg_record(&t.reply, IN_ANSWER, "@12", PTR);
	dnsmsg_name(&t.reply, "h2.example.com");
	dnsmsg_rdata_end(&t.reply, place);
	dnsmsg_a(&t.reply, IN_AUTHORITY, "ns.@14");
	reply();
	CU_ASSERT_EQUAL(t.calls, 1);
	text = dnsmsg_records(t.got, t.got_len, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text, OF_198_51_99_1
	    ".\t600\tin\tcname\t1.99.51.198.in-addr.arpa.\n"
	    "1.99.51.198.in-addr.arpa.\t300\tin\tptr\th2.example.com.\n--\n"
	    "ns.99.51.198.in-addr.arpa.\t300\tin\ta\t192.0.2.1\n--\n--\n");
	free(text);
	CU_ASSERT(!got_ad());
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_reverse), 1);
	/* no alias that leads nowhere */
	ask_name(OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(asked(), PTR);
	say(NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(got_rcode(), NXDOMAIN);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	ask_name(OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(asked(), PTR);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(got_rcode(), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	ask_name(OF_198_51_99_1, PTR, 0, 0);
	CU_ASSERT_EQUAL(asked(), PTR);
	query_cancel(&t.query);
	end();
}

/* What is no name of an address that was made is asked as it is. */
static void
test_not_reverse(void)
{
	static const char *const names[] = {OF_10_0_0_1, OF_192_0_2_1,
	    "1." OF_198_51_99_1, "g" OF_198_51_99_1, "ip6.arpa",
	    "1.0.0.127.example"};
	const uint8_t *question = t.sent.msg + DNS_HEADER_SIZE;
	uint8_t name[DNS_NAME_MAX];
	size_t len;

	begin(WELL_KNOWN);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask_name(names[i], PTR, 0, 0);
		CU_ASSERT_EQUAL(asked(), PTR);
		CU_ASSERT(dns_name_from_text(names[i], name, &len) == 0);
		CU_ASSERT(dns_name_equal(question, name));
		query_cancel(&t.query);
	}
	ask_name(OF_198_51_99_1, PTR, CD, DO);
	CU_ASSERT_EQUAL(asked(), PTR);
	CU_ASSERT(question[0] == 1);
	CU_ASSERT(dns_name_length(question) == 74);
	query_cancel(&t.query);
	end();
	/* what is answered here is not asked by this way either */
	begin("prefix: \"64:ff9b:1::/96\"");
	ask_name(OF_LOCAL, PTR, 0, 0);
	CU_ASSERT_EQUAL(asked(), PTR);
	CU_ASSERT(dns_name_length(question) == 74);
	query_cancel(&t.query);
	end();
}

/* RFC 8880 7: answered here, for those whom DNS64 is for. */
static void
test_discovery(void)
{
	begin(WELL_KNOWN ", clients: [198.51.100.0/24]");
	ask_name("ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 2);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_special), 1);
	ask_name("ipv4only.arpa", DS, 0, 0);
	CU_ASSERT_EQUAL(asked(), DS);
	query_cancel(&t.query);
	end();
	begin(WELL_KNOWN ", clients: [198.51.101.0/24]");
	ask_name("ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	query_cancel(&t.query);
	end();
	begin("");
	ask_name("ipv4only.arpa", AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	query_cancel(&t.query);
	end();
}

/* The rules of the first question hold for the second. */
static void
test_reload(void)
{
	begin(WELL_KNOWN);
	ask(AAAA, 0, 0);
	CU_ASSERT_EQUAL(asked(), AAAA);
	say(0, NULL, 0);
	CU_ASSERT_EQUAL(asked(), A);
	config_unref(t.worker.config);
	t.worker.config = load("");
	say(0, "192.0.2.1", 0);
	CU_ASSERT(got_address("64:ff9b::192.0.2.1"));
	end();
}

void
test_query_dns64_register(void)
{
	CU_pSuite s = unit_suite("query_dns64");

	unit_test(s, "synthesis", test_synthesis);
	unit_test(s, "one_question", test_one_question);
	unit_test(s, "filter", test_filter);
	unit_test(s, "nothing", test_nothing);
	unit_test(s, "long_answer", test_long_answer);
	unit_test(s, "errors", test_errors);
	unit_test(s, "cancel", test_cancel);
	unit_test(s, "authentic", test_authentic);
	unit_test(s, "clients", test_clients);
	unit_test(s, "reverse", test_reverse);
	unit_test(s, "not_reverse", test_not_reverse);
	unit_test(s, "discovery", test_discovery);
	unit_test(s, "reload", test_reload);
}
