/* SPDX-License-Identifier: BSD-2-Clause */
/* Local data and lists of names: what is found, and what is answered. */
#include "dns/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/list.h"
#include "dns/name.h"
#include "dns/zone.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	NS = 2,
	TXT = 16,
	AAAA = 28,
	MX = 15,
	ANY = 255,
	TTL = 300,
	NXDOMAIN = 3,
	REFUSED = 5,
	NONE = -1, /* an ordinary name */
	EDE = 15   /* the option */
};

static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};
static const uint8_t key[HASH_KEY_LEN] = "quoll's own key";

static uint8_t got[DNS_MESSAGE_MAX];
static size_t got_len;

/* ---------------------------------------------------------------- help -- */

static int
add(void *arg, const struct dns_local_record *rr)
{
	return dns_local_add_record(arg, DNS_LOCAL_DATA_SOURCE, rr);
}

static int
add_text(struct dns_local *l, const char *text)
{
	const char *why;

	return dns_zone_parse(text, TTL, add, l, &why);
}

static struct dns_local *
make(const char *const *records)
{
	struct dns_local *l = dns_local_new(key, TTL);

	CU_ASSERT_FATAL(l != NULL);
	for (; records != NULL && *records != NULL; records++)
		CU_ASSERT(add_text(l, *records) == 0);
	return l;
}

/* The RCODE of the answer, which is in `got`; NONE: there is none. */
static int
ask_class(const struct dns_local *l, const char *name, unsigned type,
    unsigned class, bool only_data)
{
	struct dns_buf out = {.data = got};
	struct dns_local_match match;
	struct dns_query q;
	struct dnsmsg m;
	int rcode = NONE;
	uint8_t *data;

	dnsmsg_query(&m, name, type);
	m.data[m.len - 1] = (uint8_t) class;
	dnsmsg_opt(&m, 1232, 0, NULL, 0);
	data = dnsmsg_exact(m.data, m.len);
	CU_ASSERT(dns_query_parse(data, m.len, &q) == DNS_VERDICT_OK);
	if (dns_local_find(l, &q, only_data, &match)) {
		/* What it asked for is enough. */
		out.size =
		    dns_answer_bound(&q, &hop, NULL, NULL) + match.records;
		CU_ASSERT(dns_local_answer(&match, &q, &hop, &out) == 0);
		got_len = out.len;
		CU_ASSERT(dnsmsg_is_valid(got, got_len));
		rcode = got[3] & 15;
	}
	free(data);
	return rcode;
}

static int
ask(const struct dns_local *l, const char *name, unsigned type)
{
	return ask_class(l, name, type, 1, false);
}

/* The records of the answer, as ldns prints them. */
static bool
has(const char *text)
{
	char *all = dnsmsg_records(got, got_len, false);
	bool is_in = all != NULL && strstr(all, text) != NULL;

	if (!is_in)
		printf("no \"%s\" in\n%s", text, all != NULL ? all : "?");
	free(all);
	return is_in;
}

static unsigned
answers(void)
{
	return dnsmsg_get16(got, IN_ANSWER);
}

static unsigned
authorities(void)
{
	return dnsmsg_get16(got, IN_AUTHORITY);
}

/* ------------------------------------------------------------- records -- */

static void
test_records(void)
{
	static const char *const records[] = {"printer.lan. 60 IN A 192.0.2.7",
	    "printer.lan. 60 IN A 192.0.2.8", "printer.lan. 60 IN A 192.0.2.8",
	    "printer.lan. AAAA 2001:db8::7", "a.b.c.lan. A 192.0.2.9", NULL};
	struct dns_local *l = make(records);

	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, "PRINTER.lan", A) == 0);
	CU_ASSERT(answers() == 2 && authorities() == 0);
	CU_ASSERT(has("printer.lan.\t60\tin\ta\t192.0.2.7"));
	CU_ASSERT(has("192.0.2.8"));
	CU_ASSERT((got[2] & 4) != 0 && (got[3] & 0x80) != 0); /* AA, RA */
	CU_ASSERT(ask(l, "printer.lan", ANY) == 0 && answers() == 3);
	CU_ASSERT(ask_class(l, "printer.lan", A, 255, false) == 0);
	/* no data of that type, which can be cached */
	CU_ASSERT(ask(l, "printer.lan", MX) == 0);
	CU_ASSERT(answers() == 0 && authorities() == 1);
	CU_ASSERT(has("printer.lan.\t300\tin\tsoa"));
	/* ordinary ones */
	CU_ASSERT(ask(l, "lan", A) == NONE);
	CU_ASSERT(ask(l, "x.printer.lan", A) == NONE);
	CU_ASSERT(ask(l, "b.c.lan", A) == NONE);
	CU_ASSERT(ask(l, "xprinter.lan", A) == NONE);
	CU_ASSERT(ask_class(l, "printer.lan", A, 3, false) == NONE);
	CU_ASSERT(ask(NULL, "printer.lan", A) == NONE);
	CU_ASSERT(dns_local_names(l) == 2);
	dns_local_free(l);
}

static void
test_zone(void)
{
	static const char *const records[] = {
	    "x.lan. 900 SOA ns.x.lan. h.x.lan. 1 2 3 4 77",
	    "a.b.x.lan. A 192.0.2.1", "*.w.x.lan. A 192.0.2.2",
	    "deep.s.x.lan. SOA ns. h. 1 2 3 4 5", "*.t.lan. TXT t", NULL};
	struct dns_local *l = make(records);

	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, "no.x.lan", A) == NXDOMAIN);
	CU_ASSERT(has("x.lan.\t77\tin\tsoa\tns.x.lan. h.x.lan. 1 2 3 4 77"));
	CU_ASSERT(ask(l, "x.lan", A) == 0 && authorities() == 1);
	CU_ASSERT(ask(l, "x.lan", 6) == 0 && answers() == 1);
	CU_ASSERT(has("x.lan.\t900\tin\tsoa"));
	/* names that exist because longer ones do: RFC 4592 2.2.2 */
	CU_ASSERT(ask(l, "b.x.lan", A) == 0 && answers() == 0);
	CU_ASSERT(ask(l, "w.x.lan", A) == 0 && answers() == 0);
	CU_ASSERT(ask(l, "s.x.lan", A) == 0 && answers() == 0);
	CU_ASSERT(has("x.lan.\t77\tin\tsoa"));
	CU_ASSERT(ask(l, "c.a.b.x.lan", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "1.2.w.x.lan", A) == 0 && answers() == 1);
	CU_ASSERT(has("1.2.w.x.lan.\t300\tin\ta\t192.0.2.2"));
	CU_ASSERT(ask(l, "n.deep.s.x.lan", A) == NXDOMAIN);
	CU_ASSERT(has("deep.s.x.lan.\t5\tin\tsoa"));
	CU_ASSERT(ask(l, "y.lan", A) == NONE);
	CU_ASSERT(ask(l, "t.lan", TXT) == NONE);
	CU_ASSERT(ask(l, "q.t.lan", A) == 0 && has("q.t.lan.\t300\tin\tsoa"));
	dns_local_free(l);
}

static void
test_cname(void)
{
	static const char *const records[] = {"a.lan. CNAME b.lan.",
	    "b.lan. CNAME c.lan.", "c.lan. A 192.0.2.1",
	    "out.lan. CNAME www.example.org.", "loop.lan. CNAME pool.lan.",
	    "pool.lan. CNAME loop.lan.", "z.lan. SOA . . 1 2 3 4 5",
	    "gone.lan. CNAME no.z.lan.", NULL};
	struct dns_local *l = make(records);

	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, "A.lan", A) == 0 && answers() == 3);
	CU_ASSERT(has("b.lan.\t300\tin\tcname\tc.lan."));
	CU_ASSERT(has("c.lan.\t300\tin\ta\t192.0.2.1"));
	CU_ASSERT(ask(l, "a.lan", 5) == 0 && answers() == 1);
	CU_ASSERT(ask(l, "a.lan", TXT) == 0 && answers() == 2);
	CU_ASSERT(has("c.lan.\t300\tin\tsoa"));
	CU_ASSERT(ask(l, "out.lan", A) == 0);
	CU_ASSERT(answers() == 1 && authorities() == 0);
	CU_ASSERT(ask(l, "loop.lan", A) == 0);
	CU_ASSERT(answers() == DNS_LOCAL_CHAIN_MAX);
	CU_ASSERT(ask(l, "gone.lan", A) == NXDOMAIN && answers() == 1);
	CU_ASSERT(has("z.lan.\t5\tin\tsoa"));
	dns_local_free(l);
}

static void
test_clashes(void)
{
	static const char *const records[] = {
	    "a.lan. CNAME b.lan.", "b.lan. A 192.0.2.1", NULL};
	struct dns_local *l = make(records);
	char text[80];
	int rc = 0;

	CU_ASSERT(add_text(l, "a.lan. A 192.0.2.1") == -EEXIST);
	CU_ASSERT(add_text(l, "a.lan. CNAME c.lan.") == -EEXIST);
	CU_ASSERT(add_text(l, "b.lan. CNAME c.lan.") == -EEXIST);
	for (int i = 0; rc == 0 && i <= DNS_LOCAL_RECORDS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "many.lan. TXT t%d", i);
		rc = add_text(l, text);
	}
	CU_ASSERT(rc == -E2BIG);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, "many.lan", TXT) == 0);
	CU_ASSERT(answers() == DNS_LOCAL_RECORDS_MAX);
	dns_local_free(l);
}

/* What is no record, or none that we have. */
static void
test_not_records(void)
{
	static const char *const texts[] = {"", "x", "x.lan.", "x.lan. A",
	    "x.lan. A 1.2.3", "x.lan. CH A 192.0.2.1", "x.lan. DNAME y.lan.",
	    "x.lan. OPT", "x.lan. ANY x", "x.lan. TYPE0 \\# 0",
	    "x.lan. TYPE250 \\# 0", "x.lan. A \\# 3 010203",
	    "x.lan. MX \\# 1 00", "$INCLUDE /etc/passwd", "; x",
	    "x..lan. A 192.0.2.1"};
	struct dns_local *l = make(NULL);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT(add_text(l, texts[i]) == -EINVAL);
		if (dns_local_names(l) != 0)
			printf("\"%s\" is one\n", texts[i]);
	}
	CU_ASSERT(dns_local_names(l) == 0);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, ".", A) == NONE);
	dns_local_free(l);
}

/* --------------------------------------------------------------- lists -- */

static unsigned
add_source(struct dns_local *l, int ede, const char *text)
{
	struct dns_local_source s = {.ttl = 60, .ede = ede};
	unsigned source = 0;

	(void)snprintf(s.text, sizeof(s.text), "%s", text);
	CU_ASSERT(dns_local_add_source(l, &s, &source) == 0);
	return source;
}

/* What the EDE option says; -1: there is none. */
static int
ede(void)
{
	if (dnsmsg_options(got, got_len, EDE) != 1)
		return -1;
	/* The only option: behind the OPT record's fixed part. */
	for (size_t i = got_len + 1; i-- > 6;)
		if (memcmp(got + i - 6, "\0\17\0", 3) == 0)
			return (int)dnsmsg_get16(got, i - 2);
	return -1;
}

static void
name(struct dns_local *l, unsigned source, const char *text, unsigned scope,
    enum dns_local_action action)
{
	uint8_t wire[DNS_NAME_MAX];
	size_t len;

	CU_ASSERT(dns_name_from_text(text, wire, &len) == 0);
	CU_ASSERT(dns_local_add(l, source, wire, scope, action) == 0);
}

static void
test_lists(void)
{
	static const char *const records[] = {
	    "mine.bad.org. A 192.0.2.1", NULL};
	const unsigned both = DNS_LOCAL_SELF | DNS_LOCAL_BELOW;
	const uint8_t address[4] = {192, 0, 2, 66};
	const struct dns_local_record rr = {
	    .rdata = address, .rdata_len = 4, .type = A, .ttl = 60};
	struct dns_local *l = make(records);
	unsigned allow = add_source(l, DNS_EDE_NONE, "");
	unsigned ads = add_source(l, DNS_EDE_BLOCKED, "ads");
	unsigned more = add_source(l, DNS_EDE_FILTERED, "");

	CU_ASSERT(dns_local_share_record(l, more, &rr) == 0);
	name(l, allow, "good.bad.org", DNS_LOCAL_SELF, DNS_LOCAL_ALLOW);
	name(l, ads, "bad.org", both, DNS_LOCAL_NXDOMAIN);
	name(l, more, "good.bad.org", both, DNS_LOCAL_REFUSED);
	name(l, more, "this.org", DNS_LOCAL_SELF, DNS_LOCAL_RECORDS);
	name(l, more, "below.org", DNS_LOCAL_BELOW, DNS_LOCAL_NODATA);
	name(l, more, "no.org", DNS_LOCAL_SELF, DNS_LOCAL_REFUSED);
	CU_ASSERT(dns_local_finish(l) == 0);

	CU_ASSERT(ask(l, "Bad.org", A) == NXDOMAIN && ede() == 15);
	CU_ASSERT(memmem(got, got_len, "ads", 3) != NULL);
	CU_ASSERT(has("bad.org.\t60\tin\tsoa") && (got[2] & 4) == 0);
	CU_ASSERT(ask(l, "x.y.bad.org", A) == NXDOMAIN);
	CU_ASSERT(has("\nbad.org.\t60\tin\tsoa") || has("bad.org."));
	/* the first list decides, also over a longer name in a later one */
	CU_ASSERT(ask(l, "good.bad.org", A) == NONE);
	CU_ASSERT(ask(l, "x.good.bad.org", A) == NXDOMAIN);
	/* local data goes first */
	CU_ASSERT(ask(l, "mine.bad.org", A) == 0 && answers() == 1);
	CU_ASSERT(ede() == -1);
	CU_ASSERT(ask(l, "this.org", A) == 0 && has("192.0.2.66"));
	CU_ASSERT(ede() == 17);
	CU_ASSERT(ask(l, "this.org", AAAA) == 0 && authorities() == 1);
	CU_ASSERT(ask(l, "x.this.org", A) == NONE);
	CU_ASSERT(ask(l, "below.org", A) == NONE);
	CU_ASSERT(ask(l, "x.below.org", A) == 0 && authorities() == 1);
	CU_ASSERT(ask(l, "no.org", A) == REFUSED && ede() == 17);
	CU_ASSERT(authorities() == 0);
	CU_ASSERT(ask_class(l, "bad.org", A, 1, true) == NONE);
	CU_ASSERT(ask_class(l, "mine.bad.org", A, 1, true) == 0);
	dns_local_free(l);
}

static void
feed_lines(struct dns_list *list, const char *const *lines, size_t n,
    int (*fn)(struct dns_list *, size_t, const char *, size_t))
{
	uint8_t *copy;

	dns_list_init(list);
	for (size_t i = 0; i < n; i++) {
		copy =
		    dnsmsg_exact((const uint8_t *)lines[i], strlen(lines[i]));
		CU_ASSERT(
		    fn(list, i + 1, (const char *)copy, strlen(lines[i])) == 0);
		free(copy);
	}
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
test_names(void)
{
	static const char *const lines[] = {"\xef\xbb\xbf# list\r", "one.org\r",
	    "  two.org. # why", "", "\t", "_dmarc.three.org", "*.star.org",
	    "localhost", "Local", "0.0.0.0", "ip6-loopback",
	    L63 "." L63 "." L63 "." L61,     /* 255 octets */
	    L63 "." L63 "." L63 "." L61 "a", /* and one more */
	    "b\xc3\xbc"
	    "cher.org",
	    "a b", "..", "x..org", ".", "*.", "||ads.org^", L63 "a.org",
	    "a\\.b.org"};
	struct dns_local *l = make(NULL);
	struct dns_list list = {
	    .local = l,
	    .source = add_source(l, 15, ""),
	    .action = DNS_LOCAL_NXDOMAIN,
	    .scope = DNS_LOCAL_SELF,
	};

	feed_lines(&list, lines, COUNT(lines), dns_list_name);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(dns_local_names(l) == 5);
	CU_ASSERT(list.skipped == 10 && list.first_skipped == 13);
	CU_ASSERT(ask(l, "one.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "two.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "_dmarc.THREE.org", TXT) == NXDOMAIN);
	CU_ASSERT(ask(l, "x.star.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "star.org", A) == NONE);
	CU_ASSERT(ask(l, L63 "." L63 "." L63 "." L61, A) == NXDOMAIN);
	CU_ASSERT(ask(l, "localhost", A) == NONE);
	CU_ASSERT(ask(l, "local", A) == NONE);
	dns_local_free(l);
}

static void
test_hosts_list(void)
{
	static const char *const lines[] = {"127.0.0.1 localhost",
	    "127.0.0.1 localhost.localdomain", "::1 ip6-localhost",
	    "fe80::1%lo0 localhost", "0.0.0.0 0.0.0.0",
	    "0.0.0.0 one.org two.org#three.org", "0.0.0.0\ttab.org\r",
	    "one.org", "0.0.0.0", "300.1 odd.org", "0.0.0.0 bad..org ok.org"};
	struct dns_local *l = make(NULL);
	struct dns_list list = {
	    .local = l,
	    .source = add_source(l, 15, ""),
	    .action = DNS_LOCAL_NODATA,
	    .scope = DNS_LOCAL_SELF,
	};

	feed_lines(&list, lines, COUNT(lines), dns_list_host);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(dns_local_names(l) == 5);
	CU_ASSERT(list.skipped == 2 && list.first_skipped == 8);
	CU_ASSERT(ask(l, "two.org", A) == 0);
	CU_ASSERT(ask(l, "three.org", A) == NONE);
	CU_ASSERT(ask(l, "tab.org", A) == 0 && ask(l, "ok.org", A) == 0);
	dns_local_free(l);
}

static void
test_hosts_data(void)
{
	static const char *const lines[] = {"127.0.0.1 localhost",
	    "192.0.2.1 a.lan alias.lan", "2001:db8::1 a.lan",
	    "192.0.2.1 other.lan", "192.0.2 b.lan", "192.0.2.2 b\xc3\xbc.lan"};
	struct dns_local *l = make(NULL);
	struct dns_list list = {.local = l, .ttl = 9};

	feed_lines(&list, lines, COUNT(lines), dns_list_host_data);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(list.skipped == 2 && list.first_skipped == 5);
	CU_ASSERT(ask(l, "alias.lan", A) == 0);
	CU_ASSERT(has("alias.lan.\t9\tin\ta\t192.0.2.1"));
	CU_ASSERT(ask(l, "a.lan", AAAA) == 0 && has("2001:db8::1"));
	CU_ASSERT(ask(l, "1.2.0.192.in-addr.arpa", 12) == 0);
	CU_ASSERT(answers() == 1 && has("ptr\ta.lan."));
	CU_ASSERT(ask(l,
		      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		      "8.b.d.0.1.0.0.2.ip6.arpa",
		      12) == 0);
	CU_ASSERT(answers() == 1);
	CU_ASSERT(ask(l, "localhost", A) == NONE);
	dns_local_free(l);
}

/* -------------------------------------------------------- policy zones -- */

static int
read_zone(struct dns_list *list, const char *text, struct dns_zone_fault *fault)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int rc;

	CU_ASSERT_FATAL(in != NULL);
	dns_list_init(list);
	rc = dns_zone_read(in, TTL, dns_list_policy, list, fault);
	(void)fclose(in);
	return rc;
}

static void
test_policy(void)
{
	static const char text[] =
	    "$TTL 60\n$ORIGIN rpz.example.\n@ SOA a b (1 2\n 3 4 5)\n@ NS .\n"
	    "bad.org CNAME .\n*.bad.org CNAME .\nnod.org CNAME *.\n"
	    "*.nod.org CNAME rpz-passthru.\ntcp.org CNAME rpz-tcp-only.\n"
	    "drop.org CNAME rpz-drop.\nself.org CNAME self.org.\n"
	    "data.org A 192.0.2.1\ndata.org TXT t\n"
	    "alias.org CNAME bad.org.\nwild.org CNAME *.garden.org.\n"
	    "32.1.2.0.192.rpz-ip CNAME .\nns.org.rpz-nsdname CNAME .\n"
	    "32.1.2.0.192.rpz-nsip CNAME .\n8.0.0.0.10.rpz-client-ip CNAME .\n"
	    "outside.org. CNAME .\ndata.org CNAME x.org.\n";
	struct dns_local *l = make(NULL);
	struct dns_list list = {.local = l, .source = add_source(l, 17, "")};
	struct dns_zone_fault fault;

	CU_ASSERT(read_zone(&list, text, &fault) == 0);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(list.unsupported == 5 && list.skipped == 2);
	CU_ASSERT(ask(l, "bad.org", A) == NXDOMAIN && ede() == 17);
	CU_ASSERT(ask(l, "x.y.bad.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "nod.org", A) == 0 && authorities() == 1);
	CU_ASSERT(ask(l, "x.nod.org", A) == NONE);
	CU_ASSERT(ask(l, "tcp.org", A) == NONE);
	CU_ASSERT(ask(l, "self.org", A) == NONE);
	CU_ASSERT(ask(l, "drop.org", A) == REFUSED && ede() == 17);
	CU_ASSERT(ask(l, "data.org", A) == 0 && answers() == 1);
	CU_ASSERT(has("data.org.\t60\tin\ta\t192.0.2.1"));
	CU_ASSERT(ask(l, "data.org", MX) == 0 && authorities() == 1);
	CU_ASSERT(ask(l, "alias.org", A) == 0 && answers() == 1);
	CU_ASSERT(ask(l, "wild.org", A) == NONE);
	CU_ASSERT(ask(l, "outside.org", A) == NONE);
	CU_ASSERT(ask(l, "rpz.example", A) == NONE);
	dns_local_free(l);
}

static void
test_policy_override(void)
{
	static const char text[] =
	    "bad.org CNAME rpz-drop.\na.org A 192.0.2.1\n"
	    "pass.bad.org CNAME rpz-passthru.\n";
	struct dns_local *l = make(NULL);
	struct dns_list list = {
	    .local = l,
	    .source = add_source(l, 17, ""),
	    .action = DNS_LOCAL_NXDOMAIN,
	};
	struct dns_zone_fault fault;

	CU_ASSERT(read_zone(&list, text, &fault) == 0);
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(ask(l, "bad.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "a.org", A) == NXDOMAIN);
	CU_ASSERT(ask(l, "pass.bad.org", A) == NONE);
	dns_local_free(l);
}

/* A fault ends the reading, and says where it is. */
static void
test_zone_faults(void)
{
	static const struct {
		const char *text;
		size_t line;
	} cases[] = {
	    {"a.org CNAME .\n\n\nb.org A 1.2.3\nc.org CNAME .\n", 4},
	    {"a.org CNAME .\n$INCLUDE /etc/hostname\n", 2},
	    {"$GENERATE 1-3 a$ CNAME .\n", 1},
	    {"a.org CNAME .\nb.org CH CNAME .\n", 2},
	    {"a.org CNAME .\n(garbage", 2},
	    {"<html>\n<body>Not found</body>\n", 1},
	};
	struct dns_zone_fault fault;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_local *l = make(NULL);
		struct dns_list list = {
		    .local = l, .source = add_source(l, 17, "")};

		fault = (struct dns_zone_fault){.line = 0};
		CU_ASSERT(read_zone(&list, cases[i].text, &fault) == -EINVAL);
		CU_ASSERT(fault.line == cases[i].line && fault.text != NULL);
		dns_local_free(l);
	}
}

/* ----------------------------------------------------------- reference -- */

/* The same, done slowly: everything that was added, in an array. */
enum {
	ROUNDS = 300,
	ITEMS = 40,
	QUESTIONS = 200,
	SOURCES = 4,
	NAME_TEXT = 32,
};

struct item {
	char name[NAME_TEXT];
	unsigned source;
	unsigned scope;
	enum dns_local_action action;
	bool has_soa;
};

struct reference {
	struct item item[ITEMS];
	size_t count;
};

static void
draw_name(uint32_t *seed, char text[NAME_TEXT])
{
	unsigned labels = 1 + dnsmsg_random(seed) % 4;
	size_t at = 0;

	for (; labels > 0; labels--) {
		text[at++] = "abc"[dnsmsg_random(seed) % 3];
		text[at++] = labels > 1 ? '.' : '\0';
	}
}

static const char *
parent(const char *text)
{
	const char *dot = strchr(text, '.');

	return dot != NULL ? dot + 1 : NULL;
}

/* Is `text` at or below `top`? */
static bool
is_under(const char *text, const char *top)
{
	for (; text != NULL; text = parent(text))
		if (strcmp(text, top) == 0)
			return true;
	return false;
}

static const struct item *
find_data(const struct reference *r, const char *text, unsigned scope)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->item[i].source == 0 && r->item[i].scope == scope &&
		    strcmp(r->item[i].name, text) == 0)
			return &r->item[i];
	return NULL;
}

static bool
is_in_zone(const struct reference *r, const char *text)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->item[i].has_soa && is_under(text, r->item[i].name))
			return true;
	return false;
}

/* RFC 4592 2.2.2, as far as we have a zone. */
static bool
exists(const struct reference *r, const char *text)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->item[i].source == 0 &&
		    (is_in_zone(r, text) ? is_under(r->item[i].name, text)
					 : strcmp(r->item[i].name, text) == 0))
			return true;
	return false;
}

static enum dns_local_action
ask_data(const struct reference *r, const char *text)
{
	const char *up;

	if (find_data(r, text, DNS_LOCAL_SELF) != NULL)
		return DNS_LOCAL_RECORDS;
	for (up = parent(text); !exists(r, text) && up != NULL;
	     up = parent(up)) {
		if (!exists(r, up))
			continue;
		if (find_data(r, up, DNS_LOCAL_BELOW) != NULL)
			return DNS_LOCAL_RECORDS;
		break;
	}
	if (!is_in_zone(r, text))
		return DNS_LOCAL_NONE;
	return exists(r, text) ? DNS_LOCAL_NODATA : DNS_LOCAL_NXDOMAIN;
}

static enum dns_local_action
ask_lists(const struct reference *r, const char *text)
{
	const struct item *best = NULL;
	const struct item *it;
	unsigned scope = DNS_LOCAL_SELF;

	for (const char *up = text; up != NULL; up = parent(up)) {
		for (it = r->item; it < r->item + r->count; it++) {
			if (it->source == 0 || (it->scope & scope) == 0 ||
			    strcmp(it->name, up) != 0 ||
			    find_data(r, up, scope) != NULL)
				continue;
			if (best == NULL || it->source < best->source)
				best = it;
		}
		scope = DNS_LOCAL_BELOW;
	}
	return best != NULL ? best->action : DNS_LOCAL_NONE;
}

static void
add_item(struct dns_local *l, struct reference *r, uint32_t *seed)
{
	static const uint8_t rdata[] =
	    "\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5";
	struct item it = {.source = dnsmsg_random(seed) % SOURCES};
	struct dns_local_record rr = {
	    .ttl = 1, .type = A, .rdata = rdata, .rdata_len = 4};
	uint8_t wire[DNS_NAME_MAX + 2] = "\1*";
	size_t len;

	draw_name(seed, it.name);
	CU_ASSERT(dns_name_from_text(it.name, wire + 2, &len) == 0);
	it.scope = 1 + dnsmsg_random(seed) % 3;
	it.action =
	    (enum dns_local_action)(DNS_LOCAL_ALLOW + dnsmsg_random(seed) % 5);
	if (it.source == 0) {
		it.scope = 1 + dnsmsg_random(seed) % 2;
		it.has_soa = it.scope == 1 && dnsmsg_random(seed) % 4 == 0;
		rr.owner = it.scope == 1 ? wire + 2 : wire;
		if (it.has_soa) {
			rr.type = 6;
			rr.rdata_len = 22;
		}
		CU_ASSERT(dns_local_add_record(l, 0, &rr) == 0);
	} else {
		CU_ASSERT(dns_local_add(l, it.source, wire + 2, it.scope,
			      it.action) == 0);
	}
	r->item[r->count++] = it;
}

static void
run_round(uint32_t *seed)
{
	struct dns_local *l = make(NULL);
	struct reference r = {.count = 0};
	char text[NAME_TEXT];
	enum dns_local_action want;
	bool is_same = true;

	for (unsigned i = 1; i < SOURCES; i++)
		(void)add_source(l, 15, "");
	for (unsigned n = 1 + dnsmsg_random(seed) % ITEMS; n > 0; n--)
		add_item(l, &r, seed);
	CU_ASSERT(dns_local_finish(l) == 0);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		static const int rcodes[] = {
		    [DNS_LOCAL_NONE] = NONE,
		    [DNS_LOCAL_ALLOW] = NONE,
		    [DNS_LOCAL_NXDOMAIN] = NXDOMAIN,
		    [DNS_LOCAL_REFUSED] = REFUSED,
		};

		draw_name(seed, text);
		want = ask_data(&r, text);
		if (want == DNS_LOCAL_NONE)
			want = ask_lists(&r, text);
		if (ask(l, text, NS) != rcodes[want]) {
			printf("%s: not %d\n", text, want);
			is_same = false;
		}
	}
	CU_ASSERT(is_same);
	dns_local_free(l);
}

static void
test_reference(void)
{
	uint32_t seed = dnsmsg_seed("local");

	for (unsigned i = 0; i < ROUNDS; i++)
		run_round(&seed);
}

/* Names that are found when there are many, and none else. */
static void
test_many(void)
{
	enum {
		MANY = 20000
	};
	struct dns_local *l = make(NULL);
	unsigned source = add_source(l, 15, "");
	char text[NAME_TEXT];
	bool is_right = true;

	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(text, sizeof(text), "n%u.example", 2 * i);
		name(l, source, text, DNS_LOCAL_SELF, DNS_LOCAL_NXDOMAIN);
	}
	CU_ASSERT(dns_local_finish(l) == 0);
	CU_ASSERT(dns_local_names(l) == MANY);
	for (unsigned i = 0; i < 2 * MANY; i += 7) {
		(void)snprintf(text, sizeof(text), "N%u.example", i);
		is_right &= ask(l, text, A) == (i % 2 == 0 ? NXDOMAIN : NONE);
	}
	CU_ASSERT(is_right);
	/* the name and some ten octets for each */
	CU_ASSERT(dns_local_octets(l) < MANY * (16 + 12));
	dns_local_free(l);
}

void
test_local_register(void)
{
	CU_pSuite s = unit_suite("local");

	unit_test(s, "records", test_records);
	unit_test(s, "zone", test_zone);
	unit_test(s, "cname", test_cname);
	unit_test(s, "clashes", test_clashes);
	unit_test(s, "not records", test_not_records);
	unit_test(s, "lists", test_lists);
	unit_test(s, "names", test_names);
	unit_test(s, "hosts list", test_hosts_list);
	unit_test(s, "hosts data", test_hosts_data);
	unit_test(s, "policy", test_policy);
	unit_test(s, "policy override", test_policy_override);
	unit_test(s, "zone faults", test_zone_faults);
	unit_test(s, "reference", test_reference);
	unit_test(s, "many", test_many);
}
