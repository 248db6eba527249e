/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WRONG_H
#define WRONG_H

#include "tests/fake/wrong/mutants.h"
#include "tools/doqspec/raw/bytes.h"
#include "tools/doqspec/raw/frame.h"

#include <netinet/in.h>
#include <stdbool.h>

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

/*
 * wrongdoq: a DNS-over-QUIC server that is right, and wrong on demand.
 *
 * It is what doqspec is tested with: each mutant (mutants.h) is a switch that
 * makes this server break one sentence of an RFC.  It links nothing of the
 * product.  ngtcp2 does the handshake, streams and loss recovery; everything
 * around it is here:
 *
 *   server.c     socket, loop, whose packet is it
 *   stateless.c  what is said without a connection
 *   conn.c       one connection: ngtcp2's callbacks, packets, its end
 *   tls.c        certificate, ALPN, tickets, early data
 *   params.c     transport parameters on their way out
 *   keys.c       packet keys, so that frames can be seen and changed
 *   tamper.c     frames that are not noticed, changed or invented
 *   stream.c     RFC 9250's rules of streams
 *   dns.c        the answer to a message
 */

enum {
	WRONG_CID_LEN = 10,
	WRONG_TOKEN_LEN = NGTCP2_STATELESS_RESET_TOKENLEN,
	WRONG_KEY_LEN = 32,
	WRONG_UDP_MIN = 1200, /* RFC 9000 14.1 */
	WRONG_DATAGRAM_MAX = 65536,
	WRONG_TICKET_KEY_LEN = 64,
	WRONG_CONNS_MAX = 2000,
	WRONG_USED_TOKENS = 256,
	WRONG_CIDS_MAX = 64,
	WRONG_HELLOS_MAX = 1024,
	WRONG_FEW_CLOSED = 100,
	WRONG_HALF_OPEN = 64 /* then newcomers are told to retry */
};

/* RFC 9250 8.4 */
enum {
	DOQ_NO_ERROR = 0,
	DOQ_INTERNAL_ERROR = 1,
	DOQ_PROTOCOL_ERROR = 2,
	DOQ_REQUEST_CANCELLED = 3,
	DOQ_EXCESSIVE_LOAD = 4
};

struct wrong_options {
	uint64_t dangling_ms, idle_ms, handshake_ms, slow_ms;
	uint16_t port;
	const char *ca; /* where the certificate is written, or NULL */
	bool always_retry;
	bool no_early;
};

struct wrong_conn;

/* ClientHellos that brought early data (RFC 8446 8.2). */
struct wrong_hellos {
	uint8_t seen[WRONG_HELLOS_MAX][16];
	size_t count;
};

struct wrong_server {
	int fd, signals;
	struct sockaddr_in local;
	struct wrong_options options;
	bool mutants[WRONG_MUTANTS];
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
	gnutls_anti_replay_t replay;
	struct wrong_hellos hellos;
	uint8_t key[WRONG_KEY_LEN]; /* of tokens and resets */
	uint8_t ticket_key[WRONG_TICKET_KEY_LEN];
	struct wrong_conn *conns;
	size_t nconns;
	uint64_t used_tokens[WRONG_USED_TOKENS]; /* by their hashes */
	size_t nused_tokens;
	uint64_t resets_in_second, resets_since;

	uint64_t unknown_versions;
	uint64_t stalled_until; /* for mutants that hang */
	struct raw_buf last_token;
};

/* One stream of the client. */
struct wrong_stream {
	struct wrong_stream *next;
	struct wrong_conn *conn;
	int64_t id;
	struct raw_buf in;
	bool has_fin, is_early, is_asked, is_answered, is_reset, is_cancelled;
	uint64_t opened_at;
	uint64_t answer_at; /* of a slow answer; 0: none waits */
	struct raw_buf out; /* stays until the stream is closed */
	size_t sent;
	bool out_fin, is_out_done;
};

enum wrong_state {
	WRONG_HANDSHAKE,
	WRONG_OPEN,
	WRONG_CLOSING,
	WRONG_DRAINING,
	WRONG_GONE
};

struct wrong_cid {
	uint8_t data[NGTCP2_MAX_CIDLEN];
	size_t len;
};

struct wrong_conn {
	struct wrong_conn *next;
	struct wrong_server *server;
	enum wrong_state state;
	ngtcp2_conn *quic;
	gnutls_session_t tls;
	ngtcp2_crypto_conn_ref ref;
	struct sockaddr_in remote;
	struct wrong_cid cids[WRONG_CIDS_MAX];
	size_t ncids;
	struct wrong_stream *streams;
	uint64_t expires; /* CLOSING, DRAINING */
	struct raw_buf farewell;
	unsigned heard; /* packets, since it closed */
	bool wants_close, close_is_app;
	uint64_t close_code;
	const char *close_reason;
	uint8_t early_secret[64];
	size_t early_len;
	unsigned hellos;
	bool offers_early;
	uint64_t queries, cancels, opened;
	uint64_t credit_withheld, stream_limit, cids_issued;
	uint64_t next_stream; /* of the client */
	uint64_t ask_at;      /* for a certificate; 0: not */
	uint64_t small_frames, datagrams;
	ngtcp2_cid original;
	bool offers_psk, phase;
	bool gives_credit;
	uint64_t heard_at;
	uint8_t last_datagram[32]; /* its hash */
	uint64_t packets_out;
};

static inline bool
wrong_does(const struct wrong_server *server, enum wrong_mutant mutant)
{
	return server->mutants[mutant];
}

static inline bool
wrong_conn_does(const struct wrong_conn *conn, enum wrong_mutant mutant)
{
	return conn->server->mutants[mutant];
}

/* mutants.c: one line a mutant, to standard output; the number, or -1. */
void wrong_mutants_list(void);
int wrong_mutant_find(const char *name);

/* server.c */
void wrong_server_init(struct wrong_server *server);
void wrong_server_run(struct wrong_server *server);
/* Nothing is done for some seconds. */
void wrong_server_stall(struct wrong_server *server);
void wrong_server_send(struct wrong_server *server,
    const struct sockaddr_in *to, const uint8_t *data, size_t len);
struct wrong_conn *wrong_server_find(
    const struct wrong_server *server, const uint8_t *cid, size_t len);

/* A datagram as it came, and what its first packet says. */
struct wrong_packet {
	const struct sockaddr_in *from;
	const uint8_t *data;
	size_t len;
	bool is_long;
	uint32_t version;
	const uint8_t *dcid, *scid;
	size_t dcid_len, scid_len;
};
/* False when it is no packet of any version. */
bool wrong_packet_read(struct wrong_packet *packet);

/* stateless.c: a packet of no connection; a new one, or NULL. */
struct wrong_conn *wrong_stateless_accept(
    struct wrong_server *server, const struct wrong_packet *packet);
void wrong_stateless_versions(
    struct wrong_server *server, const struct wrong_packet *packet);
void wrong_stateless_refuse(
    struct wrong_server *server, const struct wrong_packet *packet);
void wrong_stateless_retry(
    struct wrong_server *server, const struct wrong_packet *packet);
void wrong_stateless_token(
    const struct wrong_server *server, const ngtcp2_cid *cid, uint8_t *ret);
size_t wrong_token_make(struct wrong_server *server,
    const struct sockaddr_in *to, uint32_t version, uint8_t *ret);

/* What is known of a connection before it is made. */
struct wrong_birth {
	const struct wrong_packet *packet;
	ngtcp2_pkt_hd hd;
	ngtcp2_cid original; /* before Retry */
	bool has_retry, is_proved;
};

/* conn.c */
struct wrong_conn *wrong_conn_new(
    struct wrong_server *server, const struct wrong_birth *birth);
void wrong_conn_free(struct wrong_conn *conn);
void wrong_conn_read(struct wrong_conn *conn, const struct wrong_packet *p);
void wrong_conn_flush(struct wrong_conn *conn);
void wrong_conn_on_time(struct wrong_conn *conn, uint64_t now);
uint64_t wrong_conn_expiry(const struct wrong_conn *conn);
/* Notes that the connection is to end; done after the callbacks. */
void wrong_conn_close(
    struct wrong_conn *conn, bool is_app, uint64_t code, const char *reason);

/* tls.c */
void wrong_tls_init(struct wrong_server *server);
void wrong_tls_done(struct wrong_server *server);
int wrong_tls_start(struct wrong_conn *conn);
void wrong_tls_completed(struct wrong_conn *conn);
void wrong_tls_ask(struct wrong_conn *conn);

/* params.c: the extension that goes out; appended. */
int wrong_params_write(struct wrong_conn *conn, struct raw_buf *out);

/* hello.c: what GnuTLS and ngtcp2 do not look at; 0 or what to close with. */
uint64_t wrong_hello_look(struct wrong_conn *conn, const uint8_t *p, size_t n);

/* keys.c */
int wrong_keys_install(struct wrong_conn *conn, ngtcp2_encryption_level level,
    const void *rx, const void *tx, size_t len);
int wrong_keys_update(ngtcp2_conn *quic, uint8_t *rx_secret, uint8_t *tx_secret,
    ngtcp2_crypto_aead_ctx *rx_ctx, uint8_t *rx_iv,
    ngtcp2_crypto_aead_ctx *tx_ctx, uint8_t *tx_iv, const uint8_t *rx_now,
    const uint8_t *tx_now, size_t len, void *user);
int wrong_keys_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
    const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len);
int wrong_keys_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
    const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *sealed, size_t len,
    const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len);
void wrong_keys_delete(
    ngtcp2_conn *quic, ngtcp2_crypto_aead_ctx *ctx, void *user);

/* tamper.c: frames of one packet, changed in place. */
enum wrong_level {
	WRONG_LEVEL_EARLY,
	WRONG_LEVEL_HANDSHAKE,
	WRONG_LEVEL_SHORT
};
/* False when the packet is to be lost. */
bool wrong_tamper_in(
    struct wrong_conn *conn, enum wrong_level level, uint8_t *p, size_t len);
void wrong_tamper_out(
    struct wrong_conn *conn, enum wrong_level level, uint8_t *p, size_t len);
/* A packet's first octet, header protection removed; the same. */
bool wrong_tamper_header(struct wrong_conn *conn, enum wrong_level level,
    const uint8_t *header, bool is_in);
/* Frames of our own; they leave with the next packets, and again if lost. */
void wrong_tamper_send(struct wrong_conn *conn, const struct raw_buf *frames);
/* The code that is said in place of the right one. */
void wrong_tamper_code(
    const struct wrong_conn *conn, bool *is_app, uint64_t *code);
/* Each packet in a datagram of its own. */
void wrong_tamper_split(struct wrong_server *server,
    const struct sockaddr_in *to, const uint8_t *data, size_t len);
/* Of the packets in a datagram only the first is read. */
int wrong_tamper_first(struct wrong_conn *conn, const ngtcp2_path *path,
    const struct wrong_packet *p);

/* stream.c: what happens on a stream; NULL when there is no memory of it. */
struct wrong_stream *wrong_stream_open(struct wrong_conn *conn, int64_t id);
void wrong_stream_data(
    struct wrong_stream *stream, const uint8_t *data, size_t len, bool fin);
void wrong_stream_reset(struct wrong_stream *stream, uint64_t code);
void wrong_stream_stop(struct wrong_stream *stream, uint64_t code);
void wrong_stream_free(struct wrong_stream *stream);

/* Slow answers, and streams that dangle. */
void wrong_streams_on_time(struct wrong_conn *conn, uint64_t now);
uint64_t wrong_streams_expiry(const struct wrong_conn *conn);
/* The handshake is complete: what waited for that goes on. */
void wrong_streams_completed(struct wrong_conn *conn);

/* dns.c: what becomes of a message. */
enum wrong_verdict {
	WRONG_ANSWER,
	WRONG_ANSWER_LATER,
	WRONG_FATAL,
	WRONG_SILENCE,
	WRONG_HANGS,  /* and so does the whole server */
	WRONG_NOT_YET /* when the handshake is complete */
};
struct wrong_dns {
	const struct wrong_server *server;
	const uint8_t *query;
	size_t len;
	bool is_early;
};
/* Appends the answer, or answers, each with its length in front. */
enum wrong_verdict wrong_dns_answer(
    const struct wrong_dns *dns, struct raw_buf *out);

#endif
