/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_CONN_H
#define RAW_CONN_H

#include "tools/doqspec/raw/seal.h"
#include "tools/doqspec/raw/seen.h"
#include "tools/doqspec/raw/ticket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

/*
 * One client connection, in one of two modes.
 *
 * At first ngtcp2 runs it: handshake, acknowledgements, loss recovery, flow
 * control.  After raw_conn_take_over() ngtcp2 is not asked any more: frames go
 * out as the test writes them, in packets that engine.c seals, and packets
 * that come in are acknowledged by engine.c.  In both modes everything that
 * arrives is opened a second time by seal.c and noted in `seen`.
 */

enum {
	RAW_NAME_MAX = 32,
	RAW_STREAM_KINDS = 4, /* the two low bits of a stream ID */
	RAW_STASH_MAX = 16,
	RAW_TOKENS_MAX = 32,
	RAW_TICKETS_MAX = 16,
	RAW_FLIGHT_MAX = 64,
	RAW_EARLY_PSK_LEN = 32,
	RAW_RESET_TOKEN_LEN = 16,
	RAW_RANGES_MAX = 64,
	RAW_UDP_PAYLOAD = 1200
};

/* How a connection presents itself.  Strings live as long as the settings. */
struct raw_settings {
	const char *host; /* numeric address or name */
	const char *port;
	const char *bind_address; /* NULL: the system chooses */
	const char *alpn;	  /* "doq", a comma list, or "none" */
	const char *sni;	  /* NULL: none */
	const char *priority;	  /* NULL: the raw client's own */
	const char *ca;		  /* NULL: the certificate is not verified */
	const char *verify_name;
	const char *pin;  /* base64 SHA-256 of the SPKI, or NULL */
	uint32_t version; /* of the first packet */
	uint64_t idle_ms, keepalive_ms, handshake_ms;
	uint64_t max_data, stream_data, streams_bidi, streams_uni;
	uint64_t cid_limit;
	const char *token;  /* of the first Initial, in hexadecimal, or NULL */
	const char *hello;  /* rules of hello.h, or NULL */
	const char *params; /* rules for transport parameters, or NULL */
	uint64_t pad_hello; /* octets of an unknown extension; 0: none */
	const char *ticket; /* to resume with, as raw_ticket_print made it */
	struct raw_ticket_spoil spoil;
	bool lists_both;	/* versions 1 and 2 of QUIC (RFC 9368) */
	const char *hold_retry; /* a file to wait for after Retry, or NULL */
	bool is_early;	  /* what is sent before the handshake is early data */
	bool is_stubborn; /* the extension is in a second ClientHello, too */
	bool one_share;	  /* a key share for the first group only */
	bool withholds;	  /* nothing goes out once something came */
	bool hello_tls12; /* offer nothing above TLS 1.2 */
	bool is_reversed; /* the datagrams of the hello go last first */
	bool has_grease;  /* takes packets without the QUIC bit (RFC 9287) */
	bool is_dry;	  /* without a socket: the first flight is made only */
};
void raw_settings_default(struct raw_settings *settings);

enum raw_state {
	RAW_HANDSHAKE,
	RAW_OPEN,
	RAW_CLOSED_BY_SERVER,
	RAW_CLOSED_BY_US,
	RAW_RESET, /* stateless reset */
	RAW_IDLE,  /* idle timeout ran out, nothing was said */
	RAW_FAILED /* see `error` */
};

/* Octets of one stream on their way to ngtcp2, which points into them. */
struct raw_chunk {
	struct raw_chunk *next;
	uint64_t stream;
	uint8_t *data;
	size_t len, off;
	size_t split; /* at most so many octets a packet; 0: no limit */
	bool fin, is_done;
};

/* Our side of one stream. */
struct raw_out {
	uint64_t offset;	 /* octets sent or queued */
	struct raw_buf question; /* the question asked on it, if known */
};

struct raw_range {
	uint64_t low, high;
};

/* The state that takes the place of ngtcp2 after raw_conn_take_over. */
struct raw_engine {
	struct raw_buf payload; /* frames of the packet being put together */
	bool is_grouping;
	uint64_t next_number;
	struct raw_range got[RAW_RANGES_MAX]; /* received, highest first */
	size_t ngot;
	bool owes_ack;
	bool is_silent; /* acknowledge nothing */
	uint8_t first;
	bool clear_fixed, break_tag;
	struct raw_buf front; /* octets before the next packet */
	struct raw_buf last;  /* the last datagram */
};

struct raw_conn;

/*
 * Who wants to see each frame of packets that could be opened: all that came,
 * and what we sent in 1-RTT packets.  A frame that cannot be read ends its
 * packet; its type is RAW_FRAME_TYPES and its data the rest of the payload.
 */
struct raw_sight {
	bool is_out;
	enum raw_level level;
	uint64_t number; /* of the packet */
	const struct raw_frame *frame;
};
struct raw_watch {
	void *arg;
	void (*frame)(void *arg, const struct raw_conn *conn,
	    const struct raw_sight *sight);
};

struct raw_stash {
	uint8_t *data;
	size_t len;
};

/* A connection ID that the server gave. */
struct raw_cid {
	uint64_t sequence;
	uint8_t data[NGTCP2_MAX_CIDLEN];
	size_t len;
};

struct raw_conn {
	struct raw_conn *next;
	char name[RAW_NAME_MAX];
	enum raw_state state;
	enum raw_state shown; /* for who tells a user of changes */
	char error[256];
	struct raw_settings settings;
	char **strings; /* owned copies behind `settings` */
	int fd;
	struct sockaddr_storage local, remote;
	socklen_t local_len, remote_len;
	ngtcp2_path_storage path;
	ngtcp2_conn *quic;
	ngtcp2_cid scid;
	struct raw_buf hello; /* the first ClientHello, as it left */
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
	ngtcp2_crypto_conn_ref ref;
	struct raw_keys rx, tx; /* 1-RTT */
	struct raw_keys
	    rx_initial[2]; /* of versions 1 and 2, made when needed */
	struct raw_keys rx_handshake;
	ngtcp2_cid first_dcid; /* where keys of Initial packets come from */
	uint8_t dcid[NGTCP2_MAX_CIDLEN];
	size_t dcid_len;
	bool is_taken_over, is_abandoned, has_vn, has_retry, is_verified;
	struct raw_engine engine;
	struct raw_chunk *chunks, **chunks_end;
	struct raw_chunk *waiting; /* all before it are done */
	struct raw_out **outs[RAW_STREAM_KINDS];
	size_t nouts[RAW_STREAM_KINDS];
	uint64_t next_bidi, next_uni;	  /* not yet used by the test */
	uint64_t opened_bidi, opened_uni; /* not yet opened in ngtcp2 */
	struct raw_stash stash[RAW_STASH_MAX];
	size_t nstash;
	struct raw_stash held[RAW_STASH_MAX]; /* while is_holding */
	size_t nheld;
	bool is_holding;
	uint8_t tokens[RAW_TOKENS_MAX][RAW_RESET_TOKEN_LEN];
	size_t ntokens;
	struct raw_cid cids[RAW_TOKENS_MAX]; /* of NEW_CONNECTION_ID */
	size_t ncids;
	struct raw_ticket tickets[RAW_TICKETS_MAX];
	size_t ntickets;
	struct raw_stash flight[RAW_FLIGHT_MAX]; /* sent before anything came */
	size_t nflight;
	uint8_t early_psk[RAW_EARLY_PSK_LEN];
	bool has_early_psk, has_early_keys, is_early_taken, has_hello_retry;
	struct raw_seen seen;
	const struct raw_watch *watch; /* or NULL */
	uint64_t datagrams_in, octets_in, octets_out, largest_datagram;
	uint64_t cleared_bits; /* datagrams that begin without the QUIC bit */
	uint64_t smallest_initial;  /* datagram with one; 0: none came */
	bool sizes[RAW_PACKET_MAX]; /* of datagrams that came */
	uint8_t room[RAW_PACKET_MAX];
};

/*
 * Makes a connection and sends its first flight.  The settings are copied.
 * On failure (no such address, no socket) the connection is returned in the
 * state RAW_FAILED with `error` set; NULL is never returned.
 */
struct raw_conn *raw_conn_new(
    const char *name, const struct raw_settings *settings);

/* Closes with NO_ERROR when still open, frees everything. */
void raw_conn_free(struct raw_conn *conn);

/* True while packets may still be exchanged. */
bool raw_conn_is_alive(const struct raw_conn *conn);

/* For the loop: the socket is readable; time has come; write what waits. */
void raw_conn_on_readable(struct raw_conn *conn);
void raw_conn_on_time(struct raw_conn *conn, uint64_t now);
void raw_conn_flush(struct raw_conn *conn);

/* When raw_conn_on_time wants to be called, UINT64_MAX for never. */
uint64_t raw_conn_expiry(const struct raw_conn *conn);

/* The next stream ID that this client has not used. */
uint64_t raw_conn_next_stream(struct raw_conn *conn, bool is_uni);
/* This one is used now, and so are those below it; not with an absurd ID. */
void raw_conn_note_stream(struct raw_conn *conn, uint64_t stream);

/*
 * Queues octets of a stream.  With split > 0 at most so many go in a packet.
 * The octets are copied.  In ngtcp2's mode the stream is opened when its turn
 * comes; only IDs that a client may open are possible there (-EINVAL).
 */
int raw_conn_send(struct raw_conn *conn, uint64_t stream,
    const struct raw_buf *data, bool fin, size_t split);

/*
 * True when the stream could be used now: the server's credit reaches so far,
 * or nobody asks (after takeover, or when the connection is at its end).
 */
bool raw_conn_has_credit(struct raw_conn *conn, uint64_t stream);

/* RESET_STREAM, STOP_SENDING, CONNECTION_CLOSE.  -EINVAL when refused. */
int raw_conn_reset(struct raw_conn *conn, uint64_t stream, uint64_t code);
int raw_conn_stop(struct raw_conn *conn, uint64_t stream, uint64_t code);
int raw_conn_close(
    struct raw_conn *conn, bool is_app, uint64_t code, const char *reason);

/*
 * Switches to the engine.  -EAGAIN while the handshake is not complete or
 * the keys are not at hand.
 */
int raw_conn_take_over(struct raw_conn *conn);

/* From now on nothing is sent, not even acknowledgements. */
void raw_conn_abandon(struct raw_conn *conn);

/*
 * Sends something that the server must acknowledge, and goes on doing so; no
 * stream is touched.  False when nothing can be sent any more.
 */
bool raw_conn_probe(struct raw_conn *conn);

/* Goes on from another local port, as behind a NAT that forgot us, and from
 * another local address if that is not NULL.  -errno. */
int raw_conn_rebind(struct raw_conn *conn, const char *address);

/* Our side of a stream, made when not there; NULL for an absurd ID. */
struct raw_out *raw_conn_out(struct raw_conn *conn, uint64_t stream);

/* Sends one datagram as it is. */
void raw_conn_datagram(struct raw_conn *conn, const uint8_t *data, size_t len);

/* Puts the connection in RAW_FAILED with a text. */
void raw_conn_fail(struct raw_conn *conn, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The version of QUIC that it speaks now. */
uint32_t raw_conn_version(const struct raw_conn *conn);

/* One line about where the connection stands, into text. */
void raw_conn_describe(const struct raw_conn *conn, char *text, size_t size);

/* A socket of its own sends the first flight again, octet for octet; with
 * no_initial only the datagrams that do not begin with an Initial. */
int raw_conn_replay(const struct raw_conn *conn, bool no_initial);

/* tls.c: makes session and credentials; 0 or -EINVAL with `error` set. */
int raw_tls_init(struct raw_conn *conn);
void raw_tls_done(struct raw_conn *conn);

/* extension.c: what is not in every ClientHello; -EINVAL. */
int raw_extensions_add(struct raw_conn *conn);

/*
 * earlykeys.c: offers early data with a ticket that was not yet spoilt
 * (-EINVAL), and installs its keys when the ClientHello is known.
 */
int raw_early_offer(struct raw_conn *conn, const struct raw_ticket *ticket);
int raw_early_on_hello(struct raw_conn *conn, const struct raw_buf *hello);

/*
 * tap.c: opens and notes what the server sent; of what we send, the numbers of
 * 1-RTT packets.  raw_tap_replay: keys may have come for what waits.
 */
bool raw_tap_is_initial(const uint8_t *data, size_t len);
void raw_tap_in(struct raw_conn *conn, const uint8_t *data, size_t len);
void raw_tap_out(struct raw_conn *conn, const uint8_t *data, size_t len);
void raw_tap_replay(struct raw_conn *conn);
/* Shows what engine.c puts into a packet. */
void raw_tap_show_sent(struct raw_conn *conn, const struct raw_packet *packet);

#endif
