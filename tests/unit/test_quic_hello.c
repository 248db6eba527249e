/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ClientHellos and EncryptedExtensions that no library sends, in a simulated
 * world: each ends in the code that the RFC names, before TLS has parsed it.
 */
#include "tests/fake/edit.h"
#include "tests/fake/visit.h"
#include "tests/unit/certs.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	SESSION_ID_AT = 2 + 32,
	LONG_HEADER = 0x80,
	QUIC_BIT = 0x40,
	APPLICATION_ERROR = 0x0c,
	ANSWER = 12000, /* bytes, for many packets */
	DECODE_ERROR = 0x132,
	UNEXPECTED_MESSAGE = 0x10a,
	HELLO_BYTES = 64 * 1024, /* what a connection may cost meanwhile */
	CRYPTO_BUFFER_EXCEEDED = 0x0d,
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
	visit_begin(&d, &peer, &full);
}

static void
end(void)
{
	CU_ASSERT(visit_end(&d, &peer));
}

static bool
is_closed_with(uint64_t code)
{
	return peer_is_closed_with(&peer, code) && d.server.n[DUO_OPENED] == 0;
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

/* Values that are out of their range, and what only a server may say. */
static void
test_invalid(void)
{
	static const struct {
		const char *data;
		size_t len;
	} wrong[] = {
	    {"\x00\x08xxxxxxxx", 10},	      /* original_destination_... */
	    {"\x02\x10xxxxxxxxxxxxxxxx", 18}, /* stateless_reset_token */
	    {"\x10\x01x", 3},		      /* retry_source_... */
	    {"\x0a\x01\x15", 3},	      /* ack_delay_exponent 21 */
	    {"\x0b\x04\x80\x00\x40\x00", 6},  /* max_ack_delay 2^14 */
	    {"\x0c\x01x", 3},		      /* disable_active_migration */
	    {"\x6a\xb2\x01x", 4},	      /* grease_quic_bit, not empty */
	};
	struct edit e = {.message = GNUTLS_HANDSHAKE_CLIENT_HELLO,
	    .extension = EDIT_PARAMETERS,
	    .replaces = true};
	struct peer_options o = {.rewrite = edit_apply, .arg = &e};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		e.data = wrong[i].data;
		e.len = wrong[i].len;
		begin(&o);
		PROVE("QSV-085", is_closed_with(TRANSPORT_PARAMETER_ERROR));
		end();
	}
}

/* Parameters that nobody knows, three of them of those that are reserved for
 * it (RFC 9000 18.1): ignored. */
static const char unknown[] = "\x1b\x02xx\x3a\x00\x40\x59\x01x\x71\x71\x00"
			      "\xff\xff\xff\xff\xff\xff\xff\xff\x01x";

static void
test_unknown(void)
{
	struct peer_options o = {
	    .parameters = unknown, .parameterslen = sizeof(unknown) - 1};

	begin(&o);
	PROVE("QSV-085", peer.handshake_done && !peer.gone);
	CU_ASSERT(peer_send(&peer, 100, true) == 0);
	duo_talk(&d);
	PROVE("QSV-085", d.server.bytes == 100);
	end();
}

/* -------------------------------------------------------- the QUIC bit -- */

static struct bits {
	unsigned cleared; /* of the client, on its way */
	unsigned zero;	  /* that the server cleared */
	unsigned seen;	  /* of the server's, in all */
} bits;

/* Clears the bit of every second packet of the client with a short header. */
static bool
clear_bits(void *arg, const struct net_datagram *g)
{
	struct net_datagram *mine = (void *)(uintptr_t)g;
	static unsigned turn;

	(void)arg;
	if (net_port(&g->from) != SIM_PORT && !(g->bytes[0] & LONG_HEADER) &&
	    turn++ % 2 == 0) {
		mine->bytes[0] &= (uint8_t)~QUIC_BIT;
		bits.cleared++;
	}
	return true;
}

static bool
watch_bits(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->from) == SIM_PORT) {
		bits.seen++;
		bits.zero += !(g->bytes[0] & QUIC_BIT);
	}
	return true;
}

/* RFC 9287: we do not say grease_quic_bit, so the bit is 1 in all that counts;
 * a client that says it may be sent packets without it. */
static void
test_quic_bit(void)
{
	struct peer_options o = {
	    .parameters = "\x6a\xb2\x00", .parameterslen = 3};

	memset(&bits, 0, sizeof(bits));
	begin(&o);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	PROVE("QSV-088",
	    !ngtcp2_conn_get_remote_transport_params(peer.qc)->grease_quic_bit);
	d.sim.net.tap = clear_bits;
	d.server.echoes = true;
	for (int i = 0; i < 10; i++) {
		CU_ASSERT(peer_send(&peer, 100, true) >= 0);
		duo_talk(&d);
	}
	CU_ASSERT(bits.cleared > 0 && d.server.bytes == 1000);
	PROVE("QSV-086",
	    sim_server_count(&d.sim, "drop_fixed_bit") == bits.cleared);
	d.server.echoes = false;
	d.sim.net.tap = NULL;
	end();
}

/* Remembered from an earlier connection it is worth nothing (RFC 9287 3.1): who
 * comes again by a ticket and does not say it gets no packet without the bit.
 */
static void
test_quic_bit_resumed(void)
{
	struct peer_options o = {
	    .alpn = "duo", .parameters = "\x6a\xb2\x00", .parameterslen = 3};
	struct peer_session session;

	memset(&bits, 0, sizeof(bits));
	duo_init(&d, NULL);
	d.sim.net.tap = watch_bits;
	d.server.echoes = true;
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(peer_send(&peer, ANSWER, true) == 0);
	duo_talk(&d);
	CU_ASSERT(peer.bytes_in == ANSWER);
	peer_session_take(&peer, &session);
	peer_done(&peer);
	memset(&bits, 0, sizeof(bits));
	o = (struct peer_options){.alpn = "duo", .session = &session};
	peer_connect(&peer, &d.sim, &o);
	duo_talk(&d);
	CU_ASSERT(gnutls_session_is_resumed(peer.session));
	CU_ASSERT(peer_send(&peer, ANSWER, true) == 0);
	duo_talk(&d);
	CU_ASSERT(peer.bytes_in == ANSWER && bits.seen > ANSWER / 1500);
	PROVE("QSV-087", bits.zero == 0);
	peer_session_done(&session);
	d.server.echoes = false;
	d.sim.net.tap = NULL;
	end();
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

/* ------------------------------------------------- Initial packets -- */

static uint64_t most_bytes;

static bool
weigh(void *arg, const struct net_datagram *g)
{
	struct evquic_accounts held;

	(void)arg;
	(void)g;
	sim_accounts(d.sim.servers, d.sim.workers, &held);
	if (held.conn_bytes > most_bytes)
		most_bytes = held.conn_bytes;
	return true;
}

/* A ClientHello of many packets: up to a bound it is served, past it refused,
 * whatever length it has told.  What GnuTLS keeps is not counted, but is no
 * more than has come. */
static void
test_huge(void)
{
	static const size_t sizes[] = {30000, 60000, 64000};
	static uint8_t parameter[64000] = {0x1b, 0x80, 0, 0, 0};
	struct peer_options o = {.alpn = "duo", .parameters = parameter};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		o.parameterslen = sizes[i];
		parameter[3] = (uint8_t)((sizes[i] - 5) >> 8);
		parameter[4] = (uint8_t)(sizes[i] - 5);
		most_bytes = 0;
		duo_init(&d, NULL);
		d.sim.net.tap = weigh;
		peer_connect(&peer, &d.sim, &o);
		sim_run(&d.sim, 5 * NSEC_PER_SEC);
		CU_ASSERT(most_bytes > 0 && most_bytes < HELLO_BYTES);
		if (sizes[i] > 60000)
			PROVE(
			    "BAD-066", is_closed_with(CRYPTO_BUFFER_EXCEEDED));
		else if (!peer.handshake_done || peer.gone)
			CU_FAIL("refused");
		end();
	}
}

/* CRYPTO frames of a first packet that stand where none can, or contradict
 * each other.  ngtcp2 forgets who begins with what is no frame at all, before
 * it costs anything; the client's next packet begins anew. */
static void
test_crypto(void)
{
	static const struct {
		const char *frames;
		size_t len;
		uint64_t code; /* 0: dropped */
	} odd[] = {
	    /* offset 2^62-1, of one octet and of none; 2^62-2 */
	    {"\x06\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11, 0},
	    {"\x06\xff\xff\xff\xff\xff\xff\xff\xff\x00", 10, 0},
	    {"\x06\xff\xff\xff\xff\xff\xff\xff\xfe\x01x", 11, 0},
	    /* past the buffer */
	    {"\x06\x80\x01\x00\x00\x01x", 7, 0},
	    /* longer than the packet */
	    {"\x06\x00\x7f\xff", 4, 0},
	    /* a ClientHello of 16 octets, its length then told otherwise */
	    {"\x06\x00\x04\x01\x00\x00\x10\x06\x02\x12\xff\xff"
	     "0123456789abcdef",
		28, DECODE_ERROR},
	    /* one of none, twice, and then of another kind */
	    {"\x06\x00\x04\x01\x00\x00\x00\x06\x00\x04\x0b\x00\x00\x00", 14,
		DECODE_ERROR},
	    {"\x06\x00\x04\x0b\x00\x00\x00\x06\x00\x04\x01\x00\x00\x00", 14,
		UNEXPECTED_MESSAGE},
	};
	struct peer_options o = {.alpn = "duo"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		o.initial = odd[i].frames;
		o.initiallen = odd[i].len;
		begin(&o);
		CU_ASSERT(peer.nframes == 0); /* they were sent */
		if (odd[i].code != 0)
			PROVE("BAD-068", is_closed_with(odd[i].code));
		else
			PROVE("BAD-068", sim_server_count(&d.sim,
					     "drop_undecryptable") == 1 &&
					     d.sim.servers[0]->handshakes == 0);
		sim_run(&d.sim, 5 * NSEC_PER_SEC);
		CU_ASSERT(peer.handshake_done == (odd[i].code == 0));
		end();
	}
}

/* An Initial packet that says to be longer than its datagram, or of no
 * length at all. */
static bool
set_length(void *arg, const struct net_datagram *g)
{
	const unsigned *length = arg;
	uint8_t *p = (uint8_t *)(uintptr_t)g->bytes;
	size_t at = 5;

	if (net_port(&g->from) == SIM_PORT)
		return true;
	at += 1 + (size_t)p[at];
	at += 1 + (size_t)p[at];
	at += 1 + (size_t)p[at];  /* the token's is one octet of 0 */
	CU_ASSERT(p[at] == 0x80); /* of four octets (RFC 9000 16) */
	p[at + 2] = (uint8_t)(*length >> 8);
	p[at + 3] = (uint8_t)*length;
	return true;
}

static void
test_length(void)
{
	static const unsigned lengths[] = {0, 1, 19, 1199, 1500, 0x3fff};
	struct peer_options o = {.alpn = "duo"};
	unsigned length;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		length = lengths[i];
		duo_init(&d, NULL);
		d.sim.net.tap = set_length;
		d.sim.net.tap_arg = &length;
		peer_connect(&peer, &d.sim, &o);
		duo_talk(&d);
		PROVE("BAD-065",
		    sim_server_count(&d.sim, "rx_datagrams") > 0 &&
			sim_server_count(&d.sim, "tx_datagrams") == 0 &&
			d.sim.servers[0]->handshakes == 0);
		d.sim.net.tap = NULL;
		end();
	}
}

/* -------------------------------------------------- after the handshake -- */

static struct messages {
	unsigned before; /* that came in the handshake */
	unsigned after;
	unsigned tickets;
} messages;

static int
count_message(gnutls_session_t session, unsigned type, unsigned when,
    unsigned incoming, const gnutls_datum_t *message)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	const struct peer *p = ref->user_data;

	(void)when;
	(void)message;
	if (!incoming)
		return 0;
	if (!p->handshake_done)
		messages.before++;
	else
		messages.after++;
	messages.tickets += type == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET;
	return 0;
}

static void
prepare_count(struct peer *p)
{
	gnutls_handshake_set_hook_function(
	    p->session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, count_message);
}

/* RFC 9001 4.4: a client is not asked who it is, then; all that may come is
 * a ticket. */
static void
test_after(void)
{
	struct peer_options o = {.prepare = prepare_count};

	memset(&messages, 0, sizeof(messages));
	begin(&o);
	CU_ASSERT(peer.handshake_done && messages.before >= 3);
	d.server.echoes = true;
	CU_ASSERT(peer_send(&peer, 3000, true) == 0);
	duo_talk(&d);
	CU_ASSERT(peer.bytes_in == 3000);
	PROVE("QSV-043",
	    messages.tickets > 0 && messages.after == messages.tickets);
	d.server.echoes = false;
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

static bool closing; /* our client does, as soon as it may */

static void close_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream);

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
	d.client.hook = closing ? close_at_once : NULL;
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
test_server_unknown(void)
{
	struct peer_options o = {
	    .parameters = unknown, .parameterslen = sizeof(unknown) - 1};

	meet(o);
	PROVE("QSV-085", d.client.n[DUO_OPENED] == 1);
	part();
}

/* RFC 9000 10.2.3: an application's close before the handshake is confirmed
 * tells nothing of it, and is of a packet that the other side can read. */
static bool
is_hidden_close(void)
{
	return peer.heard_close && peer.close.error_code == APPLICATION_ERROR &&
	       peer.close.type == NGTCP2_CCERR_TYPE_TRANSPORT &&
	       peer.close.reasonlen == 0;
}

static void
close_at_once(
    struct duo_side *side, enum duo_event event, struct evquic_stream *stream)
{
	(void)stream;
	if (event == DUO_OPENED)
		evquic_conn_close(side->conn, 5, "a secret");
}

static void
test_client_closes(void)
{
	struct peer_options o = {.arg = NULL};

	closing = true;
	meet(o);
	closing = false;
	CU_ASSERT(d.client.n[DUO_OPENED] == 1 && d.client.n[DUO_CLOSED] == 1);
	CU_ASSERT(!peer.handshake_done);
	PROVE("QSV-052", is_hidden_close());
	part();
}

static bool
lose_answers(void *arg, const struct net_datagram *g)
{
	(void)arg;
	return net_port(&g->from) != SIM_PORT;
}

static void
test_server_closes(void)
{
	struct peer_options o = {.alpn = "duo"};

	duo_init(&d, NULL);
	peer_connect(&peer, &d.sim, &o);
	d.sim.net.tap = lose_answers;
	sim_run(&d.sim, d.sim.net.faults.delay);
	d.sim.net.tap = NULL;
	CU_ASSERT(d.sim.servers[0]->handshakes == 1);
	evquic_endpoint_close(d.sim.server, 0, 5);
	duo_talk(&d);
	PROVE("QSV-052", is_hidden_close());
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	end();
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
	unit_test(suite, "invalid", test_invalid);
	unit_test(suite, "unknown", test_unknown);
	unit_test(suite, "quic_bit", test_quic_bit);
	unit_test(suite, "quic_bit_resumed", test_quic_bit_resumed);
	unit_test(suite, "session_id", test_session_id);
	unit_test(suite, "huge", test_huge);
	unit_test(suite, "crypto", test_crypto);
	unit_test(suite, "length", test_length);
	unit_test(suite, "after", test_after);
	unit_test(suite, "server_repeats", test_server_repeats);
	unit_test(suite, "server_unknown", test_server_unknown);
	unit_test(suite, "client_closes", test_client_closes);
	unit_test(suite, "server_closes", test_server_closes);
	unit_test(suite, "own_session_id", test_own_session_id);
}
