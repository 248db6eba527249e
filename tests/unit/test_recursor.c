/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recursor's thread, jobs and ports, and the worker's side, over an engine
 * that answers when a test says so.  The thread is a real one: tests wait for
 * what it does at descriptors and conditions, never for time.
 */
#include "resolver/back/recursor.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "resolver/back/recursor_engine.h"
#include "resolver/back/upstream.h"
#include "resolver/limits.h"
#include "resolver/net/io.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

/* So many networks do not all meet one in the table of shares. */
#define SHARE_TRIES 8

enum {
	A = 1,
	SECONDS = 20 * 1000, /* until a test that hangs is given up, ms */
	SOME = 8,
	FIRST_SPAN = 4,
};

/* -------------------------------------------------------------- engine -- */

struct given {
	struct list link;
	struct recursor_job *job;
	uint8_t name[256];
	unsigned qtype;
};

struct fake_engine {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int fd;
	struct list given; /* jobs that wait for a word of the test */
	size_t count;
	size_t to_answer; /* of these, the oldest: so many now */
	struct recursor_answer answer;
	const struct dnsmsg *msg;
	int refuse;    /* new jobs */
	int is_broken; /* what `process` says */
	bool at_once;  /* answers from within ask */
	bool is_freed;
};

static struct fake_engine fe;
static struct recursor *recursor;
static struct recursor_port *port;

static void
answer(struct recursor_job *job)
{
	struct recursor_answer a = fe.answer;

	if (fe.msg != NULL) {
		a.msg = dnsmsg_exact(fe.msg->data, fe.msg->len);
		a.len = fe.msg->len;
	}
	recursor_answered(job, &a);
}

static int
fake_ask(
    void *engine, struct recursor_job *job, const uint8_t *name, uint16_t qtype)
{
	struct given *g;

	CU_ASSERT_PTR_EQUAL(recursor_engine_of(job), engine);
	if (fe.refuse != 0)
		return fe.refuse;
	if (fe.at_once) {
		answer(job);
		return 0;
	}
	g = calloc(1, sizeof(*g));
	assert(g != NULL);
	list_init(&g->link);
	g->job = job;
	g->qtype = qtype;
	memcpy(g->name, name, strlen((const char *)name) + 1);
	(void)pthread_mutex_lock(&fe.lock);
	list_append(&fe.given, &g->link);
	fe.count++;
	(void)pthread_cond_broadcast(&fe.changed);
	(void)pthread_mutex_unlock(&fe.lock);
	return 0;
}

static int
fake_fd(void *engine)
{
	(void)engine;
	return fe.fd;
}

static struct given *
take_given(void)
{
	struct list *l = NULL;

	(void)pthread_mutex_lock(&fe.lock);
	if (fe.to_answer > 0) {
		fe.to_answer--;
		fe.count--;
		l = list_pop(&fe.given);
		(void)pthread_cond_broadcast(&fe.changed);
	}
	(void)pthread_mutex_unlock(&fe.lock);
	return l != NULL ? container_of(l, struct given, link) : NULL;
}

static int
fake_process(void *engine)
{
	eventfd_t count;
	struct given *g;
	int rc;

	(void)engine;
	(void)eventfd_read(fe.fd, &count);
	while ((g = take_given()) != NULL) {
		answer(g->job);
		free(g);
	}
	(void)pthread_mutex_lock(&fe.lock);
	rc = fe.is_broken;
	(void)pthread_mutex_unlock(&fe.lock);
	return rc;
}

/* As libunbound does: what it has is not answered. */
static void
fake_free(void *engine)
{
	struct list *l;

	(void)engine;
	while ((l = list_pop(&fe.given)) != NULL)
		free(container_of(l, struct given, link));
	(void)pthread_mutex_lock(&fe.lock);
	fe.is_freed = true;
	(void)pthread_cond_broadcast(&fe.changed);
	(void)pthread_mutex_unlock(&fe.lock);
}

static const struct recursor_engine_ops fake_ops = {
    .ask = fake_ask,
    .fd = fake_fd,
    .process = fake_process,
    .free = fake_free,
};

/* Waits until the engine has `count` jobs. */
static void
wait_given(size_t count)
{
	(void)pthread_mutex_lock(&fe.lock);
	while (fe.count != count)
		(void)pthread_cond_wait(&fe.changed, &fe.lock);
	(void)pthread_mutex_unlock(&fe.lock);
}

static void
wait_freed(void)
{
	(void)pthread_mutex_lock(&fe.lock);
	while (!fe.is_freed)
		(void)pthread_cond_wait(&fe.changed, &fe.lock);
	(void)pthread_mutex_unlock(&fe.lock);
}

/* Has the engine answer its `count` oldest jobs. */
static void
answer_some(size_t count)
{
	(void)pthread_mutex_lock(&fe.lock);
	fe.to_answer = count;
	(void)pthread_mutex_unlock(&fe.lock);
	(void)eventfd_write(fe.fd, 1);
}

static void
break_engine(void)
{
	(void)pthread_mutex_lock(&fe.lock);
	fe.is_broken = -EIO;
	(void)pthread_mutex_unlock(&fe.lock);
	(void)eventfd_write(fe.fd, 1);
}

/* Waits until an answer is there. */
static void
wait_port(struct recursor_port *at)
{
	struct pollfd fd = {.fd = recursor_port_fd(at), .events = POLLIN};

	CU_ASSERT_EQUAL_FATAL(poll(&fd, 1, SECONDS), 1);
}

/* Waits until nothing is outstanding. */
static void
wait_idle(void)
{
	while (recursor_outstanding(recursor) != 0)
		(void)poll(NULL, 0, 1);
}

static void
begin(void)
{
	static struct log log;

	log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	log.fd = -1; /* what is said is not looked at */
	memset(&fe, 0, sizeof(fe));
	(void)pthread_mutex_init(&fe.lock, NULL);
	(void)pthread_cond_init(&fe.changed, NULL);
	list_init(&fe.given);
	fe.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	recursor = recursor_with(&fake_ops, &fe, strdup("about"), &log);
	CU_ASSERT_PTR_NOT_NULL_FATAL(recursor);
	CU_ASSERT_EQUAL_FATAL(recursor_start(recursor), 0);
	port = recursor_port_open(recursor);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
}

static void
end(void)
{
	recursor_port_close(port);
	port = NULL;
	recursor_free(recursor);
	CU_ASSERT(fe.is_freed);
	(void)close(fe.fd);
	(void)pthread_cond_destroy(&fe.changed);
	(void)pthread_mutex_destroy(&fe.lock);
}

static int
try_ask(
    const struct sockaddr *client, void *owner, struct recursor_job **ret_job)
{
	return recursor_ask(port,
	    &(struct recursor_question){
		.name = (const uint8_t *)"\1a",
		.qtype = A,
		.client = client,
	    },
	    owner, ret_job);
}

static struct recursor_job *
ask(void *owner)
{
	struct recursor_job *job = NULL;

	CU_ASSERT_EQUAL_FATAL(try_ask(NULL, owner, &job), 0);
	return job;
}

static int
take(void **ret_owner)
{
	struct recursor_answer a;

	*ret_owner = NULL;
	if (!recursor_port_take(port, ret_owner, &a))
		return -ENOENT;
	free(a.msg);
	return a.status;
}

/* ---------------------------------------------------------------- jobs -- */

static void
test_answer(void)
{
	struct dnsmsg m;
	struct recursor_answer a;
	void *owner;
	int mine;

	begin();
	(void)ask(&mine);
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 1);
	wait_given(1);
	CU_ASSERT_STRING_EQUAL(
	    container_of(fe.given.next, struct given, link)->name, "\1a");
	CU_ASSERT(!recursor_port_take(port, &owner, &a));
	dnsmsg_query(&m, "a", A);
	fe.msg = &m;
	fe.answer.security = RECURSOR_SECURE;
	answer_some(1);
	wait_port(port);
	recursor_port_clear(port);
	CU_ASSERT_FATAL(recursor_port_take(port, &owner, &a));
	CU_ASSERT_PTR_EQUAL(owner, &mine);
	CU_ASSERT_EQUAL(a.status, 0);
	CU_ASSERT_EQUAL(a.security, RECURSOR_SECURE);
	CU_ASSERT_EQUAL(a.len, m.len);
	CU_ASSERT_EQUAL(memcmp(a.msg, m.data, m.len), 0);
	free(a.msg);
	CU_ASSERT(!recursor_port_take(port, &owner, &a));
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 0);
	end();
}

/* A cached answer comes from within the engine's ask: not from within ours. */
static void
test_at_once(void)
{
	void *owner;
	int mine;

	begin();
	fe.at_once = true;
	fe.answer.status = -EREMOTEIO;
	(void)ask(&mine);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), -EREMOTEIO);
	CU_ASSERT_PTR_EQUAL(owner, &mine);
	end();
}

static void
test_refused(void)
{
	void *owner;

	begin();
	fe.refuse = -ENOMEM;
	(void)ask(NULL);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), -ENOMEM);
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 0);
	end();
}

/* Each worker gets what it asked, and only that. */
static void
test_ports(void)
{
	struct recursor_port *first;
	void *owner;
	int mine, other;

	begin();
	first = port;
	port = recursor_port_open(recursor);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	(void)ask(&other);
	wait_given(1);
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_PTR_EQUAL(owner, &other);
	recursor_port_close(port);
	port = first;
	CU_ASSERT_EQUAL(take(&owner), -ENOENT);
	(void)ask(&mine);
	wait_given(1);
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_PTR_EQUAL(owner, &mine);
	end();
}

/* Cancelled ones do not come back, wherever they are. */
static void
test_cancel(void)
{
	struct recursor_job *job;
	void *owner;
	int mine;

	begin();
	job = ask(NULL);
	wait_given(1);
	recursor_cancel(job); /* the engine has it */
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 1);
	answer_some(1);
	wait_idle();
	job = ask(NULL);
	wait_given(1);
	answer_some(1);
	wait_port(port);
	recursor_cancel(job); /* its answer is there */
	CU_ASSERT_EQUAL(take(&owner), -ENOENT);
	recursor_port_clear(port);
	(void)ask(&mine);
	wait_given(1);
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_PTR_EQUAL(owner, &mine);
	end();
}

/* What the engine has cannot be stopped: cancelling makes no room. */
static void
test_bound(void)
{
	static struct recursor_job *jobs[RECURSOR_MAX_OUTSTANDING];
	struct recursor_job *job;
	void *owner;

	begin();
	for (size_t i = 0; i < RECURSOR_MAX_OUTSTANDING; i++)
		jobs[i] = ask(NULL);
	wait_given(RECURSOR_MAX_OUTSTANDING);
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), -EAGAIN);
	for (size_t i = 1; i < RECURSOR_MAX_OUTSTANDING; i++)
		recursor_cancel(jobs[i]);
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), -EAGAIN);
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), 0);
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), -EAGAIN);
	wait_given(RECURSOR_MAX_OUTSTANDING);
	answer_some(RECURSOR_MAX_OUTSTANDING);
	wait_idle();
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_EQUAL(take(&owner), -ENOENT);
	end();
}

/* The end of the process: nobody is told, nothing is left. */
static void
test_end(void)
{
	struct recursor_job *jobs[SOME];

	begin();
	for (size_t i = 0; i < SOME; i++)
		jobs[i] = ask(NULL);
	wait_given(SOME);
	for (size_t i = 0; i < SOME; i++)
		recursor_cancel(jobs[i]);
	end();
}

/* A recursor that is not needed any more ends when its last job has. */
static void
test_retire(void)
{
	void *owner;

	begin();
	(void)ask(NULL);
	wait_given(1);
	recursor_retire(recursor);
	CU_ASSERT(!recursor_has_ended(recursor));
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT(!recursor_has_ended(recursor));
	CU_ASSERT(!fe.is_freed);
	recursor_port_close(port);
	port = NULL;
	wait_freed();
	while (!recursor_has_ended(recursor))
		(void)poll(NULL, 0, 1);
	end();
}

/* Nor does one wait for what nobody wants: as many as there were reloads would
 * be there for as long as servers are silent. */
static void
test_retire_muted(void)
{
	struct recursor_job *job;

	begin();
	job = ask(NULL);
	wait_given(1);
	recursor_cancel(job);
	recursor_retire(recursor);
	CU_ASSERT(!recursor_has_ended(recursor));
	recursor_port_close(port);
	port = NULL;
	wait_freed();
	while (!recursor_has_ended(recursor))
		(void)poll(NULL, 0, 1);
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 0);
	end();
}

/* A network that asks too much leaves room for others, cancels or not. */
static void
test_share(void)
{
	static struct recursor_job *jobs[RECURSOR_MAX_SHARE];
	struct sockaddr_in one = {.sin_family = AF_INET};
	struct sockaddr_in6 two = {.sin6_family = AF_INET6};
	const struct sockaddr *much = (const void *)&one;
	struct recursor_job *job;
	void *owner;

	begin();
	one.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	two.sin6_addr.s6_addr[0] = 0x20;
	for (size_t i = 0; i < RECURSOR_MAX_SHARE; i++)
		CU_ASSERT_EQUAL(try_ask(much, NULL, &jobs[i]), 0);
	wait_given(RECURSOR_MAX_SHARE);
	CU_ASSERT_EQUAL(try_ask(much, NULL, &job), -EDQUOT);
	recursor_cancel(jobs[1]);
	CU_ASSERT_EQUAL(try_ask(much, NULL, &job), -EDQUOT);
	/* Two in 1,024 meet rarely; who does shares. */
	for (size_t i = 0; i < SHARE_TRIES; i++) {
		two.sin6_addr.s6_addr[6] = (uint8_t)i;
		if (try_ask((const void *)&two, NULL, &job) == 0)
			break;
		CU_ASSERT_NOT_EQUAL(i, SHARE_TRIES - 1);
	}
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), 0);
	wait_given(RECURSOR_MAX_SHARE + 2);
	answer_some(1);
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), 0);
	CU_ASSERT_EQUAL(try_ask(much, NULL, &job), 0);
	wait_given(RECURSOR_MAX_SHARE + 2);
	answer_some(RECURSOR_MAX_SHARE + 2);
	wait_idle();
	while (take(&owner) == 0)
		continue;
	end();
}

static void
test_broken(void)
{
	struct recursor_job *job;
	void *owner;

	begin();
	CU_ASSERT(recursor_is_about(recursor, "about"));
	CU_ASSERT(!recursor_is_about(recursor, "another"));
	(void)ask(NULL);
	wait_given(1);
	break_engine();
	wait_port(port);
	CU_ASSERT_EQUAL(take(&owner), -EIO);
	CU_ASSERT_EQUAL(try_ask(NULL, NULL, &job), -EIO);
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 0);
	CU_ASSERT(!recursor_is_about(recursor, "about"));
	end();
}

/* ---------------------------------------------------------- the worker's -- */

/* An upstream object with a clock of ours and a loop that is the test. */
static struct timers timers;
static struct random rnd;
static struct back_counters counters;
static struct net_watch *watched; /* the port */
static struct net_watch *raised;
static nsec clock_at;
static struct upstream *upstream;
static struct config config;

struct asker {
	struct upstream_ask ask;
	struct dns_query query;
	struct dnsmsg msg;
	unsigned calls;
	struct upstream_result result;
	struct dns_response response;
	struct asker *cancel; /* from within done */
};

static int
io_watch(void *ctx, struct net_watch *watch, unsigned what)
{
	(void)ctx;
	if (watch->fd >= 0)
		watched = what != 0 ? watch : NULL;
	return 0;
}

static void
io_raise(void *ctx, struct net_watch *watch)
{
	(void)ctx;
	raised = watch;
}

static const struct net_io_ops io_ops = {
    .watch = io_watch,
    .raise = io_raise,
};
static const struct net_io io = {.ops = &io_ops};

static nsec
now(void *ctx)
{
	(void)ctx;
	return clock_at;
}

static void
begin_upstream(void)
{
	struct upstream_env env = {
	    .timers = &timers,
	    .random = &rnd,
	    .now = now,
	    .io = &io,
	    .counters = &counters,
	};

	begin();
	memset(&timers, 0, sizeof(timers));
	memset(&counters, 0, sizeof(counters));
	watched = raised = NULL;
	clock_at = 1000 * NSEC_PER_SEC;
	config.limits.query_timeout_ms = FIRST_SPAN * 1000;
	random_init(&rnd, NULL, NULL);
	upstream = upstream_new(&env, &config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(upstream);
	CU_ASSERT_EQUAL(upstream_recurse(upstream, port), 0);
}

static void
end_upstream(void)
{
	upstream_free(upstream);
	CU_ASSERT_PTR_NULL(watched);
	CU_ASSERT_EQUAL(counter_get(&counters.asks_outstanding), 0);
	CU_ASSERT_EQUAL(timers_next(&timers), NSEC_NEVER);
	random_done(&rnd);
	port = NULL; /* it was upstream's */
	end();
}

static void
on_done(struct upstream_ask *a, const struct upstream_result *result)
{
	struct asker *asker = container_of(a, struct asker, ask);

	asker->calls++;
	asker->result = *result;
	if (result->response != NULL)
		asker->response = *result->response;
	if (asker->cancel != NULL)
		upstream_cancel(&asker->cancel->ask);
}

static void
prepare(struct asker *a, unsigned flags)
{
	memset(a, 0, sizeof(*a));
	a->ask.done = on_done;
	dnsmsg_query(&a->msg, "www.example", A);
	a->msg.data[3] |= (uint8_t)flags;
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(a->msg.data, a->msg.len, &a->query),
	    DNS_VERDICT_OK);
}

static int
start_flags(struct asker *a, unsigned flags)
{
	prepare(a, flags);
	return upstream_start(upstream, &a->ask, &a->query, 0);
}

static int
start_for(struct asker *a, const struct sockaddr *client, bool is_exempt)
{
	prepare(a, 0);
	a->ask.client = client;
	a->ask.is_exempt = is_exempt;
	return upstream_start(upstream, &a->ask, &a->query, 0);
}

static void
start(struct asker *a)
{
	CU_ASSERT_EQUAL_FATAL(start_flags(a, 0), 0);
}

/* One turn of the loop, once there is something. */
static void
turn(void)
{
	wait_port(port);
	watched->ready(watched, NET_READABLE);
}

static void
make_answer(struct dnsmsg *m)
{
	dnsmsg_start(m, 0, 0x8180);
	dnsmsg_question(m, "www.example", A);
	dnsmsg_a(m, IN_ANSWER, "@12");
	fe.msg = m;
}

static void
test_relay(void)
{
	struct dnsmsg m;
	static struct asker a;

	begin_upstream();
	make_answer(&m);
	start(&a);
	CU_ASSERT_EQUAL(a.calls, 0);
	wait_given(1);
	answer_some(1);
	turn();
	CU_ASSERT_EQUAL_FATAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.result.status, 0);
	CU_ASSERT(a.result.strip_dnssec);
	CU_ASSERT_EQUAL(a.response.flags & DNS_FLAG_AD, 0);
	fe.answer.security = RECURSOR_SECURE;
	start(&a);
	wait_given(1);
	answer_some(1);
	turn();
	CU_ASSERT_EQUAL(a.response.flags & DNS_FLAG_AD, DNS_FLAG_AD);
	CU_ASSERT(a.result.is_ad_trusted);
	CU_ASSERT_EQUAL(counter_get(&counters.recursion_secure), 1);
	CU_ASSERT_EQUAL(counter_get(&counters.asks_answered), 2);
	end_upstream();
}

/* As at the port: who is not exempt has a share. */
static void
test_asker_share(void)
{
	static struct asker a[RECURSOR_MAX_SHARE + 2];
	struct sockaddr_in one = {.sin_family = AF_INET};
	size_t i;

	begin_upstream();
	one.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	for (i = 0; i < RECURSOR_MAX_SHARE; i++)
		CU_ASSERT_EQUAL(start_for(&a[i], (const void *)&one, false), 0);
	CU_ASSERT_EQUAL(start_for(&a[i], (const void *)&one, false), -EDQUOT);
	CU_ASSERT_EQUAL(counter_get(&counters.asks_refused_share), 1);
	CU_ASSERT_EQUAL(start_for(&a[i], (const void *)&one, true), 0);
	CU_ASSERT_EQUAL(start_for(&a[i + 1], NULL, false), 0);
	wait_given(RECURSOR_MAX_SHARE + 2);
	for (i = 0; i < RECURSOR_MAX_SHARE + 2; i++)
		upstream_cancel(&a[i].ask);
	end_upstream();
}

static void
test_bogus(void)
{
	static const char *const texts[] = {
	    [RECURSOR_WHY_OTHER] = "validation failed",
	    [RECURSOR_WHY_EXPIRED] = "signature expired",
	    [RECURSOR_WHY_NOT_YET] = "signature not yet valid",
	    [RECURSOR_WHY_UNSIGNED] = "signatures missing",
	};
	struct dnsmsg m;
	static struct asker a;

	begin_upstream();
	make_answer(&m);
	fe.answer.security = RECURSOR_BOGUS;
	for (unsigned why = 0; why < sizeof(texts) / sizeof(texts[0]); why++) {
		fe.answer.why = (enum recursor_why)why;
		start(&a);
		wait_given(1);
		answer_some(1);
		turn();
		CU_ASSERT_EQUAL(a.result.status, -EKEYREJECTED);
		CU_ASSERT_PTR_NULL(a.result.response);
		CU_ASSERT_EQUAL(a.result.ede, DNS_EDE_DNSSEC_BOGUS);
		CU_ASSERT_STRING_EQUAL(a.result.ede_text, texts[why]);
	}
	/* Who checks himself gets it, and nobody vouches for it. */
	CU_ASSERT_EQUAL(start_flags(&a, DNS_FLAG_CD), 0);
	wait_given(1);
	answer_some(1);
	turn();
	CU_ASSERT_EQUAL(a.result.status, 0);
	CU_ASSERT_EQUAL(a.response.flags & DNS_FLAG_AD, 0);
	CU_ASSERT_EQUAL(counter_get(&counters.recursion_bogus), 5);
	end_upstream();
}

static void
test_failures(void)
{
	static const struct {
		int status;
		int ede;
	} rows[] = {
	    {-EREMOTEIO, DNS_EDE_NO_REACHABLE_AUTHORITY},
	    {-ENETUNREACH, DNS_EDE_NETWORK_ERROR},
	};
	struct dnsmsg m;
	static struct asker a;

	begin_upstream();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fe.answer.status = rows[i].status;
		start(&a);
		wait_given(1);
		answer_some(1);
		turn();
		CU_ASSERT_EQUAL(a.result.status, rows[i].status);
		CU_ASSERT(
		    a.result.ede == rows[i].ede && a.result.ede_text != NULL);
	}
	CU_ASSERT_EQUAL(counter_get(&counters.recursion_failed), 2);
	fe.answer.status = 0;
	dnsmsg_start(&m, 0, 0x8180);
	fe.msg = &m;
	start(&a);
	wait_given(1);
	answer_some(1);
	turn();
	CU_ASSERT_EQUAL(a.result.status, -EBADMSG);
	CU_ASSERT_EQUAL(counter_get(&counters.recursion_broken), 1);
	end_upstream();
}

static void
test_deadline(void)
{
	static struct asker a, b;

	begin_upstream();
	start(&a);
	wait_given(1);
	memset(&b, 0, sizeof(b));
	b.ask.not_after = clock_at + NSEC_PER_SEC;
	b.ask.done = on_done;
	b.msg = a.msg;
	CU_ASSERT_EQUAL(
	    dns_query_parse(b.msg.data, b.msg.len, &b.query), DNS_VERDICT_OK);
	CU_ASSERT_EQUAL(upstream_start(upstream, &b.ask, &b.query, 0), 0);
	wait_given(2);
	clock_at += NSEC_PER_SEC;
	timers_run(&timers, clock_at);
	CU_ASSERT_EQUAL(b.calls, 1);
	CU_ASSERT_EQUAL(a.calls, 0);
	clock_at += (FIRST_SPAN - 1) * NSEC_PER_SEC;
	timers_run(&timers, clock_at);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(a.result.status, -ETIMEDOUT);
	CU_ASSERT_EQUAL(a.result.ede, DNS_EDE_NO_REACHABLE_AUTHORITY);
	CU_ASSERT_EQUAL(counter_get(&counters.asks_timed_out), 2);
	/* They are answered too late, to nobody. */
	CU_ASSERT_EQUAL(recursor_outstanding(recursor), 2);
	answer_some(2);
	wait_idle();
	CU_ASSERT_EQUAL(a.calls + b.calls, 2);
	end_upstream();
}

static void
test_cancel_within(void)
{
	static struct asker a, b, c;

	begin_upstream();
	start(&a);
	start(&b);
	start(&c);
	wait_given(3);
	a.cancel = &b; /* its answer is there as well */
	answer_some(2);
	while (recursor_outstanding(recursor) != 1)
		(void)poll(NULL, 0, 1);
	turn();
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_EQUAL(b.calls, 0);
	CU_ASSERT_EQUAL(upstream_outstanding(upstream), 1);
	CU_ASSERT_EQUAL(counter_get(&counters.asks_cancelled), 1);
	end_upstream(); /* with one that runs */
	CU_ASSERT_EQUAL(c.calls, 0);
}

static int
start_raw(struct asker *a, const struct dnsmsg *m)
{
	memset(a, 0, sizeof(*a));
	a->ask.done = on_done;
	a->msg = *m;
	CU_ASSERT_EQUAL_FATAL(
	    dns_query_parse(a->msg.data, a->msg.len, &a->query),
	    DNS_VERDICT_OK);
	return upstream_start(upstream, &a->ask, &a->query, 0);
}

/* What is between a client and a server is not for a resolver. */
static void
test_unresolvable(void)
{
	static struct asker a;
	struct dnsmsg m;

	begin_upstream();
	dnsmsg_query(&m, "version.bind", 16);
	m.data[m.len - 1] = 3; /* CH */
	CU_ASSERT_EQUAL(start_raw(&a, &m), -EOPNOTSUPP);
	dnsmsg_query(&m, "a.example", 249); /* TKEY */
	CU_ASSERT_EQUAL(start_raw(&a, &m), -EOPNOTSUPP);
	dnsmsg_query(&m, "a.example", A);
	dnsmsg_tsig(&m, IN_ADDITIONAL);
	CU_ASSERT_EQUAL(start_raw(&a, &m), -EOPNOTSUPP);
	dnsmsg_start(&m, 0, 0x2100); /* NOTIFY */
	dnsmsg_question(&m, "example", 6);
	CU_ASSERT_EQUAL(start_raw(&a, &m), -EOPNOTSUPP);
	/* Idle again. */
	start(&a);
	upstream_cancel(&a.ask);
	CU_ASSERT_EQUAL(recursor_outstanding(recursor) <= 1, 1);
	end_upstream();
}

/* A reload: what runs goes on at the port that it was handed in at. */
static void
test_reload(void)
{
	static struct asker a, b;
	struct recursor_port *old = port;
	struct net_watch *old_watch;
	struct dnsmsg m;

	begin_upstream();
	old = port;
	make_answer(&m);
	start(&a);
	wait_given(1);
	old_watch = watched;
	port = recursor_port_open(recursor);
	CU_ASSERT_PTR_NOT_NULL_FATAL(port);
	CU_ASSERT_EQUAL(upstream_recurse(upstream, port), 0);
	start(&b);
	wait_given(2);
	answer_some(2);
	turn();
	CU_ASSERT_EQUAL(b.calls, 1);
	CU_ASSERT_EQUAL(a.calls, 0);
	wait_port(old);
	old_watch->ready(old_watch, NET_READABLE);
	CU_ASSERT_EQUAL(a.calls, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(raised);
	raised->ready(raised, 0); /* the flush closes the old one */
	/* To servers, of which there is none. */
	CU_ASSERT_EQUAL(upstream_recurse(upstream, NULL), 0);
	CU_ASSERT_EQUAL(start_flags(&a, 0), -ENOTCONN);
	end_upstream();
}

static void
test_does_not_work(void)
{
	static struct asker a;

	begin_upstream();
	start(&a);
	wait_given(1);
	break_engine();
	turn();
	CU_ASSERT_EQUAL(a.result.status, -EIO);
	CU_ASSERT_EQUAL(start_flags(&a, 0), -EIO);
	end_upstream();
}

void
test_recursor_register(void)
{
	CU_pSuite suite = unit_suite("recursor");

	unit_test(suite, "answer", test_answer);
	unit_test(suite, "at_once", test_at_once);
	unit_test(suite, "refused", test_refused);
	unit_test(suite, "ports", test_ports);
	unit_test(suite, "cancel", test_cancel);
	unit_test(suite, "bound", test_bound);
	unit_test(suite, "share", test_share);
	unit_test(suite, "end", test_end);
	unit_test(suite, "retire", test_retire);
	unit_test(suite, "retire_muted", test_retire_muted);
	unit_test(suite, "broken", test_broken);
	unit_test(suite, "relay", test_relay);
	unit_test(suite, "asker_share", test_asker_share);
	unit_test(suite, "bogus", test_bogus);
	unit_test(suite, "failures", test_failures);
	unit_test(suite, "deadline", test_deadline);
	unit_test(suite, "cancel_within", test_cancel_within);
	unit_test(suite, "unresolvable", test_unresolvable);
	unit_test(suite, "reload", test_reload);
	unit_test(suite, "does_not_work", test_does_not_work);
}
