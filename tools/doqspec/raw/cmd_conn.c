/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands that make, choose and end connections, and the control client.
 */
#include "tools/doqspec/raw/engine.h"
#include "tools/doqspec/raw/script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TOKEN_MAX = 256
};

struct raw_conn *
raw_script_connect(struct raw_script *script, const char *name,
    const struct raw_settings *settings)
{
	struct raw_conn *conn = raw_conn_new(name, settings);

	conn->watch = script->watch;
	raw_loop_add(&script->loop, conn);
	return conn;
}

bool
raw_script_handshake(struct raw_script *script, struct raw_conn *conn)
{
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;

	while (conn->state == RAW_HANDSHAKE && raw_now() < deadline)
		raw_loop_turn(&script->loop, deadline);
	raw_conn_describe(conn, script->seen, sizeof(script->seen));
	return conn->state == RAW_OPEN;
}

uint64_t
raw_script_ask(struct raw_script *script, struct raw_conn *conn)
{
	struct raw_buf query = {0};
	uint64_t stream = raw_conn_next_stream(conn, false);
	struct raw_out *out = raw_conn_out(conn, stream);
	const char *where;
	char text[RAW_DNS_NAME_TEXT_MAX];

	snprintf(text, sizeof(text), "%s/%s", raw_script_get(script, "NAME"),
	    raw_script_get(script, "TYPE"));
	if (raw_dns_put_query(&query, text, &where) != 0 || out == NULL) {
		raw_script_failed(
		    script, "NAME and TYPE make no question: %s", text);
		raw_buf_done(&query);
		return stream;
	}
	raw_buf_add(&out->question, query.data + 2 + RAW_DNS_HEADER_LEN,
	    query.len - 2 - RAW_DNS_HEADER_LEN);
	(void)raw_conn_send(conn, stream, &query, true, 0);
	raw_buf_done(&query);
	return stream;
}

static int
take_version(struct raw_settings *s, const char *text)
{
	uint64_t version;

	s->lists_both = strcmp(text, "both") == 0;
	s->version = NGTCP2_PROTO_VER_V1;
	if (s->lists_both)
		return 0;
	if (raw_word_number(text, &version) != 0 || version > UINT32_MAX)
		return -EINVAL;
	s->version = (uint32_t)version;
	return 0;
}

int
raw_script_settings(
    const struct raw_script *script, struct raw_settings *ret_settings)
{
	const char *version = raw_script_get(script, "VERSION");

	raw_settings_default(ret_settings);
	ret_settings->host = raw_script_get(script, "HOST");
	ret_settings->port = raw_script_get(script, "PORT");
	ret_settings->sni = raw_script_get(script, "SNI");
	ret_settings->ca = raw_script_get(script, "CA");
	if (ret_settings->ca != NULL)
		ret_settings->verify_name = ret_settings->sni != NULL
						? ret_settings->sni
						: ret_settings->host;
	return version != NULL ? take_version(ret_settings, version) : 0;
}

bool
raw_script_control(struct raw_script *script)
{
	char answered[] = "rcode=NOERROR";
	struct raw_words words = {
	    .at = {answered}, .count = script->any_rcode ? 0 : 1};
	struct raw_settings settings;
	struct raw_conn *conn;
	uint64_t stream;
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;
	int result = 0;

	if (raw_script_settings(script, &settings) != 0)
		return false;
	conn = raw_script_connect(script, "control", &settings);
	if (raw_script_handshake(script, conn)) {
		stream = raw_script_ask(script, conn);
		while ((result = raw_check_answer(
			    script, conn, stream, &words, 0)) == 0 &&
		       raw_now() < deadline)
			raw_loop_turn(&script->loop, deadline);
	}
	raw_loop_remove(&script->loop, conn);
	return result == 1;
}

/* ---- connect ----------------------------------------------------------- */

struct number_option {
	const char *key;
	uint64_t *to;
	bool is_duration;
};

static int
take_number_option(struct raw_settings *s, const char *word)
{
	const struct number_option options[] = {
	    {"idle", &s->idle_ms, true},
	    {"keepalive", &s->keepalive_ms, true},
	    {"handshake", &s->handshake_ms, true},
	    {"max_data", &s->max_data, false},
	    {"stream_data", &s->stream_data, false},
	    {"streams_bidi", &s->streams_bidi, false},
	    {"streams_uni", &s->streams_uni, false},
	    {"cid_limit", &s->cid_limit, false},
	    {"pad_hello", &s->pad_hello, false},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *value = raw_word_value(word, options[i].key);
		int rc;

		if (value == NULL)
			continue;
		rc = options[i].is_duration
			 ? raw_word_duration(value, options[i].to)
			 : raw_word_number(value, options[i].to);
		return rc;
	}
	return -ENOENT;
}

static int
take_text_option(struct raw_settings *s, const char *word)
{
	const struct {
		const char *key;
		const char **to;
	} options[] = {
	    {"alpn", &s->alpn},
	    {"sni", &s->sni},
	    {"priority", &s->priority},
	    {"bind", &s->bind_address},
	    {"ca", &s->ca},
	    {"verify", &s->verify_name},
	    {"pin", &s->pin},
	    {"token", &s->token},
	    {"hello", &s->hello},
	    {"params", &s->params},
	    {"hold_retry", &s->hold_retry},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *value = raw_word_value(word, options[i].key);

		if (value == NULL)
			continue;
		*options[i].to = value;
		return 0;
	}
	return -ENOENT;
}

struct connect_plan {
	struct raw_settings settings;
	char name[RAW_NAME_MAX];
	char token[2 * TOKEN_MAX + 1];
	struct raw_early_plan early; /* its ticket is freed by cmd_connect */
	bool no_wait;
};

static int
take_connect_word(struct connect_plan *plan, const char *word)
{
	const char *value = raw_word_value(word, "name");
	int rc;

	if (value != NULL) {
		snprintf(plan->name, sizeof(plan->name), "%s", value);
		return 0;
	}
	if (strcmp(word, "nowait") == 0)
		plan->no_wait = true;
	else if (strcmp(word, "tls12") == 0)
		plan->settings.hello_tls12 = true;
	else if (strcmp(word, "grease") == 0)
		plan->settings.has_grease = true;
	else if (strcmp(word, "reversed") == 0)
		plan->settings.is_reversed = true;
	else if ((value = raw_word_value(word, "version")) != NULL)
		return take_version(&plan->settings, value);
	else {
		rc = take_number_option(&plan->settings, word);
		if (rc == -ENOENT)
			rc = take_text_option(&plan->settings, word);
		return rc == -ENOENT ? raw_early_option(
					   &plan->early, &plan->settings, word)
				     : rc;
	}
	return 0;
}

static void
name_connection(struct raw_script *script, char *name, size_t size)
{
	for (unsigned i = 1; name[0] == '\0'; i++) {
		snprintf(name, size, "c%u", i);
		if (raw_loop_find(&script->loop, name) != NULL)
			name[0] = '\0';
	}
}

/* token_of=NAME: the last one that the connection of that name was given. */
static int
take_token(
    struct raw_script *script, struct connect_plan *plan, const char *word)
{
	const struct raw_conn *from =
	    raw_loop_find(&script->loop, raw_word_value(word, "token_of"));
	char text[sizeof(plan->token) + sizeof("token=")];
	const struct raw_buf *token;

	if (from == NULL)
		return -EINVAL;
	token = &from->seen.token;
	if (token->len == 0 || token->len > TOKEN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < token->len; i++)
		snprintf(plan->token + 2 * i, 3, "%02x", token->data[i]);
	plan->settings.token = plan->token;
	snprintf(text, sizeof(text), "token=%s", plan->token);
	raw_record_replace(script->record, word, text);
	return 0;
}

/* What the server permits, for scripts that go up to it and beyond. */
static void
note_params(struct raw_script *script)
{
	const ngtcp2_transport_params *p =
	    ngtcp2_conn_get_remote_transport_params(script->current->quic);
	const struct {
		const char *name;
		uint64_t value;
	} params[] = {
	    {"STREAMS_BIDI", p ? p->initial_max_streams_bidi : 0},
	    {"STREAMS_UNI", p ? p->initial_max_streams_uni : 0},
	    {"STREAM_DATA", p ? p->initial_max_stream_data_bidi_remote : 0},
	    {"MAX_DATA", p ? p->initial_max_data : 0},
	    {"IDLE", p ? p->max_idle_timeout / RAW_MS : 0},
	};
	char number[24];

	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		snprintf(number, sizeof(number), "%" PRIu64, params[i].value);
		raw_script_set(script, params[i].name, number);
	}
}

static int
cmd_connect(struct raw_script *script, const struct raw_words *words)
{
	struct connect_plan plan = {.name = ""};
	uint64_t port;
	bool is_open;
	int i = 1;

	if (raw_script_settings(script, &plan.settings) != 0)
		return -EINVAL;
	if (i + 1 < words->count &&
	    raw_word_number(words->at[i + 1], &port) == 0) {
		plan.settings.host = words->at[i++];
		plan.settings.port = words->at[i++];
	}
	for (; i < words->count; i++) {
		const char *word = words->at[i];

		if ((raw_word_value(word, "token_of") != NULL
			    ? take_token(script, &plan, word)
			    : take_connect_word(&plan, word)) != 0)
			return -EINVAL;
	}
	if (raw_early_settings(script, &plan.early, &plan.settings) != 0)
		return -EINVAL;
	name_connection(script, plan.name, sizeof(plan.name));
	script->current = raw_script_connect(script, plan.name, &plan.settings);
	raw_buf_done(&plan.early.text);
	plan.no_wait |= plan.settings.is_early;
	if (plan.no_wait)
		return 0;
	is_open = raw_script_handshake(script, script->current);
	if (is_open)
		note_params(script);
	raw_script_judge(script, "handshake", is_open);
	return 0;
}

static int
cmd_use(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 2)
		return -EINVAL;
	script->current = raw_loop_find(&script->loop, words->at[1]);
	return script->current != NULL ? 0 : -EINVAL;
}

static int
cmd_drop(struct raw_script *script, const struct raw_words *words)
{
	struct raw_conn *conn = script->current;

	if (words->count == 2)
		conn = raw_loop_find(&script->loop, words->at[1]);
	if (conn == NULL)
		return -EINVAL;
	if (conn == script->current)
		script->current = NULL;
	if (conn == script->former)
		script->former = NULL;
	raw_loop_remove(&script->loop, conn);
	return 0;
}

static int
cmd_abandon(struct raw_script *script, const struct raw_words *words)
{
	if (script->current == NULL || words->count != 1)
		return -EINVAL;
	raw_conn_abandon(script->current);
	return 0;
}

/* rebind [to ADDRESS] */
static int
cmd_rebind(struct raw_script *script, const struct raw_words *words)
{
	bool has_address = words->count == 3 && strcmp(words->at[1], "to") == 0;
	int rc;

	if (script->current == NULL || (words->count != 1 && !has_address))
		return -EINVAL;
	rc =
	    raw_conn_rebind(script->current, has_address ? words->at[2] : NULL);
	if (rc != 0)
		raw_script_failed(script, "no new socket: %s", strerror(-rc));
	return 0;
}

/* Frames and datagrams are counted anew. */
static int
cmd_recount(struct raw_script *script, const struct raw_words *words)
{
	struct raw_conn *conn = script->current;

	if (conn == NULL || words->count != 1)
		return -EINVAL;
	memset(conn->seen.frames, 0, sizeof(conn->seen.frames));
	memset(conn->sizes, 0, sizeof(conn->sizes));
	conn->seen.packets = 0;
	conn->datagrams_in = 0;
	conn->octets_in = 0;
	conn->octets_out = 0;
	conn->largest_datagram = 0;
	return 0;
}

static int
cmd_takeover(struct raw_script *script, const struct raw_words *words)
{
	uint64_t deadline = raw_now() + script->deadline_ms * RAW_MS;
	struct raw_conn *conn = script->current;

	if (conn == NULL || words->count != 1)
		return -EINVAL;
	/*
	 * Until HANDSHAKE_DONE our Finished may be lost, and only ngtcp2
	 * would repeat it.
	 */
	while (conn->seen.frames[RAW_FRAME_HANDSHAKE_DONE] == 0 &&
	       !conn->settings.withholds && raw_conn_is_alive(conn) &&
	       raw_now() < deadline)
		raw_loop_turn(&script->loop, deadline);
	if (raw_conn_take_over(conn) != 0) {
		raw_conn_describe(conn, script->seen, sizeof(script->seen));
		raw_script_failed(script, "takeover: %s", script->seen);
	}
	return 0;
}

static int
cmd_control(struct raw_script *script, const struct raw_words *words)
{
	static const char *const names[] = {"HOST", "PORT", "NAME"};

	if (words->count != 1 && words->count != 4)
		return -EINVAL;
	for (int i = 1; i < words->count; i++)
		raw_script_set(script, names[i - 1], words->at[i]);
	if (!raw_script_control(script))
		raw_script_failed(
		    script, "control client not answered: %s", script->seen);
	return 0;
}

/* ---- print ------------------------------------------------------------- */

static void
print_params(const struct raw_conn *conn)
{
	const ngtcp2_transport_params *p =
	    ngtcp2_conn_get_remote_transport_params(conn->quic);

	if (p == NULL) {
		printf("# no transport parameters yet\n");
		return;
	}
	printf("# initial_max_streams_bidi %" PRIu64 "\n"
	       "# initial_max_streams_uni %" PRIu64 "\n"
	       "# initial_max_data %" PRIu64 "\n"
	       "# initial_max_stream_data_bidi_remote %" PRIu64 "\n"
	       "# max_idle_timeout %" PRIu64 " ms\n"
	       "# active_connection_id_limit %" PRIu64 "\n"
	       "# max_udp_payload_size %" PRIu64 "\n"
	       "# disable_active_migration %u grease_quic_bit %u\n",
	    p->initial_max_streams_bidi, p->initial_max_streams_uni,
	    p->initial_max_data, p->initial_max_stream_data_bidi_remote,
	    p->max_idle_timeout / RAW_MS, p->active_connection_id_limit,
	    p->max_udp_payload_size, p->disable_active_migration,
	    p->grease_quic_bit);
}

static void
print_frames(const char *level, const uint64_t *frames)
{
	const char *head = level;

	for (unsigned i = 0; i < RAW_FRAME_TYPES; i++) {
		if (frames[i] == 0)
			continue;
		printf("%s %s %" PRIu64, head, raw_frame_name(i), frames[i]);
		head = "";
	}
}

static void
print_seen(const struct raw_conn *conn)
{
	char text[RAW_SEEN_TEXT];

	raw_conn_describe(conn, text, sizeof(text));
	printf("# %s: %s; %" PRIu64 " packets", conn->name, text,
	    conn->seen.packets);
	print_frames("", conn->seen.frames);
	print_frames(" initial:", conn->seen.long_frames[RAW_LEVEL_INITIAL]);
	print_frames(
	    " handshake:", conn->seen.long_frames[RAW_LEVEL_HANDSHAKE]);
	printf("\n");
}

static int
print_answer(struct raw_script *script, const char *word)
{
	const struct raw_seen_stream *s;
	struct raw_dns dns;
	uint64_t stream;

	if (raw_word_stream(script, word, &stream) != 0)
		return -EINVAL;
	s = raw_seen_stream(&script->current->seen, stream);
	if (s == NULL || s->whole < 2)
		return 0;
	if (raw_dns_read(s->data.data + 2, s->whole - 2, &dns) == 0) {
		(void)raw_check_field(
		    &dns, "len=0", script->seen, sizeof(script->seen));
		printf("# %s\n", script->seen);
	}
	raw_dns_done(&dns);
	return 0;
}

static int
print_data(struct raw_script *script, const char *word)
{
	const struct raw_seen_stream *s;
	uint64_t stream;

	if (raw_word_stream(script, word, &stream) != 0)
		return -EINVAL;
	s = raw_seen_stream(&script->current->seen, stream);
	printf("# %" PRIu64 ": ", stream);
	for (size_t i = 0; s != NULL && i < s->whole; i++)
		printf("%02x", s->data.data[i]);
	printf("%s\n", s != NULL && raw_seen_is_finished(s) ? " fin" : "");
	fflush(stdout);
	return 0;
}

static int
cmd_print(struct raw_script *script, const struct raw_words *words)
{
	if (script->current == NULL || words->count < 2)
		return -EINVAL;
	if (strcmp(words->at[1], "params") == 0)
		print_params(script->current);
	else if (strcmp(words->at[1], "seen") == 0 ||
		 strcmp(words->at[1], "state") == 0)
		print_seen(script->current);
	else if (strcmp(words->at[1], "answer") == 0 && words->count == 3)
		return print_answer(script, words->at[2]);
	else if (strcmp(words->at[1], "data") == 0 && words->count == 3)
		return print_data(script, words->at[2]);
	else
		return -EINVAL;
	fflush(stdout); /* somebody may wait for it */
	return 0;
}

const struct raw_command raw_connect_commands[] = {
    {"connect", cmd_connect},
    {"use", cmd_use},
    {"drop", cmd_drop},
    {"abandon", cmd_abandon},
    {"rebind", cmd_rebind},
    {"recount", cmd_recount},
    {"takeover", cmd_takeover},
    {"control", cmd_control},
    {"print", cmd_print},
    {NULL, NULL},
};
