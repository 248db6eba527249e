/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `flood`: many datagrams of clients that nobody hears of again, from many
 * addresses.  Whatever comes back is counted and not answered.
 *
 * Bounded by its arguments, and the other connections of the case go on
 * meanwhile: the loop is turned between the packets.
 */
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>

enum {
	PACKET = RAW_UDP_PAYLOAD,
	SHORT_LEN = 60, /* of a short header: 22 more than the least reset */
	CID = 8,
	TOKEN = 64,
	AMPLIFICATION = 3,
	COUNT_MAX = 10000000,
	SOURCES_MAX = 10000,
	RATE_MAX = 1000000,
	LISTEN_STEP_MS = 50,
	FIRST_HOST = 0x7f010001, /* 127.1.0.1 */
	LOOPBACK_NET = 127
};

/* An extension that no datagram has room for, of a type that is nobody's (RFC
 * 8446 11: private use). */
#define LARGE_HELLO "65143:1200*00"

enum kind {
	HELLO,
	HALF,
	REFUSED,
	INITIAL,
	WITH_TOKEN,
	SHORT,
	VERSION,
	KINDS
};

static const char *const kinds[KINDS] = {
    "hello", "half", "refused", "initial", "token", "short", "version"};

struct source {
	int fd;
	uint64_t sent;
	uint64_t received;
};

struct flood {
	enum kind kind;
	uint64_t count, nsources, rate, listen_ms;
	struct raw_settings settings;
	struct source *sources;
};

/* ---- packets ----------------------------------------------------------- */

/* A new client's first datagram; nothing more is heard of it. */
static void
put_hello(const struct flood *f, struct raw_buf *packet)
{
	struct raw_conn *conn = raw_conn_new("flood", &f->settings);

	if (conn->nflight == 0)
		raw_fatal("a ClientHello could not be made: %s", conn->error);
	raw_buf_add(packet, conn->flight[0].data, conn->flight[0].len);
	raw_conn_free(conn);
}

static void
put_random(struct raw_buf *packet, size_t count)
{
	raw_buf_fill(packet, 0, count);
	gnutls_rnd(GNUTLS_RND_NONCE, packet->data + packet->len - count, count);
}

/* A long header, and noise. */
static void
put_noise(struct raw_buf *packet, uint32_t version, size_t token_len)
{
	raw_buf_u8(packet, 0xc3); /* Initial */
	raw_buf_u32(packet, version);
	raw_buf_u8(packet, CID);
	put_random(packet, CID);
	raw_buf_u8(packet, CID);
	put_random(packet, CID);
	raw_buf_varint_wide(packet, token_len, 2);
	put_random(packet, token_len);
	raw_buf_varint_wide(packet, PACKET - packet->len - 2, 2);
	put_random(packet, PACKET - packet->len);
}

static void
put_packet(const struct flood *f, struct raw_buf *packet)
{
	packet->len = 0;
	switch (f->kind) {
	case INITIAL:
		put_noise(packet, NGTCP2_PROTO_VER_V1, 0);
		break;
	case WITH_TOKEN:
		put_noise(packet, NGTCP2_PROTO_VER_V1, TOKEN);
		break;
	case VERSION:
		put_noise(packet, 0x1a2a3a4a, 0); /* RFC 9000 15 */
		break;
	case SHORT:
		put_random(packet, SHORT_LEN);
		packet->data[0] = (packet->data[0] & 0x3f) | 0x40;
		break;
	case HELLO:
	case HALF:
	case REFUSED:
	case KINDS:
		put_hello(f, packet);
		break;
	}
}

/* ---- sources ----------------------------------------------------------- */

/* On the loopback network each has an address, elsewhere a port. */
static int
open_source(struct source *s, const struct addrinfo *to, size_t index)
{
	const struct sockaddr_in *in = (const void *)to->ai_addr;
	struct sockaddr_in from = {.sin_family = AF_INET};

	s->fd =
	    socket(to->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	from.sin_addr.s_addr = htonl(FIRST_HOST + (uint32_t)index);
	if (to->ai_family == AF_INET &&
	    ntohl(in->sin_addr.s_addr) >> 24 == LOOPBACK_NET &&
	    bind(s->fd, (const void *)&from, sizeof(from)) != 0)
		return -errno;
	return connect(s->fd, to->ai_addr, to->ai_addrlen) != 0 ? -errno : 0;
}

static int
open_sources(struct flood *f)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *to;
	int rc = 0;

	if (getaddrinfo(f->settings.host, f->settings.port, &hints, &to) != 0)
		return -ENOENT;
	raw_loop_allow_files(f->nsources);
	f->sources = raw_alloc((size_t)f->nsources, sizeof(*f->sources));
	for (size_t i = 0; i < f->nsources; i++)
		f->sources[i].fd = -1;
	for (size_t i = 0; i < f->nsources && rc == 0; i++)
		rc = open_source(&f->sources[i], to, i);
	freeaddrinfo(to);
	return rc;
}

static void
close_sources(struct flood *f)
{
	for (size_t i = 0; f->sources != NULL && i < f->nsources; i++)
		if (f->sources[i].fd >= 0)
			close(f->sources[i].fd);
	free(f->sources);
}

static void
drain(struct source *s)
{
	uint8_t bytes[2 * PACKET];
	ssize_t n;

	while ((n = recv(s->fd, bytes, sizeof(bytes), 0)) > 0)
		s->received += (uint64_t)n;
}

static void
send_all(struct raw_script *script, struct flood *f)
{
	uint64_t start = raw_now();
	struct raw_buf packet = {0};

	for (uint64_t i = 0; i < f->count; i++) {
		uint64_t due = start + i * (RAW_SECOND / f->rate);
		struct source *from = &f->sources[i % f->nsources];
		ssize_t n;

		put_packet(f, &packet);
		drain(from);
		n = send(from->fd, packet.data, packet.len, 0);
		if (n > 0)
			from->sent += (uint64_t)n;
		do
			raw_loop_turn(&script->loop, due);
		while (raw_now() < due);
	}
	raw_buf_done(&packet);
	puts("# all is sent");
	fflush(stdout); /* somebody may wait for it */
}

static void
listen_on(struct raw_script *script, struct flood *f)
{
	uint64_t end = raw_now() + f->listen_ms * RAW_MS;

	do {
		for (size_t i = 0; i < f->nsources; i++)
			drain(&f->sources[i]);
		raw_loop_run(
		    &script->loop, raw_now() + LISTEN_STEP_MS * RAW_MS);
	} while (raw_now() < end);
}

/* RFC 9000 8: three times what an address sent, while it is not validated. */
static void
judge(struct raw_script *script, const struct flood *f)
{
	uint64_t sent = 0, received = 0, flooded = 0;
	double worst = 0;

	for (size_t i = 0; i < f->nsources; i++) {
		const struct source *s = &f->sources[i];
		double factor =
		    s->sent > 0 ? (double)s->received / (double)s->sent : 0;

		sent += s->sent;
		received += s->received;
		flooded += s->received > AMPLIFICATION * s->sent;
		worst = factor > worst ? factor : worst;
	}
	printf("# sent %" PRIu64 " bytes, received %" PRIu64
	       ", %.2f times at most\n",
	    sent, received, worst);
	if (flooded > 0)
		raw_script_failed(script,
		    "%" PRIu64 " sources were sent more than 3 times what they "
		    "sent",
		    flooded);
}

/* ---- the command ------------------------------------------------------- */

static int
take_word(struct flood *f, const char *word)
{
	const struct raw_word_place places[] = {
	    {"sources", &f->nsources}, {"rate", &f->rate}};
	const char *value = raw_word_value(word, "listen");

	if (value != NULL)
		return raw_word_duration(value, &f->listen_ms);
	return raw_word_keyed(word, places, sizeof(places) / sizeof(places[0]));
}

static int
take_words(
    struct raw_script *script, const struct raw_words *words, struct flood *f)
{
	if (raw_script_settings(script, &f->settings) != 0 ||
	    words->count < 3 || raw_word_number(words->at[2], &f->count) != 0)
		return -EINVAL;
	while (f->kind < KINDS && strcmp(words->at[1], kinds[f->kind]) != 0)
		f->kind++;
	for (int i = 3; i < words->count; i++)
		if (take_word(f, words->at[i]) != 0)
			return -EINVAL;
	if (f->kind == KINDS || f->count > COUNT_MAX || f->nsources == 0 ||
	    f->nsources > SOURCES_MAX || f->rate == 0 || f->rate > RATE_MAX)
		return -EINVAL;
	f->settings.is_dry = true;
	if (f->kind == HALF)
		f->settings.hello = LARGE_HELLO;
	if (f->kind == REFUSED)
		f->settings.alpn = "nobody-serves-this";
	return 0;
}

static int
cmd_flood(struct raw_script *script, const struct raw_words *words)
{
	struct flood f = {
	    .nsources = 1, .rate = 1000, .listen_ms = RAW_QUIET_MS};
	int rc = take_words(script, words, &f);

	if (rc != 0)
		return rc;
	rc = open_sources(&f);
	if (rc == 0) {
		send_all(script, &f);
		listen_on(script, &f);
		judge(script, &f);
	} else {
		raw_script_failed(script, "flood: %s", strerror(-rc));
	}
	close_sources(&f);
	return 0;
}

const struct raw_command raw_flood_commands[] = {
    {"flood", cmd_flood},
    {NULL, NULL},
};
