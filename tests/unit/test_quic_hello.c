/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClientHellos and EncryptedExtensions that no library sends, in a simulated
 * world: each ends in the code that the RFC names, before TLS has parsed it.
 */
#include "tests/fake/duo.h"
#include "tests/fake/edit.h"
#include "tests/fake/peer.h"
#include "tests/unit/certs.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
	SESSION_ID_AT = 2 + 32,
	TRANSPORT_PARAMETER_ERROR = 0x08,
	PROTOCOL_VIOLATION = 0x0a
};

static struct duo d;
static struct peer peer;

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
	static const char *const repeated[] = {
	    "\x04\x01\x05",		  /* initial_max_data */
	    "\x01\x01\x05",		  /* max_idle_timeout */
	    "\x7a\xb2\x01x\x7a\xb2\x01x", /* one that nobody knows */
	};
	struct edit e = {.message = GNUTLS_HANDSHAKE_CLIENT_HELLO,
	    .extension = EDIT_PARAMETERS};
	struct peer_options o = {.rewrite = edit_apply, .arg = &e};

	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		e.data = repeated[i];
		e.len = strlen(e.data);
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
	said->session_id_len = message->data[SESSION_ID_AT];
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
	struct edit e = {.message = GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS,
	    .extension = EDIT_PARAMETERS,
	    .data = "\x04\x01\x05",
	    .len = 3};
	struct peer_options o = {
	    .rewrite = edit_apply,
	    .arg = &e,
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
