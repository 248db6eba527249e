/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/query_fake.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dns/ecs.h"
#include "dns/response.h"
#include "quic/evquic.h"
#include "tests/unit/unit.h"

enum {
	A = 1,
	AAAA = 28,
	RD = 0x0100,
	RA = 0x0080,
	AD = 0x0020,
	QR = 0x8000,
	FAR = 1,
	TRUSTED = 101 /* a server on the loopback: its AD is believed */
};

static const struct front front = {
    .name = "test", .hop = {.max_size = DNS_MESSAGE_MAX}};

static nsec
now(void *ctx)
{
	const struct query_fake *t = ctx;

	return t->f.now;
}

static void
take(struct query_fake *t, struct query_answer answer)
{
	t->calls++;
	CU_ASSERT_FATAL(answer.buf != NULL);
	t->got_len = answer.len;
	memcpy(t->got, evquic_buf_data(answer.buf), answer.len);
	evquic_buf_free(answer.buf);
	CU_ASSERT(dnsmsg_is_valid(t->got, t->got_len));
}

static void
on_done(struct query *q, struct query_answer answer)
{
	CU_ASSERT(!query_is_pending(q));
	take(container_of(q, struct query_fake, query), answer);
}

struct config *
query_fake_config(const char *yaml)
{
	static const struct config_build build = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC)};
	static struct config_errors errors;
	struct config *config = NULL;
	char text[1024];
	int len = snprintf(
	    text, sizeof(text), "access: {allow: [0.0.0.0/0]}\n%s\n", yaml);

	errors.count = 0;
	CU_ASSERT_EQUAL_FATAL(config_load_text("test", text, (size_t)len,
				  &build, NULL, &errors, &config),
	    0);
	return config;
}

static void
begin(struct query_fake *t, const char *yaml, unsigned server)
{
	memset(t, 0, sizeof(*t));
	fake_init(&t->f, 1);
	fake_server(&t->f, CONFIG_UDP, server);
	fake_start(&t->f);
	t->base = event_base_new();
	t->worker.now = now;
	t->worker.now_ctx = t;
	t->worker.config = query_fake_config(yaml);
	t->worker.upstream = t->f.upstream;
	t->worker.quic = evquic_worker_new(t->base, NULL);
	CU_ASSERT_FATAL(t->worker.quic != NULL);
	pool_init(&t->worker.query_runs, query_run_size(), 4);
	fetches_init(&t->worker.fetches, &(struct fetch_env){
					     .timers = &t->f.timers,
					     .now = now,
					     .ctx = t,
					     .cache = &t->worker.cache,
					     .key = t->worker.question_key,
					 });
	query_init(&t->query, &t->worker, &front, on_done);
}

void
query_fake_begin(struct query_fake *t, const char *yaml)
{
	begin(t, yaml, TRUSTED);
}

void
query_fake_begin_far(struct query_fake *t, const char *yaml)
{
	begin(t, yaml, FAR);
}

void
query_fake_end(struct query_fake *t)
{
	CU_ASSERT(!query_is_pending(&t->query));
	CU_ASSERT_EQUAL(query_kept(&t->query), 0);
	CU_ASSERT_EQUAL(counter_get(&t->worker.counters.queries_now), 0);
	CU_ASSERT_EQUAL(atomic_load(&t->worker.config->refs), 1);
	fetches_done(&t->worker.fetches);
	pool_done(&t->worker.query_runs);
	fake_done(&t->f);
	config_unref(t->worker.config);
	evquic_worker_free(t->worker.quic);
	event_base_free(t->base);
}

static void
ask(struct query_fake *t, const struct dnsmsg *m)
{
	struct sockaddr_in client = {.sin_family = AF_INET};
	struct query_asker asker = {
	    .address = (const struct sockaddr *)&client};
	struct query_answer answer;

	client.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1 */
	t->calls = 0;
	t->got_len = 0;
	if (query_start(&t->query, m->data, m->len, &asker, &answer) ==
	    QUERY_ANSWERED)
		take(t, answer);
	fake_turn(&t->f);
}

void
query_fake_ask_name(struct query_fake *t, const char *name, unsigned type,
    unsigned flags, uint32_t edns_flags)
{
	struct dnsmsg m;

	dnsmsg_start(&m, 0, (uint16_t)(RD ^ flags));
	dnsmsg_question(&m, name, type);
	dnsmsg_opt(&m, 1232, edns_flags, NULL, 0);
	ask(t, &m);
}

void
query_fake_ask_options(struct query_fake *t, const char *name, unsigned type,
    const uint8_t *options, size_t len)
{
	struct dnsmsg m;

	dnsmsg_start(&m, 0, RD);
	dnsmsg_question(&m, name, type);
	dnsmsg_opt(&m, 1232, 0, options, len);
	ask(t, &m);
}

unsigned
query_fake_asked(struct query_fake *t)
{
	const uint8_t *p = t->sent.msg + DNS_HEADER_SIZE;

	if (!fake_take(&t->f, &t->sent))
		return 0;
	return dns_get16(p + dns_name_length(p));
}

void
query_fake_start_reply(struct query_fake *t, unsigned rcode, unsigned flags)
{
	const uint8_t *question = t->sent.msg + DNS_HEADER_SIZE;

	dnsmsg_start(&t->reply, dns_get16(t->sent.msg),
	    (uint16_t)(QR | RD | RA | flags | rcode));
	dnsmsg_bytes(&t->reply, question,
	    dns_name_length(question) + DNS_QUESTION_FIXED);
	dnsmsg_count(&t->reply, IN_QUESTION);
}

void
query_fake_add_address(struct query_fake *t, const char *text)
{
	bool is_v6 = strchr(text, ':') != NULL;
	uint8_t addr[DNS_AAAA_SIZE];
	size_t place =
	    dnsmsg_record(&t->reply, IN_ANSWER, "@12", is_v6 ? AAAA : A);

	CU_ASSERT(inet_pton(is_v6 ? AF_INET6 : AF_INET, text, addr) == 1);
	dnsmsg_bytes(&t->reply, addr, is_v6 ? DNS_AAAA_SIZE : DNS_A_SIZE);
	dnsmsg_rdata_end(&t->reply, place);
}

void
query_fake_reply(struct query_fake *t)
{
	fake_give(&t->f, &t->sent, t->reply.data, t->reply.len);
	fake_turn(&t->f);
}

void
query_fake_say(
    struct query_fake *t, unsigned rcode, const char *address, unsigned flags)
{
	query_fake_start_reply(t, rcode, flags);
	if (address != NULL)
		query_fake_add_address(t, address);
	else
		dnsmsg_soa(&t->reply, IN_AUTHORITY, "example.com");
	query_fake_reply(t);
}

unsigned
query_fake_got_rcode(const struct query_fake *t)
{
	return dnsmsg_get16(t->got, 2) & 0xf;
}

bool
query_fake_got_ad(const struct query_fake *t)
{
	return (dnsmsg_get16(t->got, 2) & AD) != 0;
}

int
query_fake_got_scope(const struct query_fake *t)
{
	struct dns_expect e;
	struct dns_response r;
	struct dns_ecs ecs;

	if (dns_expect_init(t->got, t->got_len, false, &e) != 0 ||
	    dns_response_check(t->got, t->got_len, &e, &r) !=
		DNS_MATCH_ACCEPT ||
	    dns_ecs_take(r.msg, &r.edns, &ecs) != 1)
		return -1;
	return ecs.scope;
}
