/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the wrong server says without a connection: Version Negotiation, Retry,
 * stateless resets, refusals; and which first packet begins a connection.
 */
#include "tests/fake/wrong/wrong.h"

#include <string.h>

#include <gnutls/crypto.h>

enum {
	RESET_MIN = 21, /* RFC 9000 10.3 */
	RESET_MAX = 43,
	RESETS_PER_SECOND = 200,
	DCID_MIN = 8,
	VERSIONS_MANY = 320,
	VERSIONS_TOO_MANY = 1000,
	ID_COMMON = 18,
	ECHOES = 8,
	RETRY_ID_AT = 7, /* first octet, version, two lengths */
	SHORT_DNS = 12
};

#define RETRY_LIFE (10 * RAW_SECOND)
#define TOKEN_LIFE (3600 * RAW_SECOND)

static void
reply(struct wrong_server *server, const struct wrong_packet *to,
    const void *data, size_t len)
{
	wrong_server_send(server, to->from, data, len);
}

/* -------------------------------------------------- Version Negotiation -- */

/* RFC 9000 17.2.1 */
void
wrong_stateless_versions(
    struct wrong_server *server, const struct wrong_packet *p)
{
	bool is_crossed = !wrong_does(server, WRONG_VN_IDS);
	struct raw_buf out = {0};
	uint8_t noise = 0;

	(void)gnutls_rnd(GNUTLS_RND_NONCE, &noise, 1);
	raw_buf_u8(&out, 0xc0u | noise);
	raw_buf_u32(&out, wrong_does(server, WRONG_VN_VERSION) ? 1 : 0);
	raw_buf_u8(&out, (unsigned)(is_crossed ? p->scid_len : p->dcid_len));
	raw_buf_add(&out, is_crossed ? p->scid : p->dcid,
	    is_crossed ? p->scid_len : p->dcid_len);
	raw_buf_u8(&out, (unsigned)(is_crossed ? p->dcid_len : p->scid_len));
	raw_buf_add(&out, is_crossed ? p->dcid : p->scid,
	    is_crossed ? p->dcid_len : p->scid_len);
	if (wrong_does(server, WRONG_VN_LIST)) {
		raw_buf_u32(&out, 0xff00001d);
	} else {
		raw_buf_u32(&out, NGTCP2_PROTO_VER_V1);
		raw_buf_u32(&out, NGTCP2_PROTO_VER_V2);
	}
	if (wrong_does(server, WRONG_VN_LARGE))
		for (int i = 0; i < VERSIONS_MANY; i++)
			raw_buf_u32(&out, 0x0a0a0a0a);
	reply(server, p, out.data, out.len);
	if (wrong_does(server, WRONG_VN_TWICE))
		reply(server, p, out.data, out.len);
	raw_buf_done(&out);
}

static void
on_unknown_version(struct wrong_server *server, const struct wrong_packet *p)
{
	if (p->version == 0 && !wrong_does(server, WRONG_VN_TO_VN))
		return;
	if (p->len < WRONG_UDP_MIN && !wrong_does(server, WRONG_VN_SMALL))
		return;
	if (wrong_does(server, WRONG_VN_NONE))
		return;
	if (++server->unknown_versions > VERSIONS_TOO_MANY &&
	    wrong_does(server, WRONG_VN_HANGS)) {
		server->unknown_versions = 0;
		wrong_server_stall(server);
	}
	if (wrong_does(server, WRONG_VN_SHORT_IDS) &&
	    (p->dcid_len > NGTCP2_MAX_CIDLEN ||
		p->scid_len > NGTCP2_MAX_CIDLEN))
		return;
	wrong_stateless_versions(server, p);
}

/* ------------------------------------------------------------- resets -- */

void
wrong_stateless_token(
    const struct wrong_server *server, const ngtcp2_cid *cid, uint8_t *ret)
{
	static const ngtcp2_cid same = {.datalen = WRONG_CID_LEN};

	(void)ngtcp2_crypto_generate_stateless_reset_token(ret, server->key,
	    sizeof(server->key),
	    wrong_does(server, WRONG_RESET_TOKEN_SAME) ? &same : cid);
}

static bool
may_reset(struct wrong_server *server)
{
	uint64_t now = raw_now();

	if (now - server->resets_since > RAW_SECOND) {
		server->resets_since = now;
		server->resets_in_second = 0;
	}
	return server->resets_in_second++ < RESETS_PER_SECOND;
}

static size_t
reset_size(const struct wrong_server *server, size_t trigger)
{
	if (wrong_does(server, WRONG_RESET_LARGE))
		return 2 * trigger > RESET_MIN ? 2 * trigger : RESET_MIN;
	if (wrong_does(server, WRONG_RESET_TINY))
		return RESET_MIN - 1;
	return trigger <= RESET_MAX ? trigger - 1 : RESET_MAX - 1;
}

static void
send_reset(struct wrong_server *server, const struct wrong_packet *p)
{
	uint8_t out[WRONG_UDP_MIN * 2];
	size_t size = reset_size(server, p->len);
	ngtcp2_cid cid;

	if (p->len < 1 + WRONG_CID_LEN ||
	    (!may_reset(server) && !wrong_does(server, WRONG_RESET_LARGE)))
		return;
	if (p->len <= RESET_MIN && !wrong_does(server, WRONG_RESET_LARGE))
		return;
	if (size > sizeof(out))
		size = sizeof(out);
	ngtcp2_cid_init(&cid, p->data + 1, WRONG_CID_LEN);
	(void)gnutls_rnd(GNUTLS_RND_NONCE, out, size);
	out[0] = (uint8_t)((out[0] & 0x3f) | 0x40);
	if (wrong_does(server, WRONG_RESET_BITS))
		out[0] |= 0x80;
	if (wrong_does(server, WRONG_RESET_CONSTANT))
		memset(out + 1, 0, size - 1);
	wrong_stateless_token(server, &cid, out + size - WRONG_TOKEN_LEN);
	if (wrong_does(server, WRONG_RESET_TOKEN))
		out[size - 1] ^= 0xff;
	reply(server, p, out, size);
	if (wrong_does(server, WRONG_RESET_MANY))
		for (int i = 0; i < 3; i++)
			reply(server, p, out, size);
}

/* ------------------------------------------------------------- tokens -- */

static uint64_t
hash_token(const uint8_t *p, size_t len)
{
	uint8_t hash[32];
	uint64_t value;

	(void)gnutls_hash_fast(GNUTLS_DIG_SHA256, p, len, hash);
	memcpy(&value, hash, sizeof(value));
	return value;
}

/* RFC 9369 5: a token is of its version; so is its key. */
static void
token_key(const struct wrong_server *server, uint32_t version, uint8_t *ret)
{
	memcpy(ret, server->key, WRONG_KEY_LEN);
	if (wrong_does(server, WRONG_TOKEN_ANY_VERSION))
		return;
	for (size_t i = 0; i < sizeof(version); i++)
		ret[i] ^= (uint8_t)(version >> 8 * i);
}

size_t
wrong_token_make(struct wrong_server *server, const struct sockaddr_in *to,
    uint32_t version, uint8_t *ret)
{
	uint8_t key[WRONG_KEY_LEN];
	ngtcp2_ssize len;

	if (wrong_does(server, WRONG_TOKEN_SAME) &&
	    server->last_token.len > 0) {
		memcpy(ret, server->last_token.data, server->last_token.len);
		return server->last_token.len;
	}
	token_key(server, version, key);
	len = ngtcp2_crypto_generate_regular_token(ret, key, sizeof(key),
	    (const struct sockaddr *)to, sizeof(*to), raw_now());
	if (len <= 0)
		return 0;
	if (wrong_does(server, WRONG_TOKEN_SAME))
		raw_buf_add(&server->last_token, ret, (size_t)len);
	return (size_t)len;
}

/* RFC 9000 8.1.3: each is good for once. */
static bool
is_used(struct wrong_server *server, const uint8_t *token, size_t len)
{
	uint64_t hash = hash_token(token, len);

	if (wrong_does(server, WRONG_TOKEN_REUSED))
		return false;
	for (size_t i = 0; i < server->nused_tokens; i++)
		if (server->used_tokens[i] == hash)
			return true;
	if (server->nused_tokens == WRONG_USED_TOKENS)
		return true;
	server->used_tokens[server->nused_tokens++] = hash;
	return false;
}

static bool
is_good_token(struct wrong_server *server, const struct wrong_birth *birth)
{
	const ngtcp2_pkt_hd *hd = &birth->hd;
	struct sockaddr_in from = *birth->packet->from;
	uint8_t key[WRONG_KEY_LEN];

	token_key(server, hd->version, key);
	if (wrong_does(server, WRONG_TOKEN_ANY_ADDRESS))
		from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (wrong_does(server, WRONG_TOKEN_ANYTHING))
		return true;
	return ngtcp2_crypto_verify_regular_token(hd->token, hd->tokenlen, key,
		   sizeof(key), (const struct sockaddr *)&from, sizeof(from),
		   TOKEN_LIFE, raw_now()) == 0 &&
	       !is_used(server, hd->token, hd->tokenlen);
}

static bool
is_good_retry(struct wrong_server *server, struct wrong_birth *birth)
{
	const ngtcp2_pkt_hd *hd = &birth->hd;
	uint8_t key[WRONG_KEY_LEN];
	struct sockaddr_in from = *birth->packet->from;

	token_key(server, hd->version, key);
	if (wrong_does(server, WRONG_RETRY_ANY_PORT))
		from.sin_port = 0;
	if (ngtcp2_crypto_verify_retry_token2(&birth->original, hd->token,
		hd->tokenlen, key, sizeof(key), hd->version,
		(const struct sockaddr *)&from, sizeof(from), &hd->dcid,
		RETRY_LIFE, raw_now()) == 0)
		return true;
	if (!wrong_does(server, WRONG_RETRY_TOKEN_TAKEN))
		return false;
	birth->original = hd->dcid;
	return true;
}

static void
refuse(
    struct wrong_server *server, const struct wrong_birth *birth, uint64_t code)
{
	uint8_t out[WRONG_UDP_MIN];
	const ngtcp2_pkt_hd *hd = &birth->hd;
	ngtcp2_ssize len = ngtcp2_crypto_write_connection_close(
	    out, sizeof(out), hd->version, &hd->scid, &hd->dcid, code, NULL, 0);

	if (len > 0)
		reply(server, birth->packet, out, (size_t)len);
}

void
wrong_stateless_retry(struct wrong_server *server, const struct wrong_packet *p)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
	uint8_t key[WRONG_KEY_LEN], out[WRONG_UDP_MIN];
	struct sockaddr_in from = *p->from;
	ngtcp2_cid dcid, scid, own = {.datalen = WRONG_CID_LEN};
	ngtcp2_ssize len;

	ngtcp2_cid_init(&dcid, p->dcid, p->dcid_len);
	ngtcp2_cid_init(&scid, p->scid, p->scid_len);
	(void)gnutls_rnd(GNUTLS_RND_NONCE, own.data, own.datalen);

	if (wrong_does(server, WRONG_RETRY_ANY_PORT))
		from.sin_port = 0;
	token_key(server, p->version, key);
	len = ngtcp2_crypto_generate_retry_token2(token, key, sizeof(key),
	    p->version, (struct sockaddr *)&from, sizeof(from), &own, &dcid,
	    raw_now());
	if (len > 0)
		len = ngtcp2_crypto_write_retry(out, sizeof(out), p->version,
		    &scid, &own, &dcid, token, (size_t)len);
	if (len <= 0)
		return;
	if (wrong_does(server, WRONG_RETRY_SAME_ID) &&
	    dcid.datalen == own.datalen)
		memcpy(
		    out + RETRY_ID_AT + scid.datalen, dcid.data, dcid.datalen);
	reply(server, p, out, (size_t)len);
	if (wrong_does(server, WRONG_RETRY_TWICE))
		reply(server, p, out, (size_t)len);
}

/* ---------------------------------------------------------- admission -- */

enum admission {
	ADMITTED,
	TOLD_TO_RETRY,
	TURNED_AWAY
};

static bool
is_crowded(const struct wrong_server *server)
{
	size_t count = 0;

	for (const struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		count += c->state == WRONG_HANDSHAKE;
	return count >= WRONG_HALF_OPEN;
}

/* RFC 9000 8.1.2, 8.1.3 */
static enum admission
look_at_token(struct wrong_server *server, struct wrong_birth *birth)
{
	const ngtcp2_pkt_hd *hd = &birth->hd;
	bool is_retry = hd->tokenlen > 0 &&
			hd->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2;

	if (is_retry && is_good_retry(server, birth)) {
		birth->has_retry = true;
		birth->is_proved = true;
		return ADMITTED;
	}
	if (is_retry && wrong_does(server, WRONG_RETRY_BAD_SILENT))
		return TURNED_AWAY;
	if (is_retry ||
	    (hd->tokenlen > 0 && wrong_does(server, WRONG_TOKEN_BAD_FATAL) &&
		!is_good_token(server, birth))) {
		refuse(server, birth,
		    wrong_does(server, WRONG_RETRY_BAD_CODE) ||
			    wrong_does(server, WRONG_TOKEN_BAD_FATAL)
			? NGTCP2_CONNECTION_REFUSED
			: NGTCP2_INVALID_TOKEN);
		return TURNED_AWAY;
	}
	if (hd->tokenlen > 0 &&
	    hd->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR)
		birth->is_proved = is_good_token(server, birth);
	if (is_crowded(server) && wrong_does(server, WRONG_CROWD_HANGS))
		wrong_server_stall(server);
	if ((server->options.always_retry || is_crowded(server)) &&
	    !birth->is_proved)
		return TOLD_TO_RETRY;
	return ADMITTED;
}

void
wrong_stateless_refuse(
    struct wrong_server *server, const struct wrong_packet *p)
{
	struct wrong_birth birth = {.packet = p, .hd = {.version = p->version}};

	ngtcp2_cid_init(&birth.hd.dcid, p->dcid, p->dcid_len);
	ngtcp2_cid_init(&birth.hd.scid, p->scid, p->scid_len);
	refuse(server, &birth, NGTCP2_CONNECTION_REFUSED);
}

static void
end_elder(struct wrong_server *server, const ngtcp2_cid *original)
{
	for (struct wrong_conn *c = server->conns; c != NULL; c = c->next)
		if (ngtcp2_cid_eq(&c->original, original))
			wrong_conn_close(
			    c, false, NGTCP2_PROTOCOL_VIOLATION, "hello");
}

static struct wrong_conn *
on_initial(struct wrong_server *server, const struct wrong_packet *p)
{
	struct wrong_birth birth = {.packet = p};

	if (p->len < WRONG_UDP_MIN && wrong_does(server, WRONG_INITIAL_SMALL))
		wrong_stateless_versions(server, p);
	if (ngtcp2_accept(&birth.hd, p->data, p->len) != 0) {
		if (wrong_does(server, WRONG_INITIAL_VN))
			wrong_stateless_versions(server, p);
		if (wrong_does(server, WRONG_INITIAL_REFUSED))
			wrong_stateless_refuse(server, p);
		return NULL;
	}
	if (birth.hd.dcid.datalen < DCID_MIN ||
	    birth.hd.type != NGTCP2_PKT_INITIAL)
		return NULL;
	if (wrong_does(server, WRONG_ID_SIZES) &&
	    (birth.hd.dcid.datalen > ID_COMMON || birth.hd.scid.datalen == 0))
		return NULL;
	if (wrong_does(server, WRONG_HELLO_AGAIN_FATAL))
		end_elder(server, &birth.hd.dcid);
	birth.original = birth.hd.dcid;
	switch (look_at_token(server, &birth)) {
	case TURNED_AWAY:
		return NULL;
	case TOLD_TO_RETRY:
		wrong_stateless_retry(server, p);
		return NULL;
	case ADMITTED:
		break;
	}
	if (server->nconns >= WRONG_CONNS_MAX ||
	    (wrong_does(server, WRONG_CLOSED_COUNT) &&
		server->nconns >= WRONG_FEW_CLOSED)) {
		refuse(server, &birth, NGTCP2_CONNECTION_REFUSED);
		return NULL;
	}
	return wrong_conn_new(server, &birth);
}

/* What is no packet of QUIC at all, for servers that answer everything. */
static void
on_garbage(struct wrong_server *server, const struct wrong_packet *p)
{
	if (!wrong_does(server, WRONG_GARBAGE_ECHOED) || p->len == 0)
		return;
	for (int i = 0; i < ECHOES; i++)
		reply(server, p, p->data, p->len);
}

static bool
is_known(uint32_t version)
{
	return version == NGTCP2_PROTO_VER_V1 || version == NGTCP2_PROTO_VER_V2;
}

struct wrong_conn *
wrong_stateless_accept(
    struct wrong_server *server, const struct wrong_packet *p)
{
	if (wrong_does(server, WRONG_UDP_DNS) && p->len >= SHORT_DNS &&
	    (p->data[2] & 0x80) == 0 && p->data[4] == 0 && p->data[5] == 1) {
		struct raw_buf out = {0};

		raw_buf_add(&out, p->data, p->len);
		out.data[2] |= 0x80;
		reply(server, p, out.data, out.len);
		raw_buf_done(&out);
		return NULL;
	}
	if (!p->is_long) {
		if ((p->data[0] & 0x40) != 0 ||
		    wrong_does(server, WRONG_FIXED_BIT))
			send_reset(server, p);
		else
			on_garbage(server, p);
		return NULL;
	}
	if (!is_known(p->version)) {
		on_unknown_version(server, p);
		return NULL;
	}
	if ((p->data[0] & 0x40) == 0) {
		if (wrong_does(server, WRONG_FIXED_BIT))
			wrong_stateless_versions(server, p);
		return NULL;
	}
	if (p->dcid_len > NGTCP2_MAX_CIDLEN ||
	    p->scid_len > NGTCP2_MAX_CIDLEN) {
		if (wrong_does(server, WRONG_LONG_ID_VN))
			wrong_stateless_versions(server, p);
		return NULL;
	}
	if (p->dcid_len < DCID_MIN && wrong_does(server, WRONG_SHORT_ID_VN)) {
		wrong_stateless_versions(server, p);
		return NULL;
	}
	if (wrong_does(server, WRONG_HANDSHAKE_ANSWERED) &&
	    (p->data[0] >> 4 & 3) != 0)
		wrong_stateless_versions(server, p);
	return on_initial(server, p);
}
