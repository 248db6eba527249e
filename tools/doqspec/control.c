/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec control: an honest client that asks again and again, and tells at
 * the end whether it was always answered.  It stands beside whatever is done
 * to a server meanwhile.
 *
 *   doqspec control [--every D] [--for D] [--timeout D] [--name NAME[/TYPE]]
 *                   quic://HOST[:PORT]
 *
 * On libevquic, which is the normal way to be a well-behaved client.  One
 * question a tick, alternately on a connection that is kept and on a fresh
 * one.  A question has one end: `finish`, which counts it as answered or as
 * lost.  A session (connection) is freed in on_closed and nowhere else.
 */
#include "base/list.h"
#include "quic/evquic.h"
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/raw/dnsmsg.h"
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PREFIX_LEN = 2,
	MESSAGE_MAX = PREFIX_LEN + UINT16_MAX,
	EVERY_MS = 20,
	TIMEOUT_MS = 5000,
	TIMES_MAX = 1000000, /* the last so many are looked at */
	COMPLAINTS_MAX = 20,
	NS_PER_US = 1000,
	MS_PER_S = 1000,
	RCODE_SERVFAIL = 2,
	RCODE_REFUSED = 5,
	DOQ_NO_ERROR = 0x0,
	DOQ_REQUEST_CANCELLED = 0x3
};

struct control {
	struct event_base *base;
	struct evquic_worker *worker;
	struct evquic_endpoint *endpoint;
	struct evquic_trust *trust;
	struct addrinfo *address;
	struct spec_url url;
	struct raw_buf query;
	struct event *tick;
	uint64_t every_ms, for_ms, timeout_ms;
	struct session *kept; /* NULL while there is none */
	size_t sessions;
	bool is_stopping;
	uint64_t asked, answered, lost;
	uint64_t *times; /* of answers, in nanoseconds; a ring */
};

/* One connection. */
struct session {
	struct control *control;
	struct evquic_conn *conn;
	struct list asks;
	bool is_open;
};

/* One question on its way; in its session's list. */
struct ask {
	struct list link;
	struct session *session;
	struct evquic_stream *stream; /* NULL while it waits for one */
	struct event *timer;
	uint64_t begun;
	struct raw_buf got;
};

/* ---- the end of a question --------------------------------------------- */

static void
stop_if_done(struct control *control)
{
	if (!control->is_stopping ||
	    control->answered + control->lost < control->asked)
		return;
	if (control->kept != NULL && control->kept->conn != NULL)
		evquic_conn_close(control->kept->conn, DOQ_NO_ERROR, NULL);
	if (control->sessions == 0)
		event_base_loopbreak(control->base);
}

static void
complain(const struct control *control, const char *why)
{
	if (control->lost <= COMPLAINTS_MAX)
		fprintf(stderr, "control: lost: %s\n", why);
}

/* `why` is NULL when it was answered. */
static void
finish(struct ask *ask, const char *why)
{
	struct session *session = ask->session;
	struct control *control = session->control;

	if (why == NULL) {
		control->times[control->answered++ % TIMES_MAX] =
		    raw_now() - ask->begun;
	} else {
		control->lost++;
		complain(control, why);
	}
	if (ask->stream != NULL) {
		evquic_stream_set_data(ask->stream, NULL);
		if (why != NULL)
			evquic_stream_reset(ask->stream, DOQ_REQUEST_CANCELLED);
		evquic_stream_release(ask->stream);
	}
	list_remove(&ask->link);
	event_free(ask->timer);
	raw_buf_done(&ask->got);
	free(ask);
	if (session != control->kept && session->conn != NULL)
		evquic_conn_close(session->conn, DOQ_NO_ERROR, NULL);
	stop_if_done(control);
}

/* What is wrong with the answer, or NULL. */
static const char *
judge(const struct raw_buf *got)
{
	struct raw_dns dns;
	const char *why = NULL;

	if (got->len < PREFIX_LEN ||
	    got->len != PREFIX_LEN + raw_get_u16(got->data))
		return "not one whole message";
	if (raw_dns_read(got->data + PREFIX_LEN, got->len - PREFIX_LEN, &dns) !=
	    0)
		why = "not a well-formed DNS message";
	else if (!dns.qr || dns.id != 0)
		why = "no answer, or its ID is not 0";
	else if (dns.rcode == RCODE_SERVFAIL || dns.rcode == RCODE_REFUSED)
		why = raw_dns_rcode_name(dns.rcode);
	raw_dns_done(&dns);
	return why;
}

/* ---- streams ----------------------------------------------------------- */

static void
write_query(struct ask *ask)
{
	const struct control *control = ask->session->control;
	struct evquic_buf *buf =
	    evquic_buf_new(control->worker, control->query.len);

	if (buf == NULL)
		raw_fatal("out of memory");
	memcpy(evquic_buf_data(buf), control->query.data, control->query.len);
	(void)evquic_stream_write(ask->stream, buf, control->query.len, true);
}

/* Those that wait, in the order in which they were asked. */
static void
send_waiting(struct session *session)
{
	struct list *at = session->asks.next;

	for (; at != &session->asks; at = at->next) {
		struct ask *ask = container_of(at, struct ask, link);

		if (ask->stream != NULL)
			continue;
		if (evquic_stream_open(session->conn, true, &ask->stream) != 0)
			return; /* stream_room() or closed() follows */
		evquic_stream_set_data(ask->stream, ask);
		write_query(ask);
	}
}

static void
on_stream_data(
    struct evquic_stream *stream, const uint8_t *data, size_t len, bool fin)
{
	struct ask *ask = evquic_stream_data(stream);

	evquic_stream_consume(stream, len);
	if (ask == NULL)
		return;
	raw_buf_add(&ask->got, data, len);
	if (ask->got.len > MESSAGE_MAX)
		finish(ask, "more than one message");
	else if (fin)
		finish(ask, judge(&ask->got));
}

static void
on_stream_reset(struct evquic_stream *stream, uint64_t code)
{
	struct ask *ask = evquic_stream_data(stream);
	char why[64];

	snprintf(why, sizeof(why), "RESET_STREAM 0x%" PRIx64, code);
	if (ask != NULL)
		finish(ask, why);
}

static void
on_stream_stopped(struct evquic_stream *stream, uint64_t code)
{
	/* The answer may come all the same; if not, time will tell. */
	(void)stream;
	(void)code;
}

static void
on_stream_closed(struct evquic_stream *stream)
{
	struct ask *ask = evquic_stream_data(stream);

	/* One that was finished has been released: this is another. */
	if (ask == NULL)
		return;
	ask->stream = NULL;
	evquic_stream_release(stream);
}

/* ---- connections ------------------------------------------------------- */

static int
on_opened(struct evquic_conn *conn)
{
	struct session *session = evquic_conn_arg(conn);

	session->is_open = true;
	send_waiting(session);
	return 0;
}

static void
on_stream_room(struct evquic_conn *conn)
{
	send_waiting(evquic_conn_arg(conn));
}

static void
describe_end(const struct evquic_conn_stats *stats, char *text, size_t size)
{
	static const char *const by[] = {
	    [EVQUIC_CLOSED_LOCALLY] = "closed by this client",
	    [EVQUIC_CLOSED_BY_PEER] = "closed by the server",
	    [EVQUIC_CLOSED_IDLE] = "idle",
	    [EVQUIC_CLOSED_RESET] = "stateless reset",
	    [EVQUIC_CLOSED_TIMEOUT] = "no handshake",
	    [EVQUIC_CLOSED_DROPPED] = "dropped",
	    [EVQUIC_CLOSED_FAILED] = "failed here",
	};

	snprintf(text, size, "%s: %s 0x%" PRIx64, by[stats->closed_by],
	    stats->application ? "app" : "transport", stats->code);
}

static void
on_closed(struct evquic_conn *conn, const struct evquic_conn_stats *stats)
{
	struct session *session = evquic_conn_arg(conn);
	struct control *control = session->control;
	char why[128];

	describe_end(stats, why, sizeof(why));
	session->conn = NULL;
	if (control->kept == session)
		control->kept = NULL;
	while (!list_is_empty(&session->asks))
		finish(container_of(session->asks.next, struct ask, link), why);
	control->sessions--;
	free(session);
	stop_if_done(control);
}

static const struct evquic_app app = {
    .size = sizeof(app),
    .alpn = "doq",
    .limits = {.size = sizeof(app.limits)},
    .opened = on_opened,
    .closed = on_closed,
    .stream_data = on_stream_data,
    .stream_reset = on_stream_reset,
    .stream_stopped = on_stream_stopped,
    .stream_closed = on_stream_closed,
    .stream_room = on_stream_room,
};

static struct session *
connect_session(struct control *control)
{
	struct session *session = raw_alloc(1, sizeof(*session));
	const struct evquic_connect_options options = {.size = sizeof(options),
	    .app = &app,
	    .arg = session,
	    .remote = control->address->ai_addr,
	    .name = control->url.host,
	    .trust = control->trust,
	    .handshake_timeout_ms = (uint32_t)control->timeout_ms};

	session->control = control;
	list_init(&session->asks);
	if (evquic_connect(control->endpoint, 0, &options, &session->conn) != 0)
		raw_fatal("cannot begin a connection: %s", strerror(errno));
	control->sessions++;
	return session;
}

/* ---- time -------------------------------------------------------------- */

static struct timeval
timeval_of(uint64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / MS_PER_S),
	    .tv_usec = (suseconds_t)(ms % MS_PER_S * NS_PER_US)};
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, "no answer in time");
}

/* Odd questions go over the connection that is kept, even ones do not. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;
	struct timeval timeout = timeval_of(control->timeout_ms);
	struct ask *ask = raw_alloc(1, sizeof(*ask));
	bool is_kept = control->asked++ % 2 == 0;

	(void)fd;
	(void)what;
	if (is_kept && control->kept == NULL)
		control->kept = connect_session(control);
	ask->session = is_kept ? control->kept : connect_session(control);
	ask->begun = raw_now();
	list_append(&ask->session->asks, &ask->link);
	ask->timer = evtimer_new(control->base, on_timeout, ask);
	if (ask->timer == NULL || evtimer_add(ask->timer, &timeout) != 0)
		raw_fatal("out of memory");
	if (ask->session->is_open)
		send_waiting(ask->session);
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	control->is_stopping = true;
	event_del(control->tick);
	stop_if_done(control);
}

static int
compare_times(const void *one, const void *other)
{
	const uint64_t *a = one;
	const uint64_t *b = other;

	return (*a > *b) - (*a < *b);
}

static void
report(struct control *control)
{
	size_t n = control->answered < TIMES_MAX ? (size_t)control->answered
						 : TIMES_MAX;

	printf("control: %" PRIu64 " asked, %" PRIu64 " answered, %" PRIu64
	       " lost",
	    control->asked, control->answered, control->lost);
	qsort(control->times, n, sizeof(control->times[0]), compare_times);
	if (n > 0)
		printf(", p50 %" PRIu64 " p99 %" PRIu64 " max %" PRIu64 " us",
		    control->times[n / 2] / NS_PER_US,
		    control->times[n - 1 - n / 100] / NS_PER_US,
		    control->times[n - 1] / NS_PER_US);
	putchar('\n');
	fflush(stdout);
}

/* ---- the command ------------------------------------------------------- */

static void
usage(void)
{
	fputs("usage: doqspec control [--every D] [--for D] [--timeout D]\n"
	      "                       [--name NAME[/TYPE]] "
	      "quic://HOST[:PORT]\n",
	    stderr);
	exit(RAW_EXIT_TROUBLE);
}

static void
take_duration(const char *text, uint64_t *ret_ms)
{
	if (raw_word_duration(text, ret_ms) != 0 || *ret_ms == 0 ||
	    *ret_ms > UINT32_MAX)
		usage();
}

static void
take_question(struct control *control, const char *text)
{
	const char *where;

	control->query.len = 0;
	if (raw_dns_put_query(&control->query, text, &where) != 0)
		usage();
}

static void
take_options(struct control *control, int argc, char **argv)
{
	static const struct option options[] = {
	    {"every", required_argument, NULL, 'e'},
	    {"for", required_argument, NULL, 'f'},
	    {"name", required_argument, NULL, 'n'},
	    {"timeout", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'e')
			take_duration(optarg, &control->every_ms);
		else if (option == 'f')
			take_duration(optarg, &control->for_ms);
		else if (option == 't')
			take_duration(optarg, &control->timeout_ms);
		else if (option == 'n')
			take_question(control, optarg);
		else
			usage();
	}
	if (optind + 1 != argc ||
	    spec_url_read(argv[optind], &control->url) != 0)
		usage();
}

static void
set_up(struct control *control)
{
	const struct evquic_trust_options any = {
	    .size = sizeof(any), .flags = EVQUIC_TRUST_INSECURE};
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};

	if (getaddrinfo(control->url.host, control->url.port, &hints,
		&control->address) != 0)
		raw_fatal("no address for %s", control->url.host);
	control->base = event_base_new();
	if (control->base == NULL)
		raw_fatal("no event loop");
	control->worker = evquic_worker_new(control->base, NULL);
	if (control->worker == NULL ||
	    evquic_trust_new(&any, NULL, 0, &control->trust) != 0)
		raw_fatal("out of memory");
	control->endpoint = evquic_endpoint_new(&control->worker, 1);
	if (control->endpoint == NULL)
		raw_fatal("out of memory");
	control->times = raw_alloc(TIMES_MAX, sizeof(control->times[0]));
}

static struct event *
add_event(struct control *control, int fd, short what, event_callback_fn fn,
    const struct timeval *when)
{
	struct event *event = event_new(control->base, fd, what, fn, control);

	if (event == NULL || event_add(event, when) != 0)
		raw_fatal("no event");
	return event;
}

static void
run(struct control *control)
{
	struct timeval every = timeval_of(control->every_ms);
	struct timeval end = timeval_of(control->for_ms);
	struct event *stops[] = {
	    add_event(control, SIGTERM, EV_SIGNAL | EV_PERSIST, on_stop, NULL),
	    add_event(control, SIGINT, EV_SIGNAL | EV_PERSIST, on_stop, NULL),
	    add_event(
		control, -1, 0, on_stop, control->for_ms > 0 ? &end : NULL),
	};

	control->tick = add_event(control, -1, EV_PERSIST, on_tick, &every);
	event_base_dispatch(control->base);
	event_free(control->tick);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		event_free(stops[i]);
}

int
spec_control(int argc, char **argv)
{
	struct control control = {
	    .every_ms = EVERY_MS, .timeout_ms = TIMEOUT_MS};
	bool is_well;

	take_question(&control, "example.com/A");
	take_options(&control, argc, argv);
	set_up(&control);
	run(&control);
	report(&control);
	is_well = control.lost == 0 && control.asked > 0;
	evquic_endpoint_free(control.endpoint);
	evquic_trust_unref(control.trust);
	evquic_worker_free(control.worker);
	event_base_free(control.base);
	freeaddrinfo(control.address);
	raw_buf_done(&control.query);
	free(control.times);
	return is_well ? 0 : RAW_EXIT_FAILED;
}
