/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fakebe: a scripted DNS backend on UDP and TCP of one port.
 *
 *   fakebe [-a ADDRESS] [-p PORT] [-l LOG] [-m MOOD] [-U] [-T] [-P]
 *
 * Prints "serving ADDRESS:PORT" when it is ready; -U opens no UDP socket, -T
 * no TCP listener; with -P a header of the PROXY protocol must stand before
 * each datagram and each connection; while the file MOOD holds a label, every
 * query is answered as if that was its name's first.  Each query becomes one
 * line of the log, flushed at once:
 *
 *   MS udp|tcp port=N conn=N id=XXXX flags=XXXX name=NAME type=N class=N
 *   opt=SIZE|- do=0|1 options=N,N|- len=N HEX
 *
 * NAME is in lower case, HEX the query as it came.  TCP connections also log
 * "MS tcp-open conn=N port=N" and "MS tcp-close conn=N queries=N", and
 * headers "MS udp|tcp conn=N proxy local", "... client=ADDRESS#PORT
 * local=ADDRESS#PORT" or "... bad", which ends the connection.  What is
 * answered is decided in behave.c.  One thread, one poll loop, a sorted
 * list of things to send later.
 */
#include "tests/func/fakebe/fakebe.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PREFIX_LEN = 2,
	DATAGRAM_MAX = 65535,
	READS_PER_TURN = 256,
	BACKLOG = 64,
	PORT_TRIES = 50,
	HELD_MAX = 4096,
	FIXED_FDS = 2
};

struct tcp {
	struct tcp *next;
	int fd;
	unsigned serial, turn;
	struct raw_buf in, out;
	bool closes_when_sent, is_dead, had_header;
	struct raw_buf held[HELD_MAX];
	size_t nheld;
};

/* Something to send later. */
struct later {
	struct later *next;
	uint64_t due;
	enum be_way way;
	struct raw_buf data;
	unsigned serial; /* TCP connection, 0: UDP */
	struct sockaddr_in to;
	bool flushes_held;
};

struct backend {
	struct sockaddr_in address;
	int udp, udp_other_port, udp_other_address, listener;
	FILE *log;
	uint64_t start;
	struct tcp *tcps;
	unsigned serial;
	struct later *later;
	bool reads_header; /* of the PROXY protocol */
	const char *mood;  /* path, or NULL */
	struct be_count *counts;
};

struct be_job {
	struct backend *be;
	struct tcp *tcp; /* NULL: UDP */
	struct sockaddr_in from;
};

/* ---- sending ----------------------------------------------------------- */

static void
frame_into(struct raw_buf *out, const struct raw_buf *data)
{
	raw_buf_u16(out, (unsigned)data->len & 0xffff);
	raw_buf_add(out, data->data, data->len);
}

static void
send_udp(struct backend *be, const struct raw_buf *data, enum be_way way,
    const struct sockaddr_in *to)
{
	int fd = be->udp;

	if (way == BE_OTHER_PORT)
		fd = be->udp_other_port;
	else if (way == BE_OTHER_ADDRESS)
		fd = be->udp_other_address;
	/* Lost like on a network when the socket is full. */
	(void)!sendto(fd, data->data, data->len, 0, (const struct sockaddr *)to,
	    sizeof(*to));
}

static void
abort_tcp(struct tcp *tcp)
{
	struct linger hard = {.l_onoff = 1};

	(void)setsockopt(tcp->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	tcp->is_dead = true;
}

static void
flush_tcp(struct tcp *tcp)
{
	while (tcp->out.len > 0 && !tcp->is_dead) {
		ssize_t n =
		    send(tcp->fd, tcp->out.data, tcp->out.len, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN)
				tcp->is_dead = true;
			return;
		}
		tcp->out.len -= (size_t)n;
		memmove(tcp->out.data, tcp->out.data + n, tcp->out.len);
	}
	if (tcp->out.len == 0 && tcp->closes_when_sent)
		tcp->is_dead = true;
}

static void
send_tcp(struct tcp *tcp, const struct raw_buf *data, enum be_way way)
{
	if (way == BE_ABORT) {
		abort_tcp(tcp);
		return;
	}
	if (way == BE_CLOSE)
		tcp->closes_when_sent = true;
	else if (way == BE_RAW)
		raw_buf_add(&tcp->out, data->data, data->len);
	else
		frame_into(&tcp->out, data);
	flush_tcp(tcp);
}

static void
flush_held(struct tcp *tcp)
{
	while (tcp->nheld > 0) {
		struct raw_buf *held = &tcp->held[--tcp->nheld];

		frame_into(&tcp->out, held);
		raw_buf_done(held);
	}
	flush_tcp(tcp);
}

static struct tcp *
find_tcp(const struct backend *be, unsigned serial)
{
	struct tcp *tcp = be->tcps;

	while (tcp != NULL && tcp->serial != serial)
		tcp = tcp->next;
	return tcp;
}

static struct later *
add_later(struct be_job *job, unsigned delay_ms)
{
	struct later *item = raw_alloc(1, sizeof(*item));
	struct later **at = &job->be->later;

	item->due = raw_now() + delay_ms * RAW_MS;
	item->serial = job->tcp != NULL ? job->tcp->serial : 0;
	item->to = job->from;
	while (*at != NULL && (*at)->due <= item->due)
		at = &(*at)->next;
	item->next = *at;
	*at = item;
	return item;
}

void
be_send(struct be_job *job, const struct raw_buf *data, unsigned delay_ms,
    enum be_way way)
{
	struct later *item;

	if (delay_ms == 0) {
		if (job->tcp != NULL)
			send_tcp(job->tcp, data, way);
		else if (data != NULL)
			send_udp(job->be, data, way, &job->from);
		return;
	}
	item = add_later(job, delay_ms);
	item->way = way;
	if (data != NULL)
		raw_buf_add(&item->data, data->data, data->len);
}

struct be_count **
be_counts(struct be_job *job)
{
	return &job->be->counts;
}

unsigned
be_turn(const struct be_job *job)
{
	return job->tcp != NULL ? job->tcp->turn : 1;
}

void
be_hold(struct be_job *job, const struct raw_buf *data, unsigned count,
    unsigned hold_ms)
{
	struct tcp *tcp = job->tcp;

	if (tcp == NULL || tcp->nheld == HELD_MAX)
		return;
	if (tcp->nheld == 0)
		add_later(job, hold_ms)->flushes_held = true;
	raw_buf_add(&tcp->held[tcp->nheld++], data->data, data->len);
	if (tcp->nheld >= count)
		flush_held(tcp);
}

static void
run_later(struct backend *be)
{
	while (be->later != NULL && be->later->due <= raw_now()) {
		struct later *item = be->later;
		struct tcp *tcp = find_tcp(be, item->serial);

		be->later = item->next;
		if (item->serial == 0)
			send_udp(be, &item->data, item->way, &item->to);
		else if (tcp != NULL && item->flushes_held)
			flush_held(tcp);
		else if (tcp != NULL && !tcp->is_dead)
			send_tcp(tcp, &item->data, item->way);
		raw_buf_done(&item->data);
		free(item);
	}
}

/* ---- the log ----------------------------------------------------------- */

static unsigned long long
elapsed_ms(const struct backend *be)
{
	return (raw_now() - be->start) / RAW_MS;
}

static void
log_options(FILE *log, const struct be_query *q)
{
	if (q->has_opt)
		fprintf(log, " opt=%u do=%d options=", q->udp_size,
		    q->wants_dnssec);
	else
		fputs(" opt=- do=0 options=", log);
	for (size_t i = 0; i < q->noptions; i++)
		fprintf(log, "%s%u", i > 0 ? "," : "", q->options[i]);
	if (q->noptions == 0)
		fputc('-', log);
}

static void
log_query(struct be_job *job, const struct be_query *q)
{
	FILE *log = job->be->log;

	if (log == NULL)
		return;
	fprintf(log, "%llu %s port=%u conn=%u id=%04x flags=%04x name=",
	    elapsed_ms(job->be), job->tcp != NULL ? "tcp" : "udp",
	    ntohs(job->from.sin_port), job->tcp != NULL ? job->tcp->serial : 0,
	    q->id, q->flags);
	for (const char *c = q->name; *c != '\0'; c++)
		fputc(tolower((unsigned char)*c), log);
	fprintf(log, " type=%u class=%u", q->qtype, q->qclass);
	log_options(log, q);
	fprintf(log, " len=%zu ", q->len);
	for (size_t i = 0; i < q->len; i++)
		fprintf(log, "%02x", q->msg[i]);
	fputc('\n', log);
	fflush(log);
}

/* The length of the header in front; 0: there is more to come; -1: none. */
static int
take_header(struct be_job *job, const uint8_t *data, size_t len)
{
	char text[BE_PROXY_MAX] = "bad";
	int n = be_proxy_read(data, len, job->tcp != NULL, text);

	if (n != 0 && job->be->log != NULL) {
		fprintf(job->be->log, "%llu %s conn=%u proxy %s\n",
		    elapsed_ms(job->be), job->tcp != NULL ? "tcp" : "udp",
		    job->tcp != NULL ? job->tcp->serial : 0, text);
		fflush(job->be->log);
	}
	return n;
}

/* It may change at any time, between one query and the next. */
static void
read_mood(const struct backend *be, struct be_query *query)
{
	char word[BE_LABEL_MAX] = "";
	FILE *file = be->mood != NULL ? fopen(be->mood, "r") : NULL;

	if (file == NULL)
		return;
	if (fscanf(file, "%63s", word) == 1)
		be_query_call(query, word);
	fclose(file);
}

static void
on_query(struct be_job *job, const uint8_t *msg, size_t len)
{
	struct be_query query;

	if (be_query_read(msg, len, &query) != 0)
		return;
	query.is_tcp = job->tcp != NULL;
	if (job->tcp != NULL)
		job->tcp->turn++;
	log_query(job, &query);
	read_mood(job->be, &query);
	be_behave(job, &query);
}

/* ---- receiving --------------------------------------------------------- */

static void
read_udp(struct backend *be)
{
	uint8_t *data = raw_alloc(1, DATAGRAM_MAX);

	for (int i = 0; i < READS_PER_TURN; i++) {
		struct be_job job = {.be = be};
		socklen_t len = sizeof(job.from);
		ssize_t n = recvfrom(be->udp, data, DATAGRAM_MAX, 0,
		    (struct sockaddr *)&job.from, &len);

		int header = 0;

		if (n < 0)
			break;
		if (be->reads_header)
			header = take_header(&job, data, (size_t)n);
		if (header >= 0)
			on_query(&job, data + header, (size_t)(n - header));
	}
	free(data);
}

static void
accept_tcp(struct backend *be)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd = accept4(be->listener, (struct sockaddr *)&from, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct tcp *tcp;
	int on = 1;

	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	tcp = raw_alloc(1, sizeof(*tcp));
	tcp->fd = fd;
	tcp->serial = ++be->serial;
	tcp->next = be->tcps;
	be->tcps = tcp;
	if (be->log != NULL) {
		fprintf(be->log, "%llu tcp-open conn=%u port=%u\n",
		    elapsed_ms(be), tcp->serial, ntohs(from.sin_port));
		fflush(be->log);
	}
}

/* False while it is not there. */
static bool
take_tcp_header(struct backend *be, struct tcp *tcp)
{
	struct be_job job = {.be = be, .tcp = tcp};
	int n = take_header(&job, tcp->in.data, tcp->in.len);

	if (n <= 0) {
		tcp->is_dead = n < 0;
		return false;
	}
	tcp->had_header = true;
	tcp->in.len -= (size_t)n;
	memmove(tcp->in.data, tcp->in.data + n, tcp->in.len);
	return true;
}

static void
take_messages(struct backend *be, struct tcp *tcp)
{
	size_t at = 0;

	if (be->reads_header && !tcp->had_header && !take_tcp_header(be, tcp))
		return;
	while (!tcp->is_dead && tcp->in.len - at >= PREFIX_LEN) {
		struct be_job job = {.be = be, .tcp = tcp};
		socklen_t len = sizeof(job.from);
		size_t size = raw_get_u16(tcp->in.data + at);

		if (tcp->in.len - at - PREFIX_LEN < size)
			break;
		(void)getpeername(tcp->fd, (struct sockaddr *)&job.from, &len);
		on_query(&job, tcp->in.data + at + PREFIX_LEN, size);
		at += PREFIX_LEN + size;
	}
	tcp->in.len -= at;
	if (at > 0)
		memmove(tcp->in.data, tcp->in.data + at, tcp->in.len);
}

static void
read_tcp(struct backend *be, struct tcp *tcp)
{
	uint8_t block[16384];

	for (;;) {
		ssize_t n = recv(tcp->fd, block, sizeof(block), 0);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			tcp->is_dead = true;
			break;
		}
		raw_buf_add(&tcp->in, block, (size_t)n);
		take_messages(be, tcp);
		if (tcp->is_dead)
			break;
	}
}

static void
reap_tcp(struct backend *be)
{
	struct tcp **at = &be->tcps;

	while (*at != NULL) {
		struct tcp *tcp = *at;

		if (!tcp->is_dead) {
			at = &tcp->next;
			continue;
		}
		if (be->log != NULL) {
			fprintf(be->log, "%llu tcp-close conn=%u queries=%u\n",
			    elapsed_ms(be), tcp->serial, tcp->turn);
			fflush(be->log);
		}
		*at = tcp->next;
		close(tcp->fd);
		while (tcp->nheld > 0)
			raw_buf_done(&tcp->held[--tcp->nheld]);
		raw_buf_done(&tcp->in);
		raw_buf_done(&tcp->out);
		free(tcp);
	}
}

/* ---- the loop ---------------------------------------------------------- */

static nfds_t
fill_fds(const struct backend *be, struct pollfd **ret_fds)
{
	nfds_t count = FIXED_FDS;
	struct pollfd *fds;

	for (struct tcp *t = be->tcps; t != NULL; t = t->next)
		count++;
	fds = raw_alloc(count, sizeof(*fds));
	fds[0] = (struct pollfd){.fd = be->udp, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = be->listener, .events = POLLIN};
	count = FIXED_FDS;
	for (struct tcp *t = be->tcps; t != NULL; t = t->next) {
		short events = t->out.len > 0 ? POLLIN | POLLOUT : POLLIN;

		fds[count++] = (struct pollfd){.fd = t->fd, .events = events};
	}
	*ret_fds = fds;
	return count;
}

static void
turn(struct backend *be)
{
	struct timespec ts;
	struct timespec *wait = NULL;
	struct pollfd *fds;
	nfds_t count = fill_fds(be, &fds);
	nfds_t i = FIXED_FDS;

	if (be->later != NULL) {
		uint64_t now = raw_now();
		uint64_t ns = be->later->due > now ? be->later->due - now : 0;

		ts.tv_sec = (time_t)(ns / RAW_SECOND);
		ts.tv_nsec = (long)(ns % RAW_SECOND);
		wait = &ts;
	}
	if (ppoll(fds, count, wait, NULL) >= 0) {
		for (struct tcp *t = be->tcps; t != NULL; t = t->next, i++) {
			if (fds[i].revents & POLLOUT)
				flush_tcp(t);
			if (fds[i].revents & ~POLLOUT)
				read_tcp(be, t);
		}
		if (fds[0].revents != 0)
			read_udp(be);
		if (fds[1].revents != 0)
			accept_tcp(be);
	}
	free(fds);
	run_later(be);
	reap_tcp(be);
}

/* ---- start ------------------------------------------------------------- */

static int
open_bound(const struct sockaddr_in *address, int type)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int size = 4 << 20;

	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
	    (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* One port for UDP and TCP; when it is ours to choose, until both are free. */
static bool
open_port(struct backend *be)
{
	socklen_t len = sizeof(be->address);
	struct sockaddr_in wanted = be->address;

	for (int i = 0; i < PORT_TRIES; i++) {
		be->address = wanted;
		be->udp = open_bound(&be->address, SOCK_DGRAM);
		if (be->udp < 0)
			return false;
		(void)getsockname(
		    be->udp, (struct sockaddr *)&be->address, &len);
		be->listener = open_bound(&be->address, SOCK_STREAM);
		if (be->listener >= 0)
			return true;
		close(be->udp);
		if (wanted.sin_port != 0)
			return false;
	}
	return false;
}

static void
open_others(struct backend *be)
{
	struct sockaddr_in other = be->address;

	other.sin_port = 0;
	be->udp_other_port = open_bound(&other, SOCK_DGRAM);
	other = be->address;
	/* 127.0.0.1 -> 127.0.0.2, the same port */
	other.sin_addr.s_addr = htonl(ntohl(other.sin_addr.s_addr) + 1);
	be->udp_other_address = open_bound(&other, SOCK_DGRAM);
}

static void
usage(void)
{
	fputs("usage: fakebe [-a ADDRESS] [-p PORT] [-l LOG] [-m MOOD] "
	      "[-U] [-T] [-P]\n",
	    stderr);
	exit(RAW_EXIT_TROUBLE);
}

static void
close_one(int *fd)
{
	close(*fd);
	*fd = -1;
}

int
main(int argc, char **argv)
{
	struct backend be = {.address = {.sin_family = AF_INET}};
	bool no_udp = false;
	bool no_tcp = false;
	int option;

	be.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((option = getopt(argc, argv, "a:p:l:m:UTP")) != -1) {
		if (option == 'a' &&
		    inet_pton(AF_INET, optarg, &be.address.sin_addr) == 1)
			continue;
		if (option == 'p')
			be.address.sin_port =
			    htons((uint16_t)strtoul(optarg, NULL, 10));
		else if (option == 'l')
			be.log = fopen(optarg, "a");
		else if (option == 'm')
			be.mood = optarg;
		else if (option == 'U')
			no_udp = true;
		else if (option == 'T')
			no_tcp = true;
		else if (option == 'P')
			be.reads_header = true;
		else
			usage();
	}
	signal(SIGPIPE, SIG_IGN);
	if (!open_port(&be))
		raw_fatal("no port: %s", strerror(errno));
	open_others(&be);
	if (no_udp)
		close_one(&be.udp);
	if (no_tcp)
		close_one(&be.listener);
	be.start = raw_now();
	printf("serving %s:%u\n", inet_ntoa(be.address.sin_addr),
	    ntohs(be.address.sin_port));
	fflush(stdout);
	for (;;)
		turn(&be);
}
