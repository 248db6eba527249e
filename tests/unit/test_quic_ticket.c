/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session tickets (RFC 8446 4.6.1): what they say, how long they are good, what
 * they are bound to, and what becomes of those that are none.
 */
#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	TICKETS = 6,
	DAY_HOURS = 30,
	LIFE = 21600, /* seconds, RFC 9250 5.5.3 */
	LIFE_MOST = 604800,
	EARLY_DATA = 42, /* extension */
	HUGE_TICKET = 60000,
	ILLEGAL_PARAMETER = 0x12f,
	QUIC_BIT = 0x40,
	MANY = 10
};

#define SECONDS NSEC_PER_SEC
#define HOURS (3600 * NSEC_PER_SEC)

static const struct duo_options early_on = {.early_data = true};
static struct duo d;
static struct peer peer;

/* ------------------------------------------------------ our own client -- */

struct ticket {
	size_t len;
	uint8_t bytes[DUO_SESSION_MAX];
};

static void
get_tickets(struct ticket *tickets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		d.client.session_len = 0;
		CU_ASSERT_FATAL(duo_open(&d));
		duo_talk(&d);
		CU_ASSERT_FATAL(duo_end(&d));
		CU_ASSERT_FATAL(d.client.session_len > 0);
		tickets[i].len = d.client.session_len;
		memcpy(
		    tickets[i].bytes, d.client.session, d.client.session_len);
	}
}

static void
begin(const struct duo_options *o, struct ticket *tickets, size_t n)
{
	duo_init(&d, o);
	get_tickets(tickets, n);
	d.server.echoes = true;
	d.client.hook = duo_ask_at_once;
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Uses a ticket with early data; true if the query was answered once. */
static bool
use(const struct ticket *t, const struct evquic_connect_options *more)
{
	struct evquic_connect_options o = duo_resume(&d, more, true);
	uint64_t bytes = d.client.bytes;
	unsigned fins = d.server.fins;

	o.session = t->bytes;
	o.session_len = t->len;
	d.server.was_early = false;
	if (duo_connect(&d, &o) == NULL)
		return false;
	duo_talk(&d);
	return duo_end(&d) && d.client.bytes == bytes + DUO_QUERY &&
	       d.server.fins == fins + 1;
}

static bool
was_early(void)
{
	return d.server.was_early && d.server.stats.resumed &&
	       d.client.stats.early_data;
}

static bool
was_resumed(void)
{
	return d.server.stats.resumed && !d.server.was_early;
}

static bool
was_full(void)
{
	return !d.server.stats.resumed && !d.client.stats.resumed &&
	       !d.server.was_early;
}

/* Goes on to `then` after the world's beginning. */
static void
wait_until(nsec begun, nsec then)
{
	CU_ASSERT_FATAL(begun + then >= d.sim.net.now);
	sim_run(&d.sim, begun + then - d.sim.net.now);
}

/* Tickets of one moment: GnuTLS's own recorder would have refused the second
 * one of each pair that it sees later than its usual window. */
static void
test_aged(void)
{
	struct ticket t[TICKETS];
	nsec begun;

	begin(&early_on, t, TICKETS);
	begun = d.sim.net.now;
	wait_until(begun, 15 * SECONDS);
	CU_ASSERT(use(&t[0], NULL) && was_early());
	wait_until(begun, 16 * SECONDS);
	CU_ASSERT(use(&t[1], NULL) && was_early());
	wait_until(begun, 1 * HOURS);
	CU_ASSERT(use(&t[2], NULL) && was_early());
	wait_until(begun, 5 * HOURS);
	PROVE("DOQ-103", use(&t[3], NULL) && was_early());
	wait_until(begun, 7 * HOURS);
	CU_ASSERT(use(&t[4], NULL) && was_full());
	end();
}

/* No moment comes at which all tickets that are out lose their early data. */
static void
test_busy(void)
{
	struct ticket t[TICKETS];
	nsec begun;

	begin(&early_on, t, 1);
	begun = d.sim.net.now;
	for (unsigned h = 1; h < DAY_HOURS; h += 3) {
		wait_until(begun, h * HOURS);
		d.client.hook = NULL;
		get_tickets(t, 2);
		d.client.hook = duo_ask_at_once;
		wait_until(begun, (h + 2) * HOURS);
		CU_ASSERT(use(&t[0], NULL) && was_early());
		CU_ASSERT(use(&t[1], NULL) && was_early());
	}
	end();
}

/* GnuTLS changes its key every three lifetimes, at a time of the wall clock. */
static void
test_rotation(void)
{
	const nsec period = 3 * (nsec)LIFE * SECONDS;
	struct ticket t[1];
	nsec wall;

	duo_init(&d, &early_on);
	wall = d.sim.net.wall + d.sim.net.now;
	/* The one after next: the clock must not go back. */
	d.sim.net.wall += 2 * period - wall % period - 1 * HOURS;
	get_tickets(t, 1);
	d.server.echoes = true;
	d.client.hook = duo_ask_at_once;
	wait_until(d.sim.net.now, 2 * HOURS);
	sim_restart(&d.sim, &d.service);
	PROVE("DOQ-103", use(&t[0], NULL) && was_early());
	end();
}

/* After a restart tickets are as good as before, but for early data, since
 * nobody knows what was sent with them. */
static void
test_restart(void)
{
	struct ticket t[2], young;

	begin(&early_on, t, 2);
	CU_ASSERT(use(&t[0], NULL) && was_early());
	sim_run(&d.sim, 1 * SECONDS);
	sim_reboot(&d.sim, &d.service);
	CU_ASSERT(use(&t[0], NULL) && was_resumed());
	CU_ASSERT(use(&t[1], NULL) && was_resumed());
	young.len = d.client.session_len;
	memcpy(young.bytes, d.client.session, young.len);
	CU_ASSERT(use(&young, NULL) && was_early());
	end();
}

/* ------------------------------------------------------------ bindings -- */

/* A service of other limits: what was promised must not be kept by it. */
static void
test_limits(void)
{
	static const struct evquic_limits usual = {
	    .size = sizeof(usual),
	    .max_streams_bidi = 10,
	    .max_streams_uni = 3,
	    .stream_window = 50000,
	    .conn_window = 100000,
	};
	struct evquic_limits lowered[5];
	struct duo_options o = {.early_data = true, .server = &usual};
	struct ticket t[1];

	for (size_t i = 0; i < 5; i++)
		lowered[i] = usual;
	lowered[0].max_streams_bidi--;
	lowered[1].max_streams_uni--;
	lowered[2].stream_window--;
	lowered[3].conn_window--;
	lowered[4].max_streams_bidi = 1;
	for (size_t i = 0; i < 5; i++) {
		begin(&o, t, 1);
		d.offers[0].limits = &lowered[i];
		sim_restart(&d.sim, &d.service);
		PROVE("QSV-046", use(&t[0], NULL) && was_full());
		PROVE("DOQ-090", use(&t[0], NULL) && was_full());
		d.offers[0].limits = &usual;
		sim_restart(&d.sim, &d.service);
		CU_ASSERT(use(&t[0], NULL) && was_early());
		end();
	}
}

static void
test_key(void)
{
	struct ticket t[1];

	begin(&early_on, t, 1);
	d.service.ticket_key[31] ^= 1;
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(use(&t[0], NULL) && was_full());
	end();
}

/* The same name over a renewal of the certificate, and another name. */
static void
test_certificate(void)
{
	static const char *const names[] = {"other.example", SIM_NAME, NULL};
	struct certs_spec other = {.cn = "other", .dns = names};
	struct evquic_connect_options o = {.size = sizeof(o)};
	char cert[CERTS_PATH], key[CERTS_PATH];
	struct evquic_cred *cred = evquic_cred_new();
	struct certs_dir dir;
	struct ticket t[1];

	certs_dir_init(&dir);
	certs_make(&dir, "other", &other);
	CU_ASSERT_FATAL(
	    evquic_cred_add_files(cred, certs_file(&dir, cert, "other.crt"),
		certs_file(&dir, key, "other.key"), NULL, 0) == 0);
	duo_init(&d, &early_on);
	o.trust = d.tls.insecure;
	d.server.echoes = true;
	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
	duo_talk(&d);
	CU_ASSERT_FATAL(duo_end(&d) && d.client.session_len > 0);
	t[0].len = d.client.session_len;
	memcpy(t[0].bytes, d.client.session, t[0].len);
	d.client.hook = duo_ask_at_once;
	CU_ASSERT(use(&t[0], &o) && was_early());
	d.service.cred = cred;
	sim_restart(&d.sim, &d.service);
	CU_ASSERT(use(&t[0], &o) && was_full());
	end();
	evquic_cred_unref(cred);
	certs_dir_done(&dir);
}

/* ----------------------------------------------------------- raw client -- */

static void
raw_begin(const struct duo_options *o, struct peer_session *session)
{
	struct peer_options p = {.alpn = "duo"};

	duo_init(&d, o);
	d.server.echoes = true;
	peer_connect(&peer, &d.sim, &p);
	duo_talk(&d);
	CU_ASSERT_FATAL(peer.handshake_done);
	if (session == NULL)
		return;
	CU_ASSERT_FATAL(peer.ntickets == 1);
	peer_session_take(&peer, session);
	peer_done(&peer);
}

static void
raw_use(const struct peer_session *session, const char *alpn,
    size_t (*rewrite)(struct peer *, unsigned, uint8_t *, size_t))
{
	struct peer_options p = {
	    .alpn = alpn,
	    .session = session,
	    .early = true,
	    .rewrite = rewrite,
	};

	peer_connect(&peer, &d.sim, &p);
	duo_talk(&d);
}

static void
raw_end(struct peer_session *session)
{
	if (session != NULL)
		peer_session_done(session);
	peer_done(&peer);
	end();
}

/* GnuTLS itself does not compare protocols (RFC 8446 4.2.10). */
static void
test_alpn(void)
{
	struct evquic_app other = duo_app; /* of the same limits */
	struct peer_session s;

	raw_begin(&early_on, &s);
	other.alpn = "other";
	d.offers[1].app = &other;
	sim_restart(&d.sim, &d.service);
	raw_use(&s, "duo", NULL);
	CU_ASSERT(d.server.was_early && peer.bytes_in == PEER_EARLY);
	peer_done(&peer);
	d.server.was_early = false;
	raw_use(&s, "other", NULL);
	CU_ASSERT(peer.handshake_done && !peer.gone);
	CU_ASSERT(!gnutls_session_is_resumed(peer.session));
	CU_ASSERT(!d.server.was_early);
	raw_end(&s);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Where the extensions of the ticket message begin, and how long they are. */
static const uint8_t *
ticket_extensions(size_t *ret_len)
{
	const uint8_t *m = peer.ticket;
	size_t at = 8;

	at += 1 + (size_t)m[at];
	at += 2 + ((size_t)m[at] << 8 | m[at + 1]);
	*ret_len = (size_t)m[at] << 8 | m[at + 1];
	CU_ASSERT_FATAL(at + 2 + *ret_len == peer.ticket_len);
	return m + at + 2;
}

/* RFC 9001 4.6.1: unbounded, or nothing is said. */
static void
test_message(void)
{
	static const uint8_t unbounded[] = {
	    0, EARLY_DATA, 0, 4, 0xff, 0xff, 0xff, 0xff};
	static const struct duo_options off = {.no_tickets = true};
	const uint8_t *x;
	size_t len;

	raw_begin(&early_on, NULL);
	x = ticket_extensions(&len);
	PROVE("QSV-044",
	    len == sizeof(unbounded) && memcmp(x, unbounded, len) == 0);
	PROVE("DOQ-103",
	    get32(peer.ticket) >= LIFE && get32(peer.ticket) <= LIFE_MOST);
	raw_end(NULL);
	raw_begin(NULL, NULL);
	(void)ticket_extensions(&len);
	PROVE("QSV-044", peer.ntickets == 1 && len == 0);
	PROVE("DOQ-096", peer.ntickets == 1 && len == 0);
	raw_end(NULL);
	raw_begin(&off, NULL);
	CU_ASSERT(peer.ntickets == 0);
	raw_end(NULL);
}

/* The ticket in GnuTLS's form of a session. */
static uint8_t *
find_ticket(const struct peer_session *s)
{
	const uint8_t *m = peer.ticket;
	size_t at = 8;

	at += 1 + (size_t)m[at];
	return memmem(s->data.data, s->data.size, m + at + 2,
	    (size_t)m[at] << 8 | m[at + 1]);
}

static size_t
spoil_binder(struct peer *p, unsigned type, uint8_t *message, size_t len)
{
	(void)p;
	/* A binder is the last thing of a ClientHello (RFC 8446 4.2.11). */
	if (type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
		message[len - 1] ^= 1;
	return len;
}

static void
test_binder(void)
{
	struct peer_session s;

	raw_begin(&early_on, &s);
	raw_use(&s, "duo", spoil_binder);
	PROVE("BAD-075",
	    peer.heard_close && peer.close.error_code == ILLEGAL_PARAMETER);
	CU_ASSERT(d.server.bytes == 0 && d.server.n[DUO_OPENED] == 1);
	raw_end(&s);
}

/* A full handshake, and what is said in it is heard. */
static bool
is_served_in_full(void)
{
	if (!peer.handshake_done || peer.gone ||
	    gnutls_session_is_resumed(peer.session) || d.server.bytes != 0)
		return false;
	if (peer_send(&peer, PEER_EARLY, true) != 0)
		return false;
	duo_talk(&d);
	return peer.bytes_in == PEER_EARLY && !d.server.was_early;
}

static void
test_damaged(void)
{
	static const size_t places[] = {0, 15, 16, 31, 40, 100, 150};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct peer_session s;

		raw_begin(&early_on, &s);
		find_ticket(&s)[places[i]] ^= 0x10;
		raw_use(&s, "duo", NULL);
		PROVE("BAD-075", is_served_in_full());
		raw_end(&s);
	}
}

/* As large as a ClientHello may be with it, or nearly (QUIC_MAX_CLIENT_FLIGHT).
 */
static void
test_huge(void)
{
	struct peer_session s;
	gnutls_datum_t huge;
	uint8_t *ticket, *out;
	size_t before, len;

	raw_begin(&early_on, &s);
	ticket = find_ticket(&s);
	before = (size_t)(ticket - s.data.data);
	len = get32(ticket - 4);
	huge.size = (unsigned)(s.data.size + HUGE_TICKET - len);
	huge.data = gnutls_malloc(huge.size);
	memcpy(huge.data, s.data.data, before);
	out = huge.data + before;
	memset(out, 0x55, HUGE_TICKET);
	memcpy(out + HUGE_TICKET, ticket + len, s.data.size - before - len);
	out[-4] = out[-3] = 0;
	out[-2] = HUGE_TICKET >> 8;
	out[-1] = HUGE_TICKET & 0xff;
	gnutls_free(s.data.data);
	s.data = huge;
	raw_use(&s, "duo", NULL);
	PROVE("BAD-075", is_served_in_full());
	raw_end(&s);
}

/* ------------------------------------------------------------ QUIC bit -- */

static void
tweak_grease(ngtcp2_transport_params *params)
{
	params->grease_quic_bit = 1;
}

/* The server's packets whose QUIC bit is 0 (RFC 9287). */
static unsigned greased;

static bool
count_greased(void *arg, const struct net_datagram *g)
{
	(void)arg;
	if (net_port(&g->from) == SIM_PORT && !(g->bytes[0] & QUIC_BIT))
		greased++;
	return true;
}

/* What a client allowed on the connection of the ticket is not remembered.  The
 * server does it on every second connection or so. */
static void
test_grease(void)
{
	struct peer_options p = {.alpn = "duo", .tweak = tweak_grease};
	struct peer_session s;

	duo_init(&d, &early_on);
	d.sim.net.tap = count_greased;
	greased = 0;
	for (int i = 0; i < MANY; i++) {
		peer_connect(&peer, &d.sim, &p);
		duo_talk(&d);
		CU_ASSERT_FATAL(peer.ntickets == 1);
		if (i == 0)
			peer_session_take(&peer, &s);
		peer_done(&peer);
	}
	CU_ASSERT(greased > 0);
	greased = 0;
	for (int i = 0; i < MANY; i++) {
		raw_use(&s, "duo", NULL);
		PROVE("QSV-087",
		    gnutls_session_is_resumed(peer.session) && greased == 0);
		peer_done(&peer);
	}
	raw_use(&s, "duo", NULL);
	raw_end(&s);
}

void
test_quic_ticket_register(void)
{
	CU_pSuite s = unit_suite("quic_ticket");

	unit_test(s, "aged", test_aged);
	unit_test(s, "busy", test_busy);
	unit_test(s, "rotation", test_rotation);
	unit_test(s, "restart", test_restart);
	unit_test(s, "limits", test_limits);
	unit_test(s, "key", test_key);
	unit_test(s, "certificate", test_certificate);
	unit_test(s, "alpn", test_alpn);
	unit_test(s, "message", test_message);
	unit_test(s, "binder", test_binder);
	unit_test(s, "damaged", test_damaged);
	unit_test(s, "huge", test_huge);
	unit_test(s, "grease", test_grease);
}
