/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClientHellos and EncryptedExtensions that no library sends, in a simulated
 * world: each ends in the code that the RFC names, before TLS has parsed it.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"
#include "tests/unit/certs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	MESSAGE_HEAD = 4,
	RANDOM_END = MESSAGE_HEAD + 2 + 32,
	EXT_PARAMETERS = 57,
	TRANSPORT_PARAMETER_ERROR = 0x08,
	PROTOCOL_VIOLATION = 0x0a
};

static struct duo d;
static struct peer peer;

/* --------------------------------------------------------- rewriting -- */

static size_t
get16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static void
add16(uint8_t *p, size_t more)
{
	size_t n = get16(p) + more;

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

/* Where the length of all extensions stands. */
static size_t
find_extensions(const uint8_t *m, unsigned type)
{
	size_t at = RANDOM_END;

	if (type != GNUTLS_HANDSHAKE_CLIENT_HELLO)
		return MESSAGE_HEAD;
	at += 1 + (size_t)m[at];
	at += 2 + get16(m + at);
	return at + 1 + (size_t)m[at];
}

/* Appends data to an extension; the message's new length. */
static size_t
append_to(uint8_t *m, size_t len, unsigned type, unsigned extension,
    const void *data, size_t n)
{
	size_t all = find_extensions(m, type), at = all + 2;

	while (get16(m + at) != extension) {
		at += 4 + get16(m + at + 2);
		if (at >= len)
			abort();
	}
	add16(m + at + 2, n);
	at += 4 + get16(m + at + 2) - n;
	memmove(m + at + n, m + at, len - at);
	memcpy(m + at, data, n);
	add16(m + all, n);
	add16(m + 2, n);
	return len + n;
}

struct edit {
	unsigned message; /* which is changed */
	unsigned extension;
	const char *data;
	size_t len;
};

static size_t
apply_edit(struct peer *p, unsigned type, uint8_t *m, size_t len)
{
	const struct edit *e = p->options.arg;

	if (type != e->message)
		return len;
	return append_to(m, len, type, e->extension, e->data, e->len);
}

/* -------------------------------------------------------------- world -- */

static void
begin(const struct peer_options *o)
{
	struct peer_options full = *o;

	full.alpn = "duo";
	duo_init(&d, NULL);
	peer_connect(&peer, &d.sim, &full);
	duo_talk(&d);
}

/* The world ends empty, and serves an honest client before. */
static void
end(void)
{
	d.client.n[DUO_OPENED] = 0;
	CU_ASSERT(duo_connect(&d, NULL) != NULL);
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	CU_ASSERT(duo_end(&d));
	peer_done(&peer);
	duo_done(&d);
}

static bool
is_closed_with(uint64_t code)
{
	return peer.heard_close && peer.close.error_code == code &&
	       peer.close.type == NGTCP2_CCERR_TYPE_TRANSPORT &&
	       d.server.n[DUO_OPENED] == 0;
}

/* Says a parameter twice, of the same value or another; once is well. */
static void
test_repeated(void)
{
	static const struct edit edits[] = {
	    /* initial_max_data, max_idle_timeout, one that nobody knows */
	    {GNUTLS_HANDSHAKE_CLIENT_HELLO, EXT_PARAMETERS, "\x04\x01\x05", 3},
	    {GNUTLS_HANDSHAKE_CLIENT_HELLO, EXT_PARAMETERS, "\x01\x01\x05", 3},
	    {GNUTLS_HANDSHAKE_CLIENT_HELLO, EXT_PARAMETERS,
		"\x7a\xb2\x01x\x7a\xb2\x01x", 8},
	};
	struct peer_options o = {.rewrite = apply_edit};

	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		o.arg = (void *)(uintptr_t)&edits[i];
		begin(&o);
		PROVE("BAD-070", is_closed_with(TRANSPORT_PARAMETER_ERROR));
		PROVE("QSV-085", is_closed_with(TRANSPORT_PARAMETER_ERROR));
		end();
	}
}

/* RFC 9001 8.4. */
static void
test_session_id(void)
{
	struct peer_options o = {.priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3"};

	begin(&o);
	PROVE("QSV-042", is_closed_with(PROTOCOL_VIOLATION));
	end();
}

/* ------------------------------------------------------------ servers -- */

/* What our client said to a server that is none of ours. */
struct said {
	bool hello;
	size_t session_id_len;
};

static int
on_hello(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct said *said = ((struct peer *)ref->user_data)->options.arg;

	(void)type;
	(void)when;
	(void)incoming;
	said->hello = true;
	said->session_id_len = message->data[RANDOM_END - MESSAGE_HEAD];
	return 0;
}

static void
prepare_hook(struct peer *p)
{
	gnutls_handshake_set_hook_function(p->session,
	    GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE, on_hello);
}

/* Our client with such a server. */
static void
meet(struct peer_options o)
{
	struct evquic_connect_options c = {.app = &duo_app};
	struct certs_spec spec = {.cn = "raw"};
	char cert[CERTS_PATH], key[CERTS_PATH];
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "raw", &spec);
	(void)certs_file(&dir, cert, "raw.crt");
	(void)certs_file(&dir, key, "raw.key");
	duo_init(&d, NULL);
	c.trust = d.tls.insecure;
	o.alpn = "duo";
	d.sim.addr = net_addr(AF_INET, false, 4433);
	peer_listen(&peer, &d.sim, &d.sim.addr, &o, cert, key);
	CU_ASSERT_FATAL(duo_connect(&d, &c) != NULL);
	duo_talk(&d);
	certs_dir_done(&dir);
}

static void
part(void)
{
	CU_ASSERT(duo_end(&d));
	peer_done(&peer);
	duo_done(&d);
}

static void
test_server_repeats(void)
{
	static const struct edit edit = {GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS,
	    EXT_PARAMETERS, "\x04\x01\x05", 3};
	struct peer_options o = {
	    .rewrite = apply_edit,
	    .arg = (void *)(uintptr_t)&edit,
	};

	meet(o);
	CU_ASSERT(d.client.n[DUO_OPENED] == 0 && d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(d.client.stats.closed_by == EVQUIC_CLOSED_LOCALLY);
	PROVE("QSV-085", d.client.stats.code == TRANSPORT_PARAMETER_ERROR);
	CU_ASSERT(peer.heard_close);
	CU_ASSERT(peer.close.error_code == TRANSPORT_PARAMETER_ERROR);
	part();
}

static void
test_own_session_id(void)
{
	struct said said = {.session_id_len = 1};
	struct peer_options o = {.prepare = prepare_hook, .arg = &said};

	meet(o);
	CU_ASSERT(said.hello && d.client.n[DUO_OPENED] == 1);
	PROVE("QSV-042", said.session_id_len == 0);
	part();
}

void
test_quic_hello_register(void)
{
	CU_pSuite suite = unit_suite("quic_hello");

	unit_test(suite, "repeated", test_repeated);
	unit_test(suite, "session_id", test_session_id);
	unit_test(suite, "server_repeats", test_server_repeats);
	unit_test(suite, "own_session_id", test_own_session_id);
}
