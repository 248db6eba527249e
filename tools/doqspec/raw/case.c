/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases: how one begins, what no server may do in any of them, and the verdict
 * at its end.  With them the commands that act on the script alone.
 *
 * IDs are printed only here, at the end of a case in which everything held,
 * the control included.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OWN_VARS = 16
};

/* The server repeats what an abandoned connection never acknowledged, and a
 * later case may have its port. */
static void
take_leave(struct raw_script *script)
{
	for (struct raw_conn *c = script->loop.conns; c != NULL; c = c->next)
		c->is_abandoned = false;
}

void
raw_case_clear(struct raw_script *script)
{
	if (script->takes_leave)
		take_leave(script);
	raw_loop_done(&script->loop);
	script->current = NULL;
	script->former = NULL;
	script->last_stream = 0;
	raw_outsider_done(&script->outsider);
	for (size_t i = 0; i < script->nids; i++)
		free(script->ids[i]);
	script->nids = 0;
	script->has_failed = false;
	script->skips_control = false;
	script->persists = false;
	script->allows_stop = false;
	script->allows_foreign = false;
	script->allows_failed = false;
	script->allows_codes = false;
	script->deadline_ms = script->first_deadline_ms;
	script->is_inapplicable = false;
	script->in_case = false;
}

/* RFC 9250 8.4; RFC 9000 20.1, RFC 9368 and the TLS alerts. */
static bool
is_registered(bool is_app, uint64_t code)
{
	enum {
		DOQ_LAST = 0x5,
		QUIC_LAST = 0x11,
		TLS_FIRST = 0x100
	};

	if (is_app)
		return code <= DOQ_LAST;
	return code <= QUIC_LAST ||
	       (code >= TLS_FIRST && code <= TLS_FIRST + UINT8_MAX);
}

/* DOQ-039: a server uses the registered numbers only. */
static void
check_codes(struct raw_script *script, const struct raw_conn *conn)
{
	const struct raw_seen_close *c = &conn->seen.close;

	if (c->is_seen && !is_registered(c->is_app, c->code))
		raw_script_failed(script, "%s: closed with code 0x%llx",
		    conn->name, (unsigned long long)c->code);
	for (uint64_t id = 0; id < conn->next_bidi; id += RAW_STREAM_KINDS) {
		const struct raw_seen_stream *s =
		    raw_seen_stream(&conn->seen, id);

		/* A reset may also copy the client's code (RFC 9000 3.5). */
		if (s != NULL && s->has_reset &&
		    !is_registered(true, s->reset_code) &&
		    !script->allows_codes)
			raw_script_failed(script, "%s: reset with code 0x%llx",
			    conn->name, (unsigned long long)s->reset_code);
	}
}

/* What no server may do in any case, unless the script allowed it. */
static void
check_manners(struct raw_script *script)
{
	struct raw_conn *c;

	for (c = script->loop.conns; c != NULL; c = c->next) {
		if (c->seen.stops > 0 && !script->allows_stop)
			raw_script_failed(script,
			    "%s: the server sent STOP_SENDING", c->name);
		if (c->seen.foreign > 0 && !script->allows_foreign)
			raw_script_failed(script,
			    "%s: the server used a stream of its own", c->name);
		if (c->seen.beyond > 0)
			raw_script_failed(script,
			    "%s: the server sent more, or further on, than is "
			    "kept",
			    c->name);
		if (c->seen.bad_packets > 0)
			raw_script_failed(script,
			    "%s: a frame of the server is not readable",
			    c->name);
		if (c->seen.misplaced > 0)
			raw_script_failed(script,
			    "%s: a frame that no Initial or Handshake packet "
			    "may hold",
			    c->name);
		check_codes(script, c);
		/* Failing may be why the case does not apply. */
		if (c->state == RAW_FAILED && !script->allows_failed &&
		    !script->is_inapplicable)
			raw_script_failed(script, "%s: %s", c->name, c->error);
	}
}

/* Its ids, unless it did not apply. */
static void
print_case(const struct raw_script *script)
{
	for (size_t i = 0; i < script->nids; i++)
		if (script->has_failed)
			printf("not ok %s\n", script->ids[i]);
		else if (!script->is_inapplicable)
			printf("ok %s\n", script->ids[i]);
	if (script->is_verbose || script->has_failed)
		printf("# %s: %s\n",
		    script->has_failed	      ? "failed"
		    : script->is_inapplicable ? "not applicable"
					      : "held",
		    script->title[0] != '\0' ? script->title : script->file);
	fflush(stdout);
}

void
raw_case_end(struct raw_script *script)
{
	if (!script->in_case)
		return;
	script->cases++;
	if (!script->has_failed)
		check_manners(script);
	if (!script->has_failed && !script->is_inapplicable &&
	    !script->skips_control && !raw_script_control(script))
		raw_script_failed(
		    script, "control client not answered: %s", script->seen);
	if (script->has_failed)
		script->cases_failed++;
	if (script->observer == NULL)
		print_case(script);
	raw_case_clear(script);
}

/* Two or more capitals, a hyphen, digits. */
static bool
is_id(const char *word)
{
	const char *p = word;

	while (isupper((unsigned char)*p))
		p++;
	if (p - word < 2 || *p++ != '-' || !isdigit((unsigned char)*p))
		return false;
	while (isdigit((unsigned char)*p))
		p++;
	return *p == '\0';
}

static int
cmd_case(struct raw_script *script, const struct raw_words *words)
{
	int i = 1;
	size_t n = 0;

	raw_case_end(script);
	script->in_case = true;
	for (; i < words->count && is_id(words->at[i]); i++) {
		if (script->nids == RAW_IDS_MAX)
			return -EINVAL;
		script->ids[script->nids++] = raw_strdup(words->at[i]);
	}
	script->title[0] = '\0';
	for (; i < words->count && n < sizeof(script->title); i++)
		n += (size_t)snprintf(script->title + n,
		    sizeof(script->title) - n, "%s%s", n > 0 ? " " : "",
		    words->at[i]);
	return 0;
}

/* ---- plain commands ---------------------------------------------------- */

/* Some are left for what the engine itself tells. */
static bool
has_room(const struct raw_script *script)
{
	return script->nvars < RAW_VARS_MAX - OWN_VARS;
}

static int
cmd_set(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 3 || !has_room(script))
		return -EINVAL;
	raw_script_set(script, words->at[1], words->at[2]);
	return 0;
}

static int
cmd_default(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 3 || !has_room(script))
		return -EINVAL;
	for (size_t i = 0; i < script->nvars; i++)
		if (strcmp(script->vars[i].name, words->at[1]) == 0 &&
		    script->vars[i].is_given)
			return 0;
	raw_script_set(script, words->at[1], words->at[2]);
	return 0;
}

static int
cmd_deadline(struct raw_script *script, const struct raw_words *words)
{
	return words->count == 2
		   ? raw_word_duration(words->at[1], &script->deadline_ms)
		   : -EINVAL;
}

static int
cmd_wait(struct raw_script *script, const struct raw_words *words)
{
	uint64_t ms;

	if (words->count != 2 || raw_word_duration(words->at[1], &ms) != 0)
		return -EINVAL;
	raw_loop_run(&script->loop, raw_now() + ms * RAW_MS);
	return 0;
}

static int
cmd_nocontrol(struct raw_script *script, const struct raw_words *words)
{
	(void)words;
	script->skips_control = true;
	return 0;
}

static int
cmd_persist(struct raw_script *script, const struct raw_words *words)
{
	(void)words;
	script->persists = true;
	return 0;
}

static int
cmd_allow(struct raw_script *script, const struct raw_words *words)
{
	if (words->count != 2)
		return -EINVAL;
	if (strcmp(words->at[1], "stop_sending") == 0)
		script->allows_stop = true;
	else if (strcmp(words->at[1], "foreign") == 0)
		script->allows_foreign = true;
	else if (strcmp(words->at[1], "codes") == 0)
		script->allows_codes = true;
	else if (strcmp(words->at[1], "failed") == 0)
		script->allows_failed = true;
	else
		return -EINVAL;
	return 0;
}

/* What only the reader, or the runner of many cases, looks at. */
static int
cmd_note(struct raw_script *script, const struct raw_words *words)
{
	(void)script;
	return words->count > 1 ? 0 : -EINVAL;
}

static int
cmd_alone(struct raw_script *script, const struct raw_words *words)
{
	(void)script;
	return words->count == 1 ? 0 : -EINVAL;
}

static int
cmd_needs(struct raw_script *script, const struct raw_words *words)
{
	for (int i = 1; i < words->count; i++) {
		char name[64];
		size_t n = 0;

		for (const char *p = words->at[i];
		     *p != '\0' && n + 1 < sizeof(name); p++)
			name[n++] = (char)toupper((unsigned char)*p);
		name[n] = '\0';
		if (raw_script_get(script, name) != NULL)
			continue;
		snprintf(script->seen, sizeof(script->seen), "needs %s", name);
		raw_script_inapplicable(script, script->seen);
		return 0;
	}
	return words->count > 1 ? 0 : -EINVAL;
}

const struct raw_command raw_case_commands[] = {
    {"case", cmd_case},
    {"name", cmd_note},
    {"rfc", cmd_note},
    {"needs", cmd_needs},
    {"alone", cmd_alone},
    {"set", cmd_set},
    {"default", cmd_default},
    {"deadline", cmd_deadline},
    {"wait", cmd_wait},
    {"nocontrol", cmd_nocontrol},
    {"persist", cmd_persist},
    {"allow", cmd_allow},
    {NULL, NULL},
};
