/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bare datagrams: what an outsider may send to the port, and what comes back.
 * One socket a case, so that answers to several datagrams are seen together.
 */
#include "tools/doqspec/raw/expect.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	READS_PER_TURN = 256,
	VN_MIN_LEN = 7
};

static int
open_udp(struct raw_script *script, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *list;
	int fd;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -EINVAL;
	fd = socket(
	    list->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	script->udp = fd;
	return fd >= 0 ? 0 : -EINVAL;
}

static int
cmd_udp(struct raw_script *script, const struct raw_words *words)
{
	struct raw_buf data = {0};
	int rc = 0;

	if (words->count < 4)
		return -EINVAL;
	if (script->udp < 0)
		rc = open_udp(script, words->at[1], words->at[2]);
	for (int i = 3; i < words->count && rc == 0; i++)
		rc = raw_word_part(script, words->at[i], &data);
	if (rc == 0 && send(script->udp, data.data, data.len, 0) < 0)
		raw_script_failed(script, "send: %s", strerror(errno));
	raw_buf_done(&data);
	return rc == 0 ? 0 : -EINVAL;
}

void
raw_udp_read(struct raw_script *script)
{
	uint8_t data[RAW_PACKET_MAX];

	for (int i = 0; i < READS_PER_TURN && script->udp >= 0; i++) {
		ssize_t len = recv(script->udp, data, sizeof(data), 0);

		if (len < 0)
			break;
		script->udp_got.len = 0;
		raw_buf_add(&script->udp_got, data, (size_t)len);
		script->udp_datagrams++;
		if ((size_t)len > script->udp_largest)
			script->udp_largest = (size_t)len;
	}
}

/* Version 0 in a long header (RFC 9000 17.2.1). */
static bool
is_version_negotiation(const struct raw_buf *got)
{
	return got->len >= VN_MIN_LEN && (got->data[0] & 0x80) != 0 &&
	       raw_get_u32(got->data + 1) == 0;
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

int
raw_check_udp(struct raw_script *script, struct raw_attempt *attempt)
{
	const struct raw_words *w = &attempt->words;
	const char *value;
	uint64_t most;

	if (w->count != 2)
		return -EINVAL;
	snprintf(script->seen, sizeof(script->seen),
	    "%zu datagrams, the largest of %zu octets", script->udp_datagrams,
	    script->udp_largest);
	if (strcmp(w->at[1], "none") == 0)
		return script->udp_datagrams == 0 ? 0 : -1;
	value = raw_word_value(w->at[1], "max");
	if (value != NULL) {
		if (raw_word_number(value, &most) != 0)
			return -EINVAL;
		return script->udp_largest <= most ? 0 : -1;
	}
	if (script->udp_datagrams == 0)
		return 0;
	if (strcmp(w->at[1], "any") == 0)
		return 1;
	if (strcmp(w->at[1], "vn") == 0)
		return is_version_negotiation(&script->udp_got) ? 1 : -1;
	if (strcmp(w->at[1], "dns") == 0)
		return is_dns(&script->udp_got) ? 1 : -1;
	if (strncmp(w->at[1], "hex:", 4) == 0)
		return check_hex(&script->udp_got, w->at[1] + 4);
	return -EINVAL;
}

const struct raw_command raw_udp_commands[] = {
    {"udp", cmd_udp},
    {NULL, NULL},
};
