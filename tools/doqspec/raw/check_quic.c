/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expectations about a connection: handshake, closes, resets, parameters,
 * counts of frames.  Each check only reads; see expect.h for its results.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
describe(struct raw_script *script)
{
	raw_conn_describe(script->current, script->seen, sizeof(script->seen));
}

static int
check_handshake(struct raw_script *script, struct raw_attempt *attempt)
{
	struct raw_conn *conn = script->current;
	gnutls_datum_t alpn = {NULL, 0};
	const char *want = attempt->words.count > 1
			       ? raw_word_value(attempt->words.at[1], "alpn")
			       : NULL;

	describe(script);
	if (conn->state == RAW_HANDSHAKE)
		return 0;
	if (conn->state != RAW_OPEN)
		return -1;
	if (want == NULL)
		return attempt->words.count > 1 ? -EINVAL : 1;
	if (gnutls_alpn_get_selected_protocol(conn->tls, &alpn) == 0 &&
	    alpn.size == strlen(want) &&
	    memcmp(alpn.data, want, alpn.size) == 0)
		return 1;
	snprintf(script->seen, sizeof(script->seen), "protocol \"%.*s\"",
	    (int)alpn.size, alpn.size > 0 ? (char *)alpn.data : "");
	return -1;
}

/* "in=LEVEL": -EINVAL when it is no such word, else whether it came so. */
static int
is_in_level(const struct raw_seen_close *close, const char *word)
{
	const char *value = raw_word_value(word, "in");

	for (int level = 0; value != NULL && level < RAW_LEVELS; level++)
		if (strcmp(value, raw_level_name((enum raw_level)level)) == 0)
			return close->level == (enum raw_level)level;
	return -EINVAL;
}

/* Does the close that was seen have this kind and one of these codes? */
static int
is_close(const struct raw_conn *conn, const struct raw_words *words, int at)
{
	const struct raw_seen_close *c = &conn->seen.close;
	bool is_app;
	const char *p;
	int is_there = 1;

	if (words->count < at + 2 || words->count > at + 3)
		return -EINVAL;
	if (words->count == at + 3)
		is_there = is_in_level(c, words->at[at + 2]);
	if (is_there == -EINVAL)
		return -EINVAL;
	is_app = strcmp(words->at[at], "app") == 0;
	if (!is_app && strcmp(words->at[at], "transport") != 0)
		return -EINVAL;
	for (p = words->at[at + 1]; *p != '\0';) {
		char *end;
		unsigned long long code = strtoull(p, &end, 0);

		if (end == p || (*end != '\0' && *end != '|'))
			return -EINVAL;
		if (c->is_seen && c->is_app == is_app && c->code == code &&
		    is_there)
			return 1;
		p = *end == '|' ? end + 1 : end;
	}
	return -1;
}

static int
check_handshake_fail(struct raw_script *script, struct raw_attempt *attempt)
{
	struct raw_conn *conn = script->current;
	const struct raw_words *w = &attempt->words;

	describe(script);
	if (conn->state == RAW_HANDSHAKE)
		return 0;
	if (conn->state == RAW_OPEN)
		return conn->seen.frames[RAW_FRAME_HANDSHAKE_DONE] ? -1 : 0;
	script->allows_failed = true;
	if (w->count == 1)
		return 1;
	if (strcmp(w->at[1], "vn") == 0)
		return conn->has_vn ? 1 : -1;
	if (strcmp(w->at[1], "local") == 0)
		return conn->state == RAW_FAILED ? 1 : -1;
	if (strcmp(w->at[1], "timeout") == 0)
		return conn->state == RAW_FAILED && !conn->has_vn ? 1 : -1;
	return is_close(conn, w, 1);
}

static int
check_no_answer(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen_stream *s =
	    raw_seen_stream(&script->current->seen, attempt->stream);

	if (s == NULL || (s->data.len == 0 && !s->has_fin))
		return 0;
	snprintf(script->seen, sizeof(script->seen), "%zu octets%s",
	    s->data.len, s->has_fin ? " and FIN" : "");
	return -1;
}

static int
check_reset(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_words *w = &attempt->words;
	const struct raw_seen_stream *s =
	    raw_seen_stream(&script->current->seen, attempt->stream);
	const char *value =
	    w->count > 2 ? raw_word_value(w->at[2], "code") : NULL;
	uint64_t code = 0;

	if (w->count < 2 || w->count > 3 || (w->count == 3 && value == NULL) ||
	    (value != NULL && raw_word_number(value, &code) != 0))
		return -EINVAL;
	describe(script);
	if (s == NULL || !s->has_reset)
		return raw_conn_is_alive(script->current) ? 0 : -1;
	snprintf(script->seen, sizeof(script->seen), "RESET_STREAM 0x%" PRIx64,
	    s->reset_code);
	return value == NULL || s->reset_code == code ? 1 : -1;
}

static int
check_no_reset(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen_stream *s =
	    raw_seen_stream(&script->current->seen, attempt->stream);

	if (s == NULL || !s->has_reset)
		return 0;
	snprintf(script->seen, sizeof(script->seen), "RESET_STREAM 0x%" PRIx64,
	    s->reset_code);
	return -1;
}

static int
check_close(struct raw_script *script, struct raw_attempt *attempt)
{
	int rc = is_close(script->current, &attempt->words, 1);

	describe(script);
	if (rc == -1 && raw_conn_is_alive(script->current))
		return 0;
	if (rc == 1)
		script->allows_failed = true;
	return rc;
}

static int
check_no_close(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return raw_conn_is_alive(script->current) ? 0 : -1;
}

static int
check_alive(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return script->current->state == RAW_OPEN ? 1 : -1;
}

static int
check_idle(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	if (raw_conn_is_alive(script->current))
		return 0;
	return script->current->state == RAW_IDLE ? 1 : -1;
}

static int
check_stateless_reset(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return script->current->seen.has_reset_packet;
}

static int
check_retry(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return script->current->has_retry;
}

static int
check_no_retry(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return script->current->has_retry ? -1 : 1;
}

/* token [other_than=NAME] */
static int
check_token(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_buf *token = &script->current->seen.token;
	const struct raw_words *w = &attempt->words;
	const struct raw_conn *other = NULL;
	const char *name = NULL;

	if (w->count == 2) {
		name = raw_word_value(w->at[1], "other_than");
		if (name != NULL)
			other = raw_loop_find(&script->loop, name);
		if (other == NULL)
			return -EINVAL;
	}
	describe(script);
	if (token->len == 0 || other == NULL)
		return token->len > 0;
	snprintf(script->seen, sizeof(script->seen), "the token of %s", name);
	return other->seen.token.len == token->len &&
		       memcmp(
			   other->seen.token.data, token->data, token->len) == 0
		   ? -1
		   : 1;
}

/* cids distinct: all connection IDs and all reset tokens that were given. */
static int
check_cids(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *c = script->current;

	if (attempt->words.count != 2 ||
	    strcmp(attempt->words.at[1], "distinct") != 0)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    "%zu connection IDs, %zu tokens", c->ncids, c->ntokens);
	for (size_t i = 0; i < c->ncids; i++)
		for (size_t k = 0; k < i; k++)
			if (c->cids[i].len == c->cids[k].len &&
			    memcmp(c->cids[i].data, c->cids[k].data,
				c->cids[i].len) == 0)
				return -1;
	for (size_t i = 0; i < c->ntokens; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(c->tokens[i], c->tokens[k],
				RAW_RESET_TOKEN_LEN) == 0)
				return -1;
	return c->ncids > 0;
}

/* amplification<=N since `recount` */
static int
check_amplification(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *c = script->current;
	uint64_t most;

	if (attempt->words.count != 2 ||
	    strncmp(attempt->words.at[1], "<=", 2) != 0 ||
	    raw_word_number(attempt->words.at[1] + 2, &most) != 0)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    "%" PRIu64 " octets for %" PRIu64, c->octets_in, c->octets_out);
	return c->octets_in <= most * c->octets_out ? 0 : -1;
}

/* Nothing of ours is under way.  A client that moves before that may be stuck
 * for ever: ngtcp2 1.11 has no timer for PATH_RESPONSE, whose acknowledgement
 * goes to the address that was left, and counts it as in flight. */
static int
check_acked(struct raw_script *script, struct raw_attempt *attempt)
{
	ngtcp2_conn_info info;

	(void)attempt;
	describe(script);
	if (!raw_conn_is_alive(script->current))
		return -1;
	ngtcp2_conn_get_conn_info(script->current->quic, &info);
	return info.bytes_in_flight == 0;
}

static int
check_version(struct raw_script *script, struct raw_attempt *attempt)
{
	uint64_t version;

	describe(script);
	if (attempt->words.count != 2 ||
	    raw_word_number(attempt->words.at[1], &version) != 0)
		return -EINVAL;
	return raw_conn_version(script->current) == version;
}

static int
check_verified(struct raw_script *script, struct raw_attempt *attempt)
{
	(void)attempt;
	describe(script);
	return script->current->is_verified ? 1 : -1;
}

static int
check_streams_closed(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *conn = script->current;

	(void)attempt;
	for (uint64_t id = 0; id < conn->next_bidi; id += RAW_STREAM_KINDS) {
		const struct raw_seen_stream *s =
		    raw_seen_stream(&conn->seen, id);

		if (raw_seen_is_finished(s) || (s != NULL && s->has_reset))
			continue;
		snprintf(script->seen, sizeof(script->seen),
		    "stream %" PRIu64 " has no end", id);
		return raw_conn_is_alive(conn) ? 0 : -1;
	}
	return 1;
}

int
raw_check_compare(struct raw_script *script, const char *op, uint64_t is)
{
	uint64_t want;
	const char *digits = op[0] == '=' ? op + 1 : op + 2;

	if (strchr("=<>", op[0]) == NULL || op[0] == '\0' ||
	    raw_word_number(digits, &want) != 0)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen), "%" PRIu64, is);
	if (op[0] == '=')
		return is == want;
	return op[0] == '<' ? is <= want : is >= want;
}

static int
check_param(struct raw_script *script, struct raw_attempt *attempt)
{
	const ngtcp2_transport_params *p =
	    ngtcp2_conn_get_remote_transport_params(script->current->quic);
	const struct {
		const char *name;
		uint64_t value;
	} params[] = {
	    {"initial_max_streams_bidi", p ? p->initial_max_streams_bidi : 0},
	    {"initial_max_streams_uni", p ? p->initial_max_streams_uni : 0},
	    {"initial_max_data", p ? p->initial_max_data : 0},
	    {"initial_max_stream_data_bidi_remote",
		p ? p->initial_max_stream_data_bidi_remote : 0},
	    {"initial_max_stream_data_bidi_local",
		p ? p->initial_max_stream_data_bidi_local : 0},
	    {"initial_max_stream_data_uni",
		p ? p->initial_max_stream_data_uni : 0},
	    {"max_idle_timeout", p ? p->max_idle_timeout / RAW_MS : 0},
	    {"active_connection_id_limit",
		p ? p->active_connection_id_limit : 0},
	    {"max_udp_payload_size", p ? p->max_udp_payload_size : 0},
	    {"max_datagram_frame_size", p ? p->max_datagram_frame_size : 0},
	    {"grease_quic_bit", p ? p->grease_quic_bit : 0},
	    {"disable_active_migration", p ? p->disable_active_migration : 0},
	    {"preferred_address", p ? p->preferred_addr_present : 0},
	};
	size_t len;
	int rc;

	if (attempt->words.count != 2)
		return -EINVAL;
	len = strcspn(attempt->words.at[1], "=<>");
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		if (strlen(params[i].name) != len ||
		    strncmp(params[i].name, attempt->words.at[1], len) != 0)
			continue;
		rc = raw_check_compare(
		    script, attempt->words.at[1] + len, params[i].value);
		return rc == 0 ? -1 : rc;
	}
	return -EINVAL;
}

/* "initial:" or "handshake:" in front; steps over it. */
static enum raw_level
take_level(const char **word)
{
	for (int i = RAW_LEVEL_INITIAL; i < RAW_LEVEL_1RTT; i++) {
		const char *name = raw_level_name((enum raw_level)i);
		size_t len = strlen(name);

		if (strncmp(*word, name, len) != 0 || (*word)[len] != ':')
			continue;
		*word += len + 1;
		return (enum raw_level)i;
	}
	return RAW_LEVEL_1RTT;
}

static int
check_seen(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen *seen = &script->current->seen;
	const uint64_t *frames = seen->frames;
	uint64_t packets = seen->packets;
	const char *word = attempt->words.at[1];
	enum raw_level level;
	size_t len;

	if (attempt->words.count != 2)
		return -EINVAL;
	level = take_level(&word);
	if (level != RAW_LEVEL_1RTT) {
		frames = seen->long_frames[level];
		packets = seen->long_packets[level];
	}
	len = strcspn(word, "=<>");
	if (len == 7 && strncmp(word, "PACKETS", len) == 0)
		return raw_check_compare(script, word + len, packets);
	if (len == 12 && strncmp(word, "CLEARED_BITS", len) == 0)
		return raw_check_compare(
		    script, word + len, script->current->cleared_bits);
	for (uint64_t type = 0; type < RAW_FRAME_TYPES; type++) {
		const char *name = raw_frame_name(type);

		if (strlen(name) == len && strncmp(name, word, len) == 0)
			return raw_check_compare(
			    script, word + len, frames[type]);
	}
	return -EINVAL;
}

/* credit [N]: may N more streams be opened (RFC 9000 4.6)? */
static int
check_credit(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_conn *conn = script->current;
	const struct raw_words *w = &attempt->words;
	uint64_t used = conn->next_bidi / RAW_STREAM_KINDS;
	uint64_t limit = conn->seen.max_streams_bidi;
	uint64_t want = 1;

	if (w->count > 2 ||
	    (w->count == 2 && raw_word_number(w->at[1], &want) != 0))
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    "%" PRIu64 " streams permitted, %" PRIu64 " used", limit, used);
	if (limit >= used && limit - used >= want)
		return 1;
	return raw_conn_is_alive(conn) ? 0 : -1;
}

/* data STREAM [>=N]: so many octets came, without a hole. */
static int
check_data(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_words *w = &attempt->words;
	const struct raw_seen_stream *s =
	    raw_seen_stream(&script->current->seen, attempt->stream);
	int rc;

	if (w->count < 2 || w->count > 3)
		return -EINVAL;
	rc = raw_check_compare(
	    script, w->count == 3 ? w->at[2] : ">=1", s != NULL ? s->whole : 0);
	if (rc != 0)
		return rc;
	return raw_conn_is_alive(script->current) ? 0 : -1;
}

/* fin STREAM: all of it came, up to the end. */
static int
check_fin(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen_stream *s =
	    raw_seen_stream(&script->current->seen, attempt->stream);

	if (attempt->words.count != 2)
		return -EINVAL;
	if (raw_seen_is_finished(s))
		return 1;
	describe(script);
	if (s != NULL && s->has_reset) {
		snprintf(script->seen, sizeof(script->seen),
		    "RESET_STREAM 0x%" PRIx64, s->reset_code);
		return -1;
	}
	return raw_conn_is_alive(script->current) ? 0 : -1;
}

static int
check_datagram(struct raw_script *script, struct raw_attempt *attempt)
{
	int rc;

	if (attempt->words.count != 2)
		return -EINVAL;
	rc = raw_check_compare(
	    script, attempt->words.at[1], script->current->largest_datagram);
	return rc == 0 ? -1 : rc;
}

static int
check_initials(struct raw_script *script, struct raw_attempt *attempt)
{
	int rc;

	if (attempt->words.count != 2)
		return -EINVAL;
	rc = raw_check_compare(
	    script, attempt->words.at[1], script->current->smallest_initial);
	return rc == 0 ? -1 : rc;
}

/* How many different sizes of datagrams came. */
static int
check_sizes(struct raw_script *script, struct raw_attempt *attempt)
{
	uint64_t count = 0;
	int rc;

	if (attempt->words.count != 2)
		return -EINVAL;
	for (size_t i = 0; i < RAW_PACKET_MAX; i++)
		count += script->current->sizes[i];
	rc = raw_check_compare(script, attempt->words.at[1], count);
	return rc == 0 ? -1 : rc;
}

static int
order_lengths(const void *a, const void *b)
{
	const size_t *x = a;
	const size_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* How many different lengths the answers on this connection have. */
static int
check_lengths(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen *seen = &script->current->seen;
	size_t *lengths = raw_alloc(seen->nstreams + 1, sizeof(*lengths));
	size_t n = 0;
	uint64_t count = 0;
	int rc;

	for (size_t i = 0; i < seen->nstreams; i++)
		if (raw_seen_is_finished(seen->streams[i]))
			lengths[n++] = seen->streams[i]->whole;
	qsort(lengths, n, sizeof(*lengths), order_lengths);
	for (size_t i = 0; i < n; i++)
		count += i == 0 || lengths[i] != lengths[i - 1];
	free(lengths);
	if (attempt->words.count != 2)
		return -EINVAL;
	rc = raw_check_compare(script, attempt->words.at[1], count);
	return rc == 0 ? -1 : rc;
}

static int
check_path_response(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_seen *seen = &script->current->seen;
	struct raw_buf want = {0};
	int rc = -EINVAL;

	describe(script);
	if (attempt->words.count == 2 &&
	    raw_buf_hex(&want, attempt->words.at[1],
		strlen(attempt->words.at[1])) == 0 &&
	    want.len == sizeof(seen->path_response))
		rc = memcmp(want.data, seen->path_response, want.len) == 0;
	raw_buf_done(&want);
	return rc;
}

const struct raw_expectation raw_quic_expectations[] = {
    {"handshake", check_handshake, false, false},
    {"handshake_fail", check_handshake_fail, false, false},
    {"no_answer", check_no_answer, true, false},
    {"reset", check_reset, false, false},
    {"no_reset", check_no_reset, true, false},
    {"close", check_close, false, false},
    {"no_close", check_no_close, true, false},
    {"credit", check_credit, false, false},
    {"data", check_data, false, false},
    {"fin", check_fin, false, false},
    {"alive", check_alive, false, false},
    {"idle", check_idle, false, false},
    {"stateless_reset", check_stateless_reset, false, false},
    {"retry", check_retry, false, false},
    {"no_retry", check_no_retry, false, false},
    {"token", check_token, false, false},
    {"cids", check_cids, false, false},
    {"amplification", check_amplification, true, false},
    {"version", check_version, false, false},
    {"acked", check_acked, false, false},
    {"verified", check_verified, false, false},
    {"streams_closed", check_streams_closed, false, false},
    {"param", check_param, false, false},
    {"seen", check_seen, false, false},
    {"datagram", check_datagram, false, false},
    {"initials", check_initials, false, false},
    {"sizes", check_sizes, false, false},
    {"lengths", check_lengths, false, false},
    {"path_response", check_path_response, false, false},
    {NULL, NULL, false, false},
};
