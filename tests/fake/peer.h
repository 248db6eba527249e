/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_PEER_H
#define TESTS_FAKE_PEER_H

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include "tests/fake/sim.h"

/*
 * A peer made of ngtcp2 and GnuTLS alone, client or server, that says what no
 * honest one would: transport parameters, names, groups, and packets whose
 * frames the test wrote itself.  It lives in a simulated world.
 */

enum {
	PEER_TOKEN = 200,
	PEER_MESSAGE = 80000,
	PEER_TICKET = 4096,
	PEER_EARLY = 100,  /* bytes of early data */
	PEER_FRAMES = 1000 /* bytes of frames that one packet takes */
};

/* RFC 9001 8.4: without the compatibility mode. */
#define PEER_PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:%DISABLE_TLS13_COMPAT_MODE"

struct peer;

/* What a client keeps to resume: GnuTLS's part, and what ngtcp2 remembers. */
struct peer_session {
	gnutls_datum_t data; /* owned; empty: none */
	uint8_t params[256];
	size_t params_len;
};

struct peer_options {
	const char *alpn;	  /* NULL: no such extension */
	const char *priority;	  /* of GnuTLS; NULL: TLS 1.3 as usual */
	uint32_t version;	  /* of QUIC; 0: 1 */
	const uint32_t *versions; /* what it says it speaks; or NULL */
	size_t nversions;
	/* May change what is told to the other side. */
	void (*tweak)(ngtcp2_transport_params *params);
	/* May prepare the session before its first packet. */
	void (*prepare)(struct peer *p);
	/* May change a handshake message before it is sent, with its head, of
	 * up to PEER_MESSAGE octets; returns how long it is then. */
	size_t (*rewrite)(
	    struct peer *p, unsigned type, uint8_t *message, size_t len);
	void *arg;
	/* Appended to its transport parameters; or NULL. */
	const void *parameters;
	size_t parameterslen;
	/* Frames in the place of what its first Initial packet says, which is
	 * then lost to it; or NULL. */
	const void *initial;
	size_t initiallen;
	bool large;    /* client: a second key share, of 1024 bytes */
	bool early;    /* client: send early data, if the session can */
	bool half;     /* ... without its end */
	bool unhelped; /* ... though GnuTLS knows nothing of it */
	const struct peer_session *session; /* client: resume; or NULL */
	const uint8_t *token; /* client: of an earlier connection; or NULL */
	size_t tokenlen;
	void (*on_token)(struct peer *p); /* client: one came; or NULL */
};

struct peer {
	struct sim_actor actor;
	struct sim *sim;
	bool server;
	int fd;
	union quic_addr local;
	union quic_addr remote;
	ngtcp2_conn *qc; /* NULL: nobody came yet, or it is over */
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
	ngtcp2_crypto_conn_ref ref;
	struct peer_options options;
	bool handshake_done;
	bool gone;   /* closed, timed out or failed */
	bool silent; /* neither reads nor writes */
	int error;   /* of ngtcp2, which ended it */
	bool heard_close;
	ngtcp2_ccerr close; /* what the other side closed with */
	uint64_t bytes_in;
	unsigned retries; /* that were taken */
	unsigned ntokens; /* NEW_TOKEN frames */
	size_t tokenlen;  /* the last one */
	uint8_t token[PEER_TOKEN];
	unsigned ntickets;
	size_t ticket_len; /* the last NewSessionTicket message */
	uint8_t ticket[PEER_TICKET];
	unsigned keys; /* that were made ready for a key update to come */
	bool has_early_key;
	bool early_accepted; /* to be set where GnuTLS does not know */
	bool in_initial;     /* they are for an Initial packet */
	size_t nframes;
	uint8_t frames[PEER_FRAMES]; /* for the next packet */
};

/* Connects to the world's server. */
void peer_connect(struct peer *p, struct sim *s, const struct peer_options *o);

/* Waits for one client at `addr`, with the certificate files of a test. */
void peer_listen(struct peer *p, struct sim *s, const union quic_addr *addr,
    const struct peer_options *o, const char *cert, const char *key);

void peer_done(struct peer *p);

/* What a client needs to resume, once a ticket came. */
void peer_session_take(struct peer *p, struct peer_session *ret);
void peer_session_done(struct peer_session *s);

/* True if the other side has closed with this transport error. */
bool peer_is_closed_with(const struct peer *p, uint64_t code);

/* Sends one 1-RTT packet with these frames, whatever they are. */
void peer_send_frames(struct peer *p, const void *frames, size_t len);

/* Opens a stream and sends `len` bytes on it; its ID, or -1. */
int64_t peer_send(struct peer *p, size_t len, bool fin);

/* Sends `len` bytes more on a stream. */
void peer_send_more(struct peer *p, int64_t stream, size_t len, bool fin);

#endif
