/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session tickets and the recognition of replayed early data.
 *
 * Tickets.  GnuTLS takes a ticket for what it was not given for: under another
 * ALPN protocol, with lowered transport limits, for another certificate.  Their
 * key is therefore derived from all of that, and what does not fit cannot be
 * read: a full handshake follows.  GnuTLS derives the key that it uses from
 * ours and the date, changes it every three lifetimes and knows the one
 * before, so processes that share a secret understand each other.
 *
 * Replays.  gnutls_anti_replay_t is a rolling recorder: it refuses tickets
 * older than its start, and starts anew when its window has passed, upon which
 * it refuses every ticket that is out.  Hence two of them, one a ticket's life
 * older than the other, the older of which is asked and goes before it rolls;
 * a pair for each thread (they have no lock), and a set of our own behind them
 * that all share.  The key that they ask about begins with their own start,
 * which differs between them: it is left out.  The rest is the binder, which is
 * a MAC over the ClientHello.
 */
#include "tls/ticket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "tls/datum.h"
#include "tls/verify.h"

/* What gnutls_session_ticket_enable_server() wants. */
#define GNUTLS_KEY_SIZE 64

/* Octets of the anti-replay key that are about the object, not the client. */
#define OBJECT_OCTETS 12

#define TICKET_LIFE (TLS_TICKET_LIFE * NSEC_PER_SEC)

/* A recorder's window, in milliseconds: twice a ticket's life.  GnuTLS compares
 * by another clock, so a ClientHello is remembered a little longer than it
 * could be accepted. */
#define WINDOW_MS (2u * TLS_TICKET_LIFE * 1000u)
#define REMEMBERED (2 * TICKET_LIFE + 60 * NSEC_PER_SEC)

/* -------------------------------------------------------------- server -- */

int
tls_ticket_enable(gnutls_session_t session, const uint8_t *key,
    const void *context, size_t len)
{
	const gnutls_datum_t prk = tls_datum(key, TLS_TICKET_KEY_SIZE);
	const gnutls_datum_t info = tls_datum(context, len);
	uint8_t bytes[GNUTLS_KEY_SIZE];
	gnutls_datum_t derived = {bytes, sizeof(bytes)};
	int rc;

	gnutls_db_set_cache_expiration(session, TLS_TICKET_LIFE);
	rc = gnutls_hkdf_expand(
	    GNUTLS_MAC_SHA256, &prk, &info, bytes, sizeof(bytes));
	if (rc == 0)
		rc = gnutls_session_ticket_enable_server(session, &derived);
	explicit_bzero(bytes, sizeof(bytes));
	return rc == 0 ? 0 : -ENOMEM;
}

int
tls_ticket_give(gnutls_session_t session)
{
	return gnutls_session_ticket_send(session, 1, 0) == 0 ? 0 : -EIO;
}

/* -------------------------------------------------------------- client -- */

/* What is left of a message. */
struct reader {
	const uint8_t *at;
	size_t left;
};

static bool
skip(struct reader *r, size_t n)
{
	if (r->left < n)
		return false;
	r->at += n;
	r->left -= n;
	return true;
}

/* An unsigned number of `n` octets, 4 at most. */
static bool
read_number(struct reader *r, size_t n, uint32_t *ret)
{
	const uint8_t *at = r->at;
	uint32_t v = 0;

	if (!skip(r, n))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | at[i];
	*ret = v;
	return true;
}

/* What follows a length of `n` octets. */
static bool
read_vector(struct reader *r, size_t n, struct reader *ret)
{
	uint32_t len;

	if (!read_number(r, n, &len))
		return false;
	*ret = (struct reader){r->at, len};
	return skip(r, len);
}

/* RFC 8446 4.2.10. */
#define EXTENSION_EARLY_DATA 42

static bool
read_extensions(struct reader *r, struct tls_ticket *t)
{
	struct reader all, body;
	uint32_t type;

	if (!read_vector(r, 2, &all))
		return false;
	while (all.left > 0) {
		if (!read_number(&all, 2, &type) ||
		    !read_vector(&all, 2, &body))
			return false;
		if (type != EXTENSION_EARLY_DATA)
			continue;
		t->has_early = true;
		if (!read_number(&body, 4, &t->early_bytes) || body.left > 0)
			return false;
	}
	return true;
}

int
tls_ticket_read(const uint8_t *msg, size_t len, struct tls_ticket *ret_ticket)
{
	struct reader r = {msg, len}, unused;
	struct tls_ticket t = {0};

	/* ticket_lifetime, ticket_age_add, ticket_nonce, ticket, extensions */
	if (!read_number(&r, 4, &t.life) || !skip(&r, 4) ||
	    !read_vector(&r, 1, &unused) || !read_vector(&r, 2, &unused) ||
	    !read_extensions(&r, &t) || r.left > 0)
		return -EBADMSG;
	*ret_ticket = t;
	return 0;
}

int
tls_session_bond(const struct evquic_trust *trust, const char *host,
    const char *alpn, uint8_t ret_bond[TLS_SESSION_SEAL])
{
	uint8_t digest[TLS_TRUST_DIGEST];
	gnutls_hash_hd_t hash;
	int rc;

	tls_trust_digest(trust, digest);
	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return -ENOMEM;
	rc = gnutls_hash(hash, digest, sizeof(digest));
	/* With the terminators: two texts never run together. */
	if (rc == 0)
		rc = gnutls_hash(hash, alpn, strlen(alpn) + 1);
	if (rc == 0 && host != NULL)
		rc = gnutls_hash(hash, host, strlen(host) + 1);
	gnutls_hash_deinit(hash, ret_bond);
	return rc == 0 ? 0 : -ENOMEM;
}

int
tls_session_seal(const uint8_t bond[TLS_SESSION_SEAL], const void *data,
    size_t len, uint8_t ret_seal[TLS_SESSION_SEAL])
{
	gnutls_hash_hd_t hash;
	int rc;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
		return -ENOMEM;
	rc = gnutls_hash(hash, bond, TLS_SESSION_SEAL);
	if (rc == 0)
		rc = gnutls_hash(hash, data, len);
	gnutls_hash_deinit(hash, ret_seal);
	return rc == 0 ? 0 : -ENOMEM;
}

/* -------------------------------------------------------------- replay -- */

struct tls_early {
	gnutls_anti_replay_t asked; /* owned, as is the next */
	gnutls_anti_replay_t young;
	nsec young_since;
};

/* GnuTLS's question: has this key been here? */
static int
on_add(void *arg, time_t expiry, const gnutls_datum_t *key,
    const gnutls_datum_t *data)
{
	struct tls_early_check *check = arg;

	(void)expiry;
	(void)data;
	assert(key->size > OBJECT_OCTETS);
	switch (tls_replay_enter(check->seen, key->data + OBJECT_OCTETS,
	    key->size - OBJECT_OCTETS, check->now, check->now + REMEMBERED)) {
	case TLS_REPLAY_NEW:
		check->verdict = TLS_EARLY_NEW;
		return 0;
	case TLS_REPLAY_SEEN:
		check->verdict = TLS_EARLY_REPLAYED;
		return GNUTLS_E_DB_ENTRY_EXISTS;
	case TLS_REPLAY_FULL:
		break;
	}
	check->verdict = TLS_EARLY_FULL;
	return GNUTLS_E_DB_ERROR;
}

static gnutls_anti_replay_t
make_recorder(void)
{
	gnutls_anti_replay_t r;

	if (gnutls_anti_replay_init(&r) != 0)
		return NULL;
	gnutls_anti_replay_set_window(r, WINDOW_MS);
	gnutls_anti_replay_set_add_function(r, on_add);
	return r;
}

struct tls_early *
tls_early_new(nsec now)
{
	struct tls_early *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->asked = make_recorder();
	e->young = make_recorder();
	e->young_since = now;
	if (e->asked == NULL || e->young == NULL) {
		tls_early_free(e);
		return NULL;
	}
	return e;
}

void
tls_early_free(struct tls_early *e)
{
	if (e == NULL)
		return;
	if (e->asked != NULL)
		gnutls_anti_replay_deinit(e->asked);
	if (e->young != NULL)
		gnutls_anti_replay_deinit(e->young);
	free(e);
}

void
tls_early_tick(struct tls_early *e, nsec now)
{
	gnutls_anti_replay_t next;

	/* What the young one has not seen was not there, or is over. */
	if (now - e->young_since < TICKET_LIFE)
		return;
	next = make_recorder();
	if (next == NULL)
		return; /* later, then */
	gnutls_anti_replay_deinit(e->asked);
	e->asked = e->young;
	e->young = next;
	e->young_since = now;
}

void
tls_early_allow(struct tls_early *e, gnutls_session_t session,
    struct tls_early_check *check)
{
	gnutls_anti_replay_set_ptr(e->asked, check);
	gnutls_anti_replay_enable(session, e->asked);
}

void
tls_early_refuse(gnutls_session_t session)
{
	gnutls_anti_replay_enable(session, NULL);
}
