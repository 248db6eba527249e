/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS on the way to a server: which options go into a query, and what an
 * answer means for them.  All of it is of this hop (RFC 6891 6.1.1): nothing
 * here comes from a client's OPT or goes into an answer's.
 *
 * Cookies (RFC 7873, RFC 9018 3) are what a forger off the path has to guess
 * on top of port and ID.  A server's jar is always in one of these states:
 *
 *	asking     our cookie goes out; nobody knows what comes back
 *	  |  ^
 *	  |  | an answer without one: nothing is sent for
 *	  |  | UPSTREAM_NO_COOKIE_TIME, then a cookie never used before
 *	  v  |
 *	known      the server's goes out, too, and an answer by UDP without
 *	           cookie is not believed: the same is asked by TCP, where
 *	           nobody can forge, and what comes there is
 *
 * Our cookie is a keyed hash of both addresses and a serial number, so it is
 * never shown from another address or to another server.
 *
 * Client Subnet (RFC 7871): which one goes is the asker's to say; here it is
 * only that a server which refuses it is asked without, and that an answer for
 * another network is none.
 */
#include <netinet/in.h>

#include <assert.h>
#include <string.h>

#include "resolver/back/internal.h"

/* A server known to give none may drop what has one: so often we try. */
#define COOKIE_SENDS 2

/* An address as the hash sees it: family, octets, zone. */
#define ADDRESS_OCTETS (1 + 16 + 4)

void
back_edns_note_local(struct upstream *u, int fd, union net_addr *ret_local)
{
	struct sockaddr_storage ss;
	int rc = u->io.ops->local(u->io.ctx, fd, &ss);

	net_addr_copy(ret_local, rc == 0 ? (struct sockaddr *)&ss : NULL);
}

/* -------------------------------------------------------------- cookies -- */

/* The port is left out: it is another one for each socket of ours. */
static void
hash_address(const struct sockaddr *sa, uint8_t ret[ADDRESS_OCTETS])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(ret, 0, ADDRESS_OCTETS);
	ret[0] = (uint8_t)sa->sa_family;
	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		memcpy(ret + 1, &in.sin_addr, sizeof(in.sin_addr));
	} else {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(ret + 1, &in6.sin6_addr, sizeof(in6.sin6_addr));
		memcpy(ret + 1 + sizeof(in6.sin6_addr), &in6.sin6_scope_id,
		    sizeof(in6.sin6_scope_id));
	}
}

/* RFC 9018 3: another for each server, and for each address of our own. */
static void
make_cookie(const struct back_server *s, const union net_addr *local,
    uint8_t ret[DNS_COOKIE_CLIENT])
{
	uint8_t in[2 * ADDRESS_OCTETS + sizeof(s->jar.serial)];
	uint64_t hash;

	hash_address((const struct sockaddr *)&s->addr.ss, in);
	hash_address(net_addr_get(local), in + ADDRESS_OCTETS);
	memcpy(in + 2 * ADDRESS_OCTETS, &s->jar.serial, sizeof(s->jar.serial));
	hash = hash_bytes(s->upstream->cookie_key, in, sizeof(in));
	_Static_assert(sizeof(hash) == DNS_COOKIE_CLIENT, "a cookie is a hash");
	memcpy(ret, &hash, sizeof(hash));
}

/* From now on another cookie of ours. */
static void
renew(struct back_jar *jar, nsec now)
{
	jar->serial++;
	jar->since = now;
	jar->cookie.server_len = 0;
}

/* RFC 9018 3: it must not see this one again, and nothing for a while. */
static void
switch_off(struct back_server *s)
{
	nsec now = back_now(s->upstream);

	renew(&s->jar, now);
	s->jar.off_until = nsec_add(now, UPSTREAM_NO_COOKIE_TIME);
}

static bool
wants_cookie(const struct back_attempt *a, const union net_addr *local)
{
	const struct upstream *u = a->ask->upstream;
	const struct back_server *s = a->slot->server;
	const struct back_jar *jar = &s->jar;

	/* Who is told of clients makes its cookies for them, not for us. */
	if (!u->cookies || s->is_proxied || net_addr_get(local) == NULL ||
	    back_now(u) < jar->off_until)
		return false;
	/* Some drop what they do not know: the last one goes without. */
	return !a->is_udp || a->sends < COOKIE_SENDS ||
	       jar->cookie.server_len > 0;
}

/* The option's data; an attempt keeps its cookie, however often it is sent. */
static size_t
write_cookie(struct back_attempt *a, const union net_addr *local,
    uint8_t ret_data[DNS_COOKIE_MAX])
{
	struct back_server *s = a->slot->server;
	struct dns_cookie cookie = {.server_len = 0};
	nsec now = back_now(s->upstream);

	if (now >= nsec_add(s->jar.since, UPSTREAM_COOKIE_TIME))
		renew(&s->jar, now);
	if (!a->has_cookie)
		make_cookie(s, local, a->cookie);
	a->has_cookie = true;
	memcpy(cookie.client, a->cookie, sizeof(a->cookie));
	if (s->jar.cookie.server_len > 0 &&
	    memcmp(s->jar.cookie.client, a->cookie, sizeof(a->cookie)) == 0) {
		cookie = s->jar.cookie;
		a->expects_cookie = true;
	}
	return dns_cookie_write(&cookie, ret_data);
}

/* An answer that is not to be used.  By TCP nobody forged it. */
static enum dns_match
reject(const struct back_attempt *a)
{
	return a->is_udp ? DNS_MATCH_IGNORE : DNS_MATCH_BROKEN;
}

/* RFC 7873 5.3. */
static enum dns_match
check_cookie(struct back_attempt *a, const struct dns_response *r)
{
	struct back_server *s = a->slot->server;
	struct dns_option option;
	struct dns_cookie cookie;

	if (!a->has_cookie)
		return DNS_MATCH_ACCEPT;
	if (dns_option_find(r->msg + r->edns.options, r->edns.options_len,
		DNS_OPTION_COOKIE, &option) == 0) {
		if (a->is_udp && a->expects_cookie) {
			BACK_COUNT(s->upstream, cookie_missing);
			return DNS_MATCH_BROKEN;
		}
		switch_off(s);
		return DNS_MATCH_ACCEPT;
	}
	if (dns_cookie_read(option.data, option.len, &cookie) != 0 ||
	    memcmp(cookie.client, a->cookie, sizeof(a->cookie)) != 0) {
		BACK_COUNT(s->upstream, mismatch_cookie);
		return reject(a);
	}
	if (cookie.server_len > 0)
		s->jar.cookie = cookie;
	return DNS_MATCH_ACCEPT;
}

/* ------------------------------------------------------------- messages -- */

static void
put_option(
    struct back_message *m, uint16_t code, const uint8_t *data, size_t len)
{
	uint8_t *p = m->options + m->how.options_len;

	assert(
	    sizeof(m->options) - m->how.options_len >= DNS_OPTION_FIXED + len);
	dns_put16(p, code);
	dns_put16(p + 2, (uint16_t)len);
	if (len > 0)
		memcpy(p + DNS_OPTION_FIXED, data, len);
	m->how.options_len += DNS_OPTION_FIXED + len;
}

void
back_edns_put(
    struct back_attempt *a, const union net_addr *local, struct back_message *m)
{
	const struct dns_ecs *ecs = a->slot->no_subnet ? NULL : a->ask->ecs;
	uint8_t data[DNS_COOKIE_MAX];

	_Static_assert(sizeof(data) >= DNS_ECS_MAX, "both fit in");
	m->how.options = m->options;
	m->how.options_len = 0;
	if (a->no_edns || dns_query_is_raw(a->ask->query))
		return;
	/* RFC 7828 3.2.1: in a query it is empty, and on TCP only. */
	if (!a->is_udp)
		put_option(m, DNS_OPTION_KEEPALIVE, NULL, 0);
	if (ecs != NULL)
		put_option(m, DNS_OPTION_ECS, data, dns_ecs_write(ecs, data));
	a->has_subnet = ecs != NULL;
	if (wants_cookie(a, local))
		put_option(
		    m, DNS_OPTION_COOKIE, data, write_cookie(a, local, data));
}

/* RFC 7871 7.3, 11.2. */
static enum dns_match
check_subnet(const struct back_attempt *a, const struct dns_response *r)
{
	struct dns_ecs answer;

	if (!a->has_subnet || !r->edns.has_ecs)
		return DNS_MATCH_ACCEPT;
	if (dns_ecs_take(r->msg, &r->edns, &answer) == 1 &&
	    dns_ecs_is_answer(a->ask->ecs, &answer))
		return DNS_MATCH_ACCEPT;
	BACK_COUNT(a->ask->upstream, mismatch_subnet);
	return reject(a);
}

enum dns_match
back_edns_check(struct back_attempt *a, const struct dns_response *r)
{
	enum dns_match match = check_subnet(a, r);

	return match == DNS_MATCH_ACCEPT ? check_cookie(a, r) : match;
}

/* --------------------------------------------------------------- RCODEs -- */

bool
back_edns_wants_dnssec(const struct upstream_ask *ask)
{
	return (ask->query->edns.flags & DNS_EDNS_DO) != 0;
}

/* The server did not understand EDNS: so we go without (RFC 6891 7), unless
 * the client wants what only EDNS can ask for. */
static bool
is_edns_unknown(
    const struct back_attempt *a, const struct dns_response *response)
{
	if (a->no_edns || back_edns_wants_dnssec(a->ask) ||
	    dns_query_is_raw(a->ask->query))
		return false;
	if (response->rcode == DNS_RCODE_BADVERS)
		return true;
	return (response->rcode == DNS_RCODE_FORMERR ||
		   response->rcode == DNS_RCODE_NOTIMP) &&
	       !response->edns.is_present;
}

/* Or it was something in it? */
static bool
are_options_unknown(
    const struct back_attempt *a, const struct dns_response *response)
{
	if (response->rcode != DNS_RCODE_FORMERR)
		return false;
	return (a->has_cookie && !response->edns.has_cookie) ||
	       (a->has_subnet && !response->edns.has_ecs);
}

/* RFC 7873 5.3: once more with what it gave us, then by TCP. */
static enum back_edns
judge_badcookie(struct back_attempt *a, const struct dns_response *r)
{
	bool is_first =
	    a->has_cookie && r->edns.has_cookie && !a->slot->no_badcookie;

	BACK_COUNT(a->ask->upstream, badcookie);
	a->slot->no_badcookie = true;
	return is_first ? BACK_EDNS_AGAIN : BACK_EDNS_STREAM;
}

enum back_edns
back_edns_judge(struct back_attempt *a, const struct dns_response *r)
{
	struct upstream *u = a->ask->upstream;
	struct upstream_slot *slot = a->slot;

	if (is_edns_unknown(a, r)) {
		BACK_COUNT(u, no_edns_retries);
		slot->no_edns = true;
		slot->server->no_edns_until =
		    nsec_add(back_now(u), UPSTREAM_NO_EDNS_TIME);
		return BACK_EDNS_AGAIN;
	}
	if (are_options_unknown(a, r)) {
		BACK_COUNT(u, plain_retries);
		slot->no_subnet = true;
		return BACK_EDNS_AGAIN;
	}
	/* RFC 7871 7.3: it does not want to know. */
	if (r->rcode == DNS_RCODE_REFUSED && a->has_subnet) {
		BACK_COUNT(u, subnet_refused);
		slot->no_subnet = true;
		return BACK_EDNS_AGAIN;
	}
	if (r->rcode == DNS_RCODE_BADCOOKIE && a->is_udp)
		return judge_badcookie(a, r);
	return BACK_EDNS_FINE;
}
