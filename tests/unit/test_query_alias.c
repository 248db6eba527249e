/* SPDX-License-Identifier: BSD-2-Clause */
/* A query for which a CNAME of local data or of a list leads elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/local.h"
#include "dns/zone.h"
#include "resolver/own.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	CNAME = 5,
	PTR = 12,
	TXT = 16,
	AAAA = 28,
	RRSIG = 46,
	ANY = 255,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	AA = 0x0400,
	RD = 0x0100,
	AD = 0x0020,
	CD = 0x0010,
	DO = 0x8000,
	EDE = 15, /* the option */
	LIST = 1  /* the source that is a list */
};

/* As DNS64 would make it of 198.51.99.1 */
#define MADE                                                                   \
	"1.0.3.6.3.3.6.c.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"

static struct query_fake t;
static struct own own;

struct adding {
	struct dns_local *local;
	unsigned source;
};

static int
add_record(void *arg, const struct dns_local_record *rr)
{
	const struct adding *to = arg;

	return dns_local_add_record(to->local, to->source, rr);
}

/* A record with a TTL of 60. */
static void
add(unsigned source, const char *text)
{
	struct adding to = {.local = own.local, .source = source};
	const char *why = "";

	CU_ASSERT_EQUAL(dns_zone_parse(text, 60, add_record, &to, &why), 0);
}

static void
load(void)
{
	static const uint8_t key[HASH_KEY_LEN] = {1};
	static const struct dns_local_source list = {
	    .ttl = 60, .ede = DNS_EDE_FILTERED, .text = "garden"};
	unsigned source;

	memset(&own, 0, sizeof(own));
	own.local = dns_local_new(key, 60);
	CU_ASSERT_PTR_NOT_NULL_FATAL(own.local);
	CU_ASSERT_EQUAL(dns_local_add_source(own.local, &list, &source), 0);
	CU_ASSERT_EQUAL(source, LIST);
	add(0, "out.lan. CNAME www.example.com.");
	add(0, "far.lan. CNAME mid.lan.");
	add(0, "mid.lan. CNAME out.lan.");
	add(0, "round.lan. CNAME trip.lan.");
	add(0, "trip.lan. CNAME round.lan.");
	add(0, "near.lan. CNAME here.lan.");
	add(0, "here.lan. A 192.0.2.7");
	add(0, "onion.lan. CNAME a.onion.");
	add(0, "*.wild.lan. CNAME www.example.com.");
	add(0, "machine.local. CNAME www.example.com.");
	add(0, MADE ". CNAME 1.example.com.");
	add(LIST, "bad.example. CNAME garden.example.");
	add(LIST, "*.self.example. CNAME www.self.example.");
	add(LIST, "garden.example. CNAME other.example.");
	CU_ASSERT_EQUAL(dns_local_finish(own.local), 0);
}

static void
begin(const char *yaml)
{
	query_fake_begin(&t, yaml);
	load();
	t.worker.own = &own;
}

static void
end(void)
{
	query_fake_end(&t);
	dns_local_free(own.local);
}

static void
ask(const char *name, unsigned type)
{
	query_fake_ask_name(&t, name, type, 0, 0);
}

/* The server is asked for this, and for nothing else. */
static bool
is_asked(const char *name, unsigned type)
{
	uint8_t want[DNS_NAME_MAX];
	size_t len;

	CU_ASSERT_EQUAL(dns_name_from_text(name, want, &len), 0);
	return query_fake_asked(&t) == type &&
	       dns_name_equal(t.sent.msg + DNS_HEADER_SIZE, want);
}

static bool
got_records(const char *want)
{
	char *text = dnsmsg_records(t.got, t.got_len, false);
	bool is_same = t.calls == 1 && text != NULL && strcmp(text, want) == 0;

	if (!is_same)
		printf("# want:\n%s# got:\n%s", want, text);
	free(text);
	return is_same;
}

/* The code of the only Extended DNS Error; -1: there is none. */
static int
got_ede(void)
{
	if (dnsmsg_options(t.got, t.got_len, EDE) != 1)
		return -1;
	/* The only option: behind the OPT record's fixed part. */
	for (size_t i = t.got_len + 1; i-- > 6;)
		if (memcmp(t.got + i - 6, "\0\17\0", 3) == 0)
			return (int)dnsmsg_get16(t.got, i - 2);
	return -1;
}

static uint64_t
followed(void)
{
	return counter_get(&t.worker.counters.query_followed);
}

/* The CNAME is the answer, and nobody is asked. */
static bool
is_alone(const char *want)
{
	return query_fake_asked(&t) == 0 && got_records(want) &&
	       query_fake_got_rcode(&t) == 0;
}

#define OUT "out.lan.\t60\tin\tcname\twww.example.com.\n"

static void
test_target(void)
{
	begin("");
	ask("out.lan", A);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT(query_kept(&t.query) > 0);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_start_reply(&t, 0, AD);
	query_fake_add_address(&t, "192.0.2.1");
	dnsmsg_a(&t.reply, IN_ADDITIONAL, "ns.@16");
	query_fake_reply(&t);
	CU_ASSERT(got_records(OUT "www.example.com.\t300\tin\ta\t192.0.2.1\n"
				  "--\n--\nns.example.com.\t300\tin\ta\t"
				  "192.0.2.1\n--\n"));
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	CU_ASSERT_EQUAL(followed(), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_asked), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_relayed), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_local), 0);
	/* the next query has nothing of it */
	ask("www.example.com", TXT);
	CU_ASSERT(is_asked("www.example.com", TXT));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	/* a name that would be special, if it were not ours */
	ask("machine.local", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_cancel(&t.query);
	end();
}

/* As far as local data goes, then out. */
static void
test_chain(void)
{
	begin("");
	ask("FAR.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_records("far.lan.\t60\tin\tcname\tmid.lan.\n"
			      "mid.lan.\t60\tin\tcname\tout.lan.\n" OUT
			      "www.example.com.\t300\tin\ta\t192.0.2.1\n"
			      "--\n--\n--\n"));
	ask("a.b.wild.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_records("a.b.wild.lan.\t60\tin\tcname\twww.example.com.\n"
			      "www.example.com.\t300\tin\ta\t192.0.2.1\n"
			      "--\n--\n--\n"));
	end();
}

/* What comes is not looked up here again. */
static void
test_way_back(void)
{
	size_t place;

	begin("");
	ask("out.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_start_reply(&t, 0, 0);
	place = dnsmsg_record(&t.reply, IN_ANSWER, "@12", CNAME);
	dnsmsg_name(&t.reply, "out.lan");
	dnsmsg_rdata_end(&t.reply, place);
	query_fake_reply(&t);
	CU_ASSERT(got_records(
	    OUT "www.example.com.\t300\tin\tcname\tout.lan.\n--\n--\n--\n"));
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	end();
}

/* What is not followed, or not out of here. */
static void
test_alone(void)
{
	static struct fake nobody;

	begin("");
	ask("out.lan", CNAME);
	CU_ASSERT(is_alone(OUT "--\n--\n--\n"));
	CU_ASSERT((dnsmsg_get16(t.got, 2) & AA) != 0);
	ask("out.lan", ANY);
	CU_ASSERT(is_alone(OUT "--\n--\n--\n"));
	query_fake_ask_name(&t, "out.lan", A, RD, 0);
	CU_ASSERT(is_alone(OUT "--\n--\n--\n"));
	ask("near.lan", A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 2);
	ask("round.lan", A);
	CU_ASSERT_EQUAL(query_fake_asked(&t), 0);
	CU_ASSERT_EQUAL(t.calls, 1);
	ask("onion.lan", A);
	CU_ASSERT(
	    is_alone("onion.lan.\t60\tin\tcname\ta.onion.\n--\n--\n--\n"));
	ask("www.self.example", A);
	CU_ASSERT(is_alone("www.self.example.\t60\tin\tcname\t"
			   "www.self.example.\n--\n--\n--\n"));
	fake_begin(&nobody, 1, CONFIG_UDP, 0);
	t.worker.upstream = nobody.upstream;
	ask("out.lan", A);
	CU_ASSERT(is_alone(OUT "--\n--\n--\n"));
	fake_done(&nobody);
	CU_ASSERT_EQUAL(followed(), 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_local), 7);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_blocked), 1);
	end();
}

/* RFC 6604 3: the RCODE is that of the last name. */
static void
test_negative(void)
{
	begin("");
	ask("out.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), NXDOMAIN);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 8), 1);
	ask("out.lan", TXT);
	CU_ASSERT(is_asked("www.example.com", TXT));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 1);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 8), 1);
	end();
}

/* Whose word it was is said, unless something else went wrong. */
static void
test_list(void)
{
	static const uint8_t bogus[] = {0, EDE, 0, 2, 0, DNS_EDE_DNSSEC_BOGUS};

	begin("");
	ask("bad.example", A);
	CU_ASSERT(is_asked("garden.example", A));
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT(got_records("bad.example.\t60\tin\tcname\tgarden.example.\n"
			      "garden.example.\t300\tin\ta\t192.0.2.1\n"
			      "--\n--\n--\n"));
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_FILTERED);
	ask("bad.example", A);
	CU_ASSERT(is_asked("garden.example", A));
	query_fake_say(&t, NXDOMAIN, NULL, 0);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_FILTERED);
	ask("bad.example", A);
	CU_ASSERT(is_asked("garden.example", A));
	query_fake_start_reply(&t, SERVFAIL, 0);
	dnsmsg_opt(&t.reply, 1232, 0, bogus, sizeof(bogus));
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_DNSSEC_BOGUS);
	/* local data needs no excuse */
	ask("out.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(got_ede(), -1);
	end();
}

/* What the client set goes on; what nobody signed is not AD. */
static void
test_flags(void)
{
	struct dns_query sent;
	size_t place;

	begin("");
	query_fake_ask_name(&t, "out.lan", A, AD | CD, DO);
	CU_ASSERT(is_asked("www.example.com", A));
	CU_ASSERT_EQUAL(
	    dns_query_parse(t.sent.msg, t.sent.len, &sent), DNS_VERDICT_OK);
	CU_ASSERT((sent.flags & CD) != 0);
	CU_ASSERT((sent.edns.flags & DO) != 0);
	query_fake_start_reply(&t, 0, AD | AA);
	query_fake_add_address(&t, "192.0.2.1");
	place = dnsmsg_record(&t.reply, IN_ANSWER, "@12", RRSIG);
	dnsmsg_fill(&t.reply, 0, 18);
	dnsmsg_name(&t.reply, "example.com");
	dnsmsg_u16(&t.reply, 1);
	dnsmsg_rdata_end(&t.reply, place);
	query_fake_reply(&t);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 3);
	CU_ASSERT(!query_fake_got_ad(&t));
	/* RFC 6604 2.1: AA is about the first name. */
	CU_ASSERT((dnsmsg_get16(t.got, 2) & AA) != 0);
	ask("bad.example", A);
	CU_ASSERT(is_asked("garden.example", A));
	query_fake_say(&t, 0, "192.0.2.1", AA);
	CU_ASSERT((dnsmsg_get16(t.got, 2) & AA) == 0);
	end();
}

/* Nobody answers, or the client does not wait. */
static void
test_end(void)
{
	nsec start;

	begin("");
	ask("out.lan", A);
	start = t.f.now;
	while (t.calls == 0 && t.f.now < start + 10 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL((t.f.now - start) / NSEC_PER_MSEC, 4000);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), SERVFAIL);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_NO_REACHABLE_AUTHORITY);
	while (query_fake_asked(&t) != 0)
		continue;
	ask("out.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	query_cancel(&t.query);
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(t.calls, 0);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.query_cancelled), 1);
	/* REFUSED may come without a question. */
	ask("out.lan", A);
	CU_ASSERT(is_asked("www.example.com", A));
	dnsmsg_start(&t.reply, dns_get16(t.sent.msg), 0x8185);
	query_fake_reply(&t);
	while (t.calls == 0 && t.f.now < start + 20 * NSEC_PER_SEC)
		fake_advance(&t.f, NSEC_PER_MSEC);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 0);
	CU_ASSERT(query_fake_got_rcode(&t) != 0);
	end();
}

/* Local data may be another when the answer comes. */
static void
test_reload(void)
{
	begin("");
	ask("bad.example", A);
	CU_ASSERT(is_asked("garden.example", A));
	dns_local_free(own.local);
	load();
	query_fake_say(&t, 0, "192.0.2.1", 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 2);
	CU_ASSERT_EQUAL(got_ede(), DNS_EDE_FILTERED);
	end();
}

/* Both: the target has no address but of IPv4. */
static void
test_dns64(void)
{
	begin("dns64: {prefix: \"64:ff9b::/96\"}");
	query_fake_ask_name(&t, "far.lan", AAAA, AD, DO);
	CU_ASSERT(is_asked("www.example.com", AAAA));
	query_fake_say(&t, 0, NULL, AD);
	CU_ASSERT(is_asked("www.example.com", A));
	CU_ASSERT((t.sent.msg[t.sent.len - 4] & (DO >> 8)) != 0);
	query_fake_say(&t, 0, "192.0.2.1", AD);
	CU_ASSERT(got_records("far.lan.\t60\tin\tcname\tmid.lan.\n"
			      "mid.lan.\t60\tin\tcname\tout.lan.\n" OUT
			      "www.example.com.\t300\tin\taaaa\t"
			      "64:ff9b::c000:201\n--\n--\n--\n"));
	CU_ASSERT(!query_fake_got_ad(&t));
	CU_ASSERT_EQUAL(followed(), 1);
	CU_ASSERT_EQUAL(counter_get(&t.worker.counters.dns64_made), 1);
	/* neither: the first answer, with the CNAME all the same */
	ask("out.lan", AAAA);
	CU_ASSERT(is_asked("www.example.com", AAAA));
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT(is_asked("www.example.com", A));
	CU_ASSERT(query_kept(&t.query) > 0);
	query_fake_say(&t, 0, NULL, 0);
	CU_ASSERT_EQUAL(query_fake_got_rcode(&t), 0);
	CU_ASSERT_EQUAL(dnsmsg_get16(t.got, 6), 1);
	/* the name of an address that is an alias already */
	ask(MADE, PTR);
	CU_ASSERT(is_asked("1.example.com", PTR));
	query_cancel(&t.query);
	end();
}

void
test_query_alias_register(void)
{
	CU_pSuite s = unit_suite("query_alias");

	unit_test(s, "target", test_target);
	unit_test(s, "chain", test_chain);
	unit_test(s, "way_back", test_way_back);
	unit_test(s, "alone", test_alone);
	unit_test(s, "negative", test_negative);
	unit_test(s, "list", test_list);
	unit_test(s, "flags", test_flags);
	unit_test(s, "end", test_end);
	unit_test(s, "reload", test_reload);
	unit_test(s, "dns64", test_dns64);
}
