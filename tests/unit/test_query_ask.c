/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests for resolver/query_ask.c that are of nobody else's matter. */
#include <arpa/inet.h>
#include <string.h>

#include "quic/evquic.h"
#include "resolver/back/internal.h"
#include "tests/unit/query_fake.h"
#include "tests/unit/unit.h"

enum {
	RD = 0x0100,
	AD = 0x0020,
	CD = 0x0010,
	CROWD = 100,
	BLOCK = 468
};

static struct query_fake t;

/* The latest question upstream. */
static const struct upstream_ask *
asked(void)
{
	return container_of(t.f.upstream->asks.prev, struct upstream_ask, link);
}

/* What limits a client does not limit one of access.trusted. */
static void
test_exempt(void)
{
	struct access_prefix all;
	struct access **list;

	query_fake_begin(&t, "");
	query_fake_ask_name(&t, "www.example.com", DNS_TYPE_A, 0, 0);
	CU_ASSERT(!asked()->is_exempt);
	query_cancel(&t.query);
	list = &t.worker.config->access.list;
	access_free(*list);
	CU_ASSERT_EQUAL_FATAL(
	    access_prefix_parse("0.0.0.0/0", ACCESS_TRUSTED, &all), 0);
	CU_ASSERT_EQUAL_FATAL(access_new(&all, 1, list), 0);
	query_fake_ask_name(&t, "www.example.com", DNS_TYPE_A, 0, 0);
	CU_ASSERT(asked()->is_exempt);
	query_cancel(&t.query);
	query_fake_end(&t);
}

/* ------------------------------------------------- many ask the same -- */

/* Each has a number, and from it all that makes it different. */
struct member {
	struct query query;
	unsigned calls;
	struct dnsmsg asked;
	size_t len;
	uint8_t got[1024];
};

static const struct front padded = {
    .name = "padded", .hop = {.max_size = DNS_MESSAGE_MAX, .pad_block = BLOCK}};

static struct member crowd[CROWD];

static void
on_member(struct query *q, struct query_answer answer)
{
	struct member *m = container_of(q, struct member, query);

	m->calls++;
	CU_ASSERT_FATAL(answer.buf != NULL && answer.len <= sizeof(m->got));
	m->len = answer.len;
	memcpy(m->got, evquic_buf_data(answer.buf), answer.len);
	evquic_buf_free(answer.buf);
}

static bool
has_opt(unsigned i)
{
	return i % 3 != 0 || i % 4 == 1;
}

static unsigned
flags_of(unsigned i)
{
	unsigned flags = RD;

	if (i % 2 != 0)
		flags |= CD;
	if (i % 5 == 0)
		flags |= AD;
	return flags;
}

static enum query_outcome
ask_as(unsigned i)
{
	struct member *m = &crowd[i];
	struct sockaddr_in client = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(UINT32_C(0xc6336400) + i)};
	struct query_asker asker = {
	    .address = (const struct sockaddr *)&client};
	char name[] = "www.example.com";
	struct query_answer answer;

	for (unsigned k = 0; k < 3; k++)
		if ((i >> k & 1) != 0)
			name[k] = 'W';
	m->calls = 0;
	query_init(&m->query, &t.worker, &padded, on_member);
	dnsmsg_start(&m->asked, (uint16_t)(i * 7), (uint16_t)flags_of(i));
	dnsmsg_question(&m->asked, name, DNS_TYPE_A);
	if (has_opt(i))
		dnsmsg_opt(
		    &m->asked, 1232, i % 4 == 1 ? DNS_EDNS_DO : 0, NULL, 0);
	return query_start(
	    &m->query, m->asked.data, m->asked.len, &asker, &answer);
}

/* Is it the answer to what that one has asked? */
static bool
is_own(unsigned i)
{
	const struct member *m = &crowd[i];
	struct dns_expect e;
	struct dns_response r;
	bool is_do = i % 4 == 1;
	bool wants_ad = is_do || (flags_of(i) & AD) != 0;

	if (m->calls != 1 ||
	    dns_expect_init(m->asked.data, m->asked.len, true, &e) != 0 ||
	    dns_response_check(m->got, m->len, &e, &r) != DNS_MATCH_ACCEPT)
		return false;
	return (r.flags & (RD | CD)) == (flags_of(i) & (RD | CD)) &&
	       ((r.flags & AD) != 0) == wants_ad &&
	       r.edns.is_present == has_opt(i) &&
	       ((r.edns.flags & DNS_EDNS_DO) != 0) == is_do &&
	       (!has_opt(i) || m->len % BLOCK == 0) &&
	       dns_get16(m->got + DNS_OFF_ANCOUNT) == 1;
}

static void
test_crowd(void)
{
	struct service_counters *n = &t.worker.counters;
	unsigned asked = 0, own = 0;

	query_fake_begin(&t, "");
	for (unsigned i = 0; i < CROWD; i++)
		CU_ASSERT_EQUAL(ask_as(i), QUERY_PENDING);
	CU_ASSERT_EQUAL(counter_get(&n->queries_now), CROWD);
	fake_turn(&t.f);
	while (query_fake_asked(&t) == DNS_TYPE_A) {
		asked++;
		query_fake_start_reply(&t, 0, AD);
		query_fake_add_address(&t, "192.0.2.1");
		query_fake_reply(&t);
	}
	for (unsigned i = 0; i < CROWD; i++)
		own += is_own(i);
	/* in this crowd nobody sets DO without CD */
	CU_ASSERT_EQUAL(asked, 3);
	PROVE("FWD-109", asked == 3 && own == CROWD);
	CU_ASSERT_EQUAL(counter_get(&n->query_asked), 3);
	CU_ASSERT_EQUAL(counter_get(&n->query_shared), CROWD - 3);
	CU_ASSERT_EQUAL(counter_get(&n->query_relayed), CROWD);
	query_fake_end(&t);
}

/* Nothing comes: all are told, each in its own form; some have gone. */
static void
test_crowd_fails(void)
{
	query_fake_begin(&t, "");
	for (unsigned i = 0; i < CROWD; i++)
		CU_ASSERT_EQUAL(ask_as(i), QUERY_PENDING);
	for (unsigned i = 0; i < CROWD; i += 3)
		query_cancel(&crowd[i].query);
	fake_advance(&t.f, 4 * NSEC_PER_SEC);
	for (unsigned i = 0; i < CROWD; i++) {
		CU_ASSERT_EQUAL(crowd[i].calls, i % 3 != 0);
		if (i % 3 != 0)
			CU_ASSERT_EQUAL(
			    dns_get16(crowd[i].got), (uint16_t)(i * 7));
	}
	CU_ASSERT_EQUAL(counter_get(&t.f.counters.asks_failed), 3);
	query_fake_end(&t);
}

/* FWD-110: each for itself, and nothing of it is changed. */
static void
test_signed(void)
{
	struct query_asker asker = {.address = NULL};
	struct query_answer answer;
	struct sockaddr_in client = {.sin_family = AF_INET};

	query_fake_begin(&t, "");
	asker.address = (const struct sockaddr *)&client;
	for (unsigned i = 0; i < 2; i++) {
		struct member *m = &crowd[i];

		query_init(&m->query, &t.worker, &padded, on_member);
		dnsmsg_start(&m->asked, 1, RD);
		dnsmsg_question(&m->asked, "www.example.com", DNS_TYPE_A);
		dnsmsg_tsig(&m->asked, IN_ADDITIONAL);
		CU_ASSERT_EQUAL(query_start(&m->query, m->asked.data,
				    m->asked.len, &asker, &answer),
		    QUERY_PENDING);
	}
	fake_turn(&t.f);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(query_fake_asked(&t), DNS_TYPE_A);
		CU_ASSERT_EQUAL(t.sent.len, crowd[i].asked.len);
		CU_ASSERT(memcmp(t.sent.msg + 2, crowd[i].asked.data + 2,
			      t.sent.len - 2) == 0);
		query_cancel(&crowd[i].query);
	}
	query_fake_end(&t);
}

void
test_query_ask_register(void)
{
	CU_pSuite s = unit_suite("query_ask");

	unit_test(s, "exempt", test_exempt);
	unit_test(s, "crowd", test_crowd);
	unit_test(s, "crowd_fails", test_crowd_fails);
	unit_test(s, "signed", test_signed);
}
