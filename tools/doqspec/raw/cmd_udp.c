/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bare datagrams: what an outsider may send to the port, and what comes back.
 * One socket until `outsider`, so that answers to several datagrams are seen
 * together.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READS_PER_TURN = 256,
	VERSION_LEN = 4,
	RESET_MIN = 21,	   /* RFC 9000 10.3 */
	RESET_SAFE = 43,   /* below that a reset is one smaller at most */
	FIRST_FORM = 0xc0, /* of a short header: 01 */
	FIRST_SHORT = 0x40
};

static int
bind_to(int fd, const char *address)
{
	struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int rc;

	if (address == NULL)
		return 0;
	if (getaddrinfo(address, "0", &hints, &list) != 0)
		return -EINVAL;
	rc = bind(fd, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return rc;
}

static int
open_udp(struct raw_outsider *out, const char *host, const char *port,
    const char *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int fd;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -EINVAL;
	fd = socket(
	    list->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && (bind_to(fd, address) != 0 ||
			   connect(fd, list->ai_addr, list->ai_addrlen) != 0)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (out->fd >= 0)
		close(out->fd);
	out->fd = fd;
	return fd >= 0 ? 0 : -EINVAL;
}

/* Whoever made it: what answers it can be opened (RFC 9001 5.2). */
static void
note_initial(struct raw_outsider *out, const struct raw_buf *data)
{
	struct raw_long header;
	struct raw_buf dcid = {0};

	if (raw_long_read(data->data, data->len, &header) != 0 ||
	    header.type != RAW_LONG_INITIAL)
		return;
	raw_buf_add(&dcid, header.dcid, header.dcid_len);
	raw_outsider_note_keys(out, header.version, &dcid);
	raw_buf_done(&dcid);
}

static int
cmd_udp(struct raw_script *script, const struct raw_words *words)
{
	struct raw_outsider *out = &script->outsider;
	struct raw_buf data = {0};
	int rc = 0;

	if (words->count < 4)
		return -EINVAL;
	if (out->fd < 0)
		rc = open_udp(out, words->at[1], words->at[2], NULL);
	for (int i = 3; i < words->count && rc == 0; i++)
		rc = raw_word_part(script, words->at[i], &data);
	if (rc == 0 && send(out->fd, data.data, data.len, 0) < 0)
		raw_script_failed(script, "send: %s", strerror(errno));
	note_initial(out, &data);
	out->octets_out += data.len;
	raw_buf_done(&out->sent);
	out->sent = data;
	return rc == 0 ? 0 : -EINVAL;
}

/* Counts from 0, and from another socket. */
static void
forget(struct raw_outsider *out)
{
	out->octets_out = 0;
	out->octets_in = 0;
	out->datagrams = 0;
	out->largest = 0;
	out->unopened = 0;
	out->bad_retries = 0;
	memset(out->packets, 0, sizeof(out->packets));
	raw_seen_done(&out->seen);
}

/* outsider [move] [bind=ADDRESS] */
static int
cmd_outsider(struct raw_script *script, const struct raw_words *words)
{
	struct raw_outsider *out = &script->outsider;
	const char *address = NULL;
	bool moves = false;

	for (int i = 1; i < words->count; i++) {
		if (strcmp(words->at[i], "move") == 0)
			moves = true;
		else if ((address = raw_word_value(words->at[i], "bind")) ==
			 NULL)
			return -EINVAL;
	}
	if (moves)
		forget(out);
	else
		raw_outsider_done(out);
	if (open_udp(out, raw_script_get(script, "HOST"),
		raw_script_get(script, "PORT"), address) != 0)
		raw_script_failed(script, "no socket of that address");
	return 0;
}

/* local ADDRESS: could a socket of that address talk to the server? */
int
raw_check_local(struct raw_script *script, struct raw_attempt *attempt)
{
	struct raw_outsider here;
	int rc;

	if (attempt->words.count != 2)
		return -EINVAL;
	raw_outsider_init(&here);
	rc = open_udp(&here, raw_script_get(script, "HOST"),
	    raw_script_get(script, "PORT"), attempt->words.at[1]);
	raw_outsider_done(&here);
	snprintf(script->seen, sizeof(script->seen), "%s",
	    rc == 0 ? "an address of ours" : "no way from there to the server");
	return rc == 0 ? 1 : -1;
}

void
raw_udp_read(struct raw_script *script)
{
	uint8_t data[RAW_PACKET_MAX];

	for (int i = 0; i < READS_PER_TURN && script->outsider.fd >= 0; i++) {
		ssize_t len = recv(script->outsider.fd, data, sizeof(data), 0);

		if (len < 0)
			break;
		raw_outsider_on_datagram(&script->outsider, data, (size_t)len);
	}
}

/* ---- what came back ---------------------------------------------------- */

static int
say(struct raw_script *script, int result, const char *text)
{
	snprintf(script->seen, sizeof(script->seen), "%s", text);
	return result;
}

static bool
is_cid(const uint8_t *is, size_t is_len, const uint8_t *want, size_t want_len)
{
	return is_len == want_len &&
	       (is_len == 0 || memcmp(is, want, is_len) == 0);
}

/* RFC 9000 17.2.1: both IDs change places; whole versions follow. */
static int
check_vn(struct raw_script *script, const struct raw_words *w)
{
	const struct raw_buf *got = &script->outsider.versions;
	const struct raw_buf *sent = &script->outsider.sent;
	const char *value =
	    w->count > 2 ? raw_word_value(w->at[2], "lists") : NULL;
	struct raw_long vn, trigger;
	uint64_t version = 0;
	size_t list;

	if (w->count > 2 &&
	    (value == NULL || raw_word_number(value, &version) != 0))
		return -EINVAL;
	if (script->outsider.packets[RAW_LONG_VERSIONS] == 0)
		return script->outsider.datagrams == 0 ? 0 : -1;
	if (raw_long_read(got->data, got->len, &vn) != 0 ||
	    raw_long_read(sent->data, sent->len, &trigger) != 0 ||
	    !is_cid(vn.dcid, vn.dcid_len, trigger.scid, trigger.scid_len) ||
	    !is_cid(vn.scid, vn.scid_len, trigger.dcid, trigger.dcid_len))
		return say(script, -1,
		    "Version Negotiation with other connection IDs");
	list = vn.size - vn.number_at;
	if (list == 0 || list % VERSION_LEN != 0)
		return say(script, -1,
		    "Version Negotiation without a list of whole versions");
	for (size_t at = vn.number_at; at < vn.size; at += VERSION_LEN)
		if (value == NULL || raw_get_u32(got->data + at) == version)
			return 1;
	return say(script, -1, "Version Negotiation without that version");
}

/* RFC 9000 17.2.5.1 */
static int
check_retry(struct raw_script *script)
{
	const struct raw_outsider *out = &script->outsider;
	struct raw_long sent;

	if (out->packets[RAW_LONG_RETRY] == 0)
		return 0;
	if (out->bad_retries > 0)
		return say(script, -1, "Retry with a wrong integrity tag");
	if (out->retry_token.len == 0)
		return say(script, -1, "Retry with an empty token");
	if (raw_long_read(out->sent.data, out->sent.len, &sent) == 0 &&
	    is_cid(out->retry_cid.data, out->retry_cid.len, sent.dcid,
		sent.dcid_len))
		return say(script, -1, "Retry that keeps the client's ID");
	return 1;
}

static int
check_initial(struct raw_script *script, const struct raw_words *w)
{
	const struct raw_outsider *out = &script->outsider;
	size_t len;

	if (out->seen.bad_packets > 0)
		return say(script, -1, "an Initial with an unreadable frame");
	if (w->count == 2 || out->packets[RAW_LONG_INITIAL] == 0)
		return out->packets[RAW_LONG_INITIAL] > 0;
	len = strcspn(w->at[2], "=<>");
	for (uint64_t type = 0; type < RAW_FRAME_TYPES; type++)
		if (strlen(raw_frame_name(type)) == len &&
		    strncmp(raw_frame_name(type), w->at[2], len) == 0)
			return raw_check_compare(
			    script, w->at[2] + len, out->seen.frames[type]);
	return -EINVAL;
}

static int
check_udp_close(struct raw_script *script, const struct raw_words *w)
{
	const struct raw_seen_close *c = &script->outsider.seen.close;
	const char *p;

	if (w->count != 3)
		return -EINVAL;
	if (!c->is_seen)
		return 0;
	snprintf(script->seen, sizeof(script->seen),
	    "an Initial closes: %s 0x%" PRIx64, c->is_app ? "app" : "transport",
	    c->code);
	for (p = w->at[2]; *p != '\0';) {
		char *end;
		uint64_t code = strtoull(p, &end, 0);

		if (end == p || (*end != '\0' && *end != '|'))
			return -EINVAL;
		if (!c->is_app && c->code == code)
			return 1;
		p = *end == '|' ? end + 1 : end;
	}
	return -1;
}

/* RFC 9000 10.3: looks like a short header; smaller than what drew it. */
static int
check_udp_reset(struct raw_script *script)
{
	const struct raw_outsider *out = &script->outsider;

	if (out->packets[RAW_LONG_NONE] == 0)
		return out->datagrams == 0 ? 0 : -1;
	snprintf(script->seen, sizeof(script->seen),
	    "a short header of %zu octets for one of %zu", out->resets.len,
	    out->sent.len);
	if ((out->resets.data[0] & FIRST_FORM) != FIRST_SHORT ||
	    out->resets.len < RESET_MIN || out->resets.len >= out->sent.len)
		return -1;
	/* 10.3.3: one octet less, while it is so small that the peer might be
	 * another server that has forgotten, too. */
	return out->sent.len > RESET_SAFE ||
		       out->resets.len + 1 == out->sent.len
		   ? 1
		   : -1;
}

static bool
is_dns(const struct raw_buf *got)
{
	struct raw_dns dns;
	bool is_answer = raw_dns_read(got->data, got->len, &dns) == 0 && dns.qr;

	raw_dns_done(&dns);
	return is_answer;
}

static int
check_hex(const struct raw_buf *got, const char *text)
{
	struct raw_buf want = {0};
	int rc = -EINVAL;

	if (raw_buf_hex(&want, text, strlen(text)) == 0)
		rc = want.len == got->len && want.len > 0 &&
		     memcmp(want.data, got->data, want.len) == 0;
	raw_buf_done(&want);
	return rc;
}

/* ---- counts ------------------------------------------------------------ */

/* Octets for one that was sent, rounded up. */
static uint64_t
factor(const struct raw_outsider *out)
{
	if (out->octets_out == 0)
		return out->octets_in > 0 ? UINT64_MAX : 0;
	return (out->octets_in + out->octets_out - 1) / out->octets_out;
}

static int
check_count(struct raw_script *script, const char *word)
{
	const struct raw_outsider *out = &script->outsider;
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {{"datagrams", out->datagrams}, {"octets", out->octets_in},
	    {"vns", out->packets[RAW_LONG_VERSIONS]},
	    {"retries", out->packets[RAW_LONG_RETRY]},
	    {"initials", out->packets[RAW_LONG_INITIAL]},
	    {"handshakes", out->packets[RAW_LONG_HANDSHAKE]},
	    {"max", out->largest}, {"amplification", factor(out)}};
	size_t len = strcspn(word, "=<>");

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int rc;

		if (strlen(counts[i].name) != len ||
		    strncmp(counts[i].name, word, len) != 0)
			continue;
		rc = raw_check_compare(script, word + len, counts[i].value);
		/* What may not be exceeded is known only at the end. */
		if (word[len] == '<' && rc >= 0)
			return rc - 1;
		return rc;
	}
	return -EINVAL;
}

bool
raw_udp_is_lasting(const struct raw_words *w)
{
	return w->count > 1 &&
	       (strcmp(w->at[1], "none") == 0 || strchr(w->at[1], '<') != NULL);
}

int
raw_check_udp(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_outsider *out = &script->outsider;
	const struct raw_words *w = &attempt->words;

	if (w->count < 2)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    "%zu datagrams, the largest of %zu octets", out->datagrams,
	    out->largest);
	if (strcmp(w->at[1], "none") == 0)
		return out->datagrams == 0 ? 0 : -1;
	if (strpbrk(w->at[1], "=<>") != NULL)
		return check_count(script, w->at[1]);
	if (strcmp(w->at[1], "vn") == 0)
		return check_vn(script, w);
	if (strcmp(w->at[1], "retry") == 0)
		return check_retry(script);
	if (strcmp(w->at[1], "initial") == 0)
		return check_initial(script, w);
	if (strcmp(w->at[1], "close") == 0)
		return check_udp_close(script, w);
	if (strcmp(w->at[1], "reset") == 0)
		return check_udp_reset(script);
	if (out->datagrams == 0)
		return 0;
	if (strcmp(w->at[1], "any") == 0)
		return 1;
	if (strcmp(w->at[1], "dns") == 0)
		return is_dns(&out->got) ? 1 : -1;
	if (strncmp(w->at[1], "hex:", 4) == 0)
		return check_hex(&out->got, w->at[1] + 4);
	return -EINVAL;
}

const struct raw_command raw_udp_commands[] = {
    {"udp", cmd_udp},
    {"outsider", cmd_outsider},
    {NULL, NULL},
};
