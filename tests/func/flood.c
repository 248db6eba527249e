/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood PORT KIND COUNT SOURCES RATE SECONDS
 *
 * Sends COUNT first packets of clients to 127.0.0.1, RATE a second, from
 * SOURCES addresses of 127.0.0.0/8, then listens for SECONDS.  Whatever comes
 * back is counted and not answered.  Prints what was sent and received, and
 * fails if a source was sent more than three bytes for one of its own
 * (RFC 9000 8).  KIND:
 *
 *   hello     a good ClientHello each
 *   half      the first datagram of one that takes two
 *   initial   an Initial packet that no key opens, without a token
 *   token     the same with a random token
 *
 * A judge: it links nothing of ours.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PACKET = 1200,
	CID = 8,
	TOKEN = 64,
	AMPLIFICATION = 3,
	SECOND = 1000000000,
	EXTENSION = 0xfe77,	 /* nobody's (RFC 8446 11: private use) */
	FIRST_HOST = 0x7f010001, /* 127.1.0.1 */
	FILES = 64		 /* besides the sources */
};

/* Without a session ID, which QUIC forbids (RFC 9001 8.4). */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE"

enum kind {
	HELLO,
	HALF,
	INITIAL,
	WITH_TOKEN,
	KINDS
};

static const char *const kinds[KINDS] = {"hello", "half", "initial", "token"};

struct source {
	int fd;
	uint64_t sent;
	uint64_t received;
};

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static void
fail(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
draw(void *bytes, size_t len)
{
	if (gnutls_rnd(GNUTLS_RND_NONCE, bytes, len) != 0)
		fail("gnutls_rnd");
}

/* ------------------------------------------------------------- clients -- */

static void
on_random(uint8_t *bytes, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	draw(bytes, len);
}

static int
on_new_cid(ngtcp2_conn *qc, ngtcp2_cid *cid, uint8_t *token, size_t len,
    void *user_data)
{
	(void)qc;
	(void)user_data;
	cid->datalen = len;
	draw(cid->data, len);
	draw(token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
    .encrypt = ngtcp2_crypto_encrypt_cb,
    .decrypt = ngtcp2_crypto_decrypt_cb,
    .hp_mask = ngtcp2_crypto_hp_mask_cb,
    .recv_retry = ngtcp2_crypto_recv_retry_cb,
    .rand = on_random,
    .get_new_connection_id = on_new_cid,
    .update_key = ngtcp2_crypto_update_key_cb,
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};

static ngtcp2_conn *
get_conn(ngtcp2_crypto_conn_ref *ref)
{
	return ref->user_data;
}

static ngtcp2_conn *
make_conn(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	ngtcp2_path path = {.local = {(void *)&any, sizeof(any)},
	    .remote = {(void *)&any, sizeof(any)}};
	ngtcp2_settings settings;
	ngtcp2_transport_params params;
	ngtcp2_conn *qc;
	ngtcp2_cid dcid = {.datalen = CID}, scid = {.datalen = CID};

	draw(dcid.data, CID);
	draw(scid.data, CID);
	ngtcp2_settings_default(&settings);
	settings.initial_ts = now();
	ngtcp2_transport_params_default(&params);
	if (ngtcp2_conn_client_new(&qc, &dcid, &scid, &path,
		NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params, NULL,
		NULL) != 0)
		fail("ngtcp2_conn_client_new");
	return qc;
}

/* An extension that no datagram has room for. */
static int
send_bytes(gnutls_session_t session, gnutls_buffer_t to)
{
	uint8_t bytes[PACKET];

	(void)session;
	draw(bytes, sizeof(bytes));
	return gnutls_buffer_append_data(to, bytes, sizeof(bytes));
}

static int
ignore_bytes(gnutls_session_t session, const unsigned char *data, size_t len)
{
	(void)session;
	(void)data;
	(void)len;
	return 0;
}

/* A new client's first datagram. */
static size_t
write_hello(uint8_t *packet, bool is_large)
{
	unsigned char doq[] = {'d', 'o', 'q'};
	const gnutls_datum_t alpn = {doq, sizeof(doq)};
	ngtcp2_conn *qc = make_conn();
	ngtcp2_crypto_conn_ref ref = {get_conn, qc};
	gnutls_certificate_credentials_t cred = NULL;
	gnutls_session_t session = NULL;
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info pi;
	ngtcp2_ssize n;

	ngtcp2_path_storage_zero(&ps);
	if (gnutls_certificate_allocate_credentials(&cred) != 0 ||
	    gnutls_init(
		&session, GNUTLS_CLIENT | GNUTLS_NO_END_OF_EARLY_DATA) != 0 ||
	    gnutls_priority_set_direct(session, PRIORITY, NULL) != 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred) !=
		0 ||
	    ngtcp2_crypto_gnutls_configure_client_session(session) != 0 ||
	    gnutls_alpn_set_protocols(session, &alpn, 1, 0) != 0 ||
	    (is_large &&
		gnutls_session_ext_register(session, "large", EXTENSION,
		    GNUTLS_EXT_TLS, ignore_bytes, send_bytes, NULL, NULL, NULL,
		    GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO) != 0))
		fail("gnutls");
	gnutls_session_set_ptr(session, &ref);
	ngtcp2_conn_set_tls_native_handle(qc, session);
	n = ngtcp2_conn_write_pkt(qc, &ps.path, &pi, packet, PACKET, now());
	if (n <= 0)
		fail("ngtcp2_conn_write_pkt");
	ngtcp2_conn_del(qc);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(cred);
	return (size_t)n;
}

/* A long header, and noise. */
static size_t
write_noise(uint8_t *packet, size_t tokenlen)
{
	uint8_t *p = packet;
	size_t left;

	draw(packet, PACKET);
	*p++ = 0xc3; /* Initial */
	memcpy(p, "\0\0\0\1", 4);
	p += 4;
	*p++ = CID;
	p += CID;
	*p++ = CID;
	p += CID;
	*p++ = 0x40; /* the token's length, of two octets */
	*p++ = (uint8_t)tokenlen;
	p += tokenlen;
	left = (size_t)(packet + PACKET - p) - 2;
	*p++ = (uint8_t)(0x40 | left >> 8);
	*p++ = (uint8_t)left;
	return PACKET;
}

static size_t
write_packet(uint8_t *packet, enum kind kind)
{
	if (kind == HELLO || kind == HALF)
		return write_hello(packet, kind == HALF);
	return write_noise(packet, kind == WITH_TOKEN ? TOKEN : 0);
}

/* ------------------------------------------------------------- sources -- */

static struct source *
open_sources(size_t n, uint16_t port)
{
	struct source *s = calloc(n, sizeof(*s));
	struct rlimit files = {n + FILES, n + FILES};
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (s == NULL)
		fail("calloc");
	(void)setrlimit(RLIMIT_NOFILE, &files);
	to.sin_port = htons(port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in from = {.sin_family = AF_INET};

		from.sin_addr.s_addr = htonl(FIRST_HOST + (uint32_t)i);
		s[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (s[i].fd < 0 ||
		    bind(s[i].fd, (void *)&from, sizeof(from)) != 0 ||
		    connect(s[i].fd, (void *)&to, sizeof(to)) != 0)
			fail("a socket");
	}
	return s;
}

static void
drain(struct source *s)
{
	uint8_t bytes[2048];
	ssize_t n;

	while ((n = recv(s->fd, bytes, sizeof(bytes), 0)) > 0)
		s->received += (uint64_t)n;
}

static void
listen_for(struct source *s, size_t n, unsigned seconds)
{
	uint64_t end = now() + (uint64_t)seconds * SECOND;
	const struct timespec pause = {.tv_nsec = SECOND / 20};

	do {
		for (size_t i = 0; i < n; i++)
			drain(&s[i]);
		nanosleep(&pause, NULL);
	} while (now() < end);
}

static void
send_all(struct source *s, size_t nsources, enum kind kind, unsigned long count,
    unsigned long rate)
{
	uint64_t start = now();

	for (unsigned long i = 0; i < count; i++) {
		struct source *from = &s[i % nsources];
		uint64_t due = start + i * (SECOND / rate), t = now();
		uint8_t packet[PACKET];
		size_t len = write_packet(packet, kind);
		ssize_t n;

		drain(from);
		n = send(from->fd, packet, len, 0);
		if (n > 0)
			from->sent += (uint64_t)n;
		if (due > t) {
			struct timespec ts = {.tv_nsec = (long)(due - t)};

			nanosleep(&ts, NULL);
		}
	}
}

/* Prints the sums; 1 if a source got too much. */
static int
judge(const struct source *s, size_t n)
{
	uint64_t sent = 0, received = 0, flooded = 0;
	double worst = 0;

	for (size_t i = 0; i < n; i++) {
		double factor = s[i].sent > 0
				    ? (double)s[i].received / (double)s[i].sent
				    : 0;

		sent += s[i].sent;
		received += s[i].received;
		flooded += s[i].received > AMPLIFICATION * s[i].sent;
		worst = factor > worst ? factor : worst;
	}
	printf("# sent %llu bytes, received %llu, %.2f times at most\n",
	    (unsigned long long)sent, (unsigned long long)received, worst);
	return flooded > 0;
}

int
main(int argc, char **argv)
{
	struct source *sources;
	size_t n, kind = 0;
	int rc;

	if (argc != 7) {
		fprintf(stderr,
		    "usage: flood PORT KIND COUNT SOURCES RATE SECONDS\n");
		return 2;
	}
	while (kind < KINDS && strcmp(argv[2], kinds[kind]) != 0)
		kind++;
	n = strtoul(argv[4], NULL, 10);
	if (kind == KINDS || n == 0) {
		fprintf(stderr, "flood: no such kind, or no sources\n");
		return 2;
	}
	sources = open_sources(n, (uint16_t)strtoul(argv[1], NULL, 10));
	send_all(sources, n, (enum kind)kind, strtoul(argv[3], NULL, 10),
	    strtoul(argv[5], NULL, 10));
	puts("# all is sent");
	fflush(stdout);
	listen_for(sources, n, (unsigned)strtoul(argv[6], NULL, 10));
	rc = judge(sources, n);
	free(sources);
	return rc;
}
