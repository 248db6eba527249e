/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest pieces of script lines: numbers, durations, streams, parts.
 * Nothing here talks to a server.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

enum {
	FILL_MAX = 1 << 24,
	SECOND_MS = 1000,
	SUM_MAX = 64
};

static int
reckon(uint64_t *total, char operation, uint64_t n)
{
	switch (operation) {
	case '+':
		*total += n;
		return 0;
	case '*':
		*total *= n;
		return 0;
	case '-':
		if (n > *total)
			return -EINVAL;
		*total -= n;
		return 0;
	case '/':
		if (n == 0)
			return -EINVAL;
		*total /= n;
		return 0;
	default:
		return -EINVAL;
	}
}

int
raw_word_number(const char *text, uint64_t *ret_number)
{
	uint64_t total = 0;
	char operation = '+';

	for (;;) {
		char *end;
		unsigned long long n;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		errno = 0;
		n = strtoull(text, &end, 0);
		if (errno != 0 || reckon(&total, operation, n) != 0)
			return -EINVAL;
		if (*end == '\0')
			break;
		operation = *end;
		text = end + 1;
	}
	*ret_number = total;
	return 0;
}

int
raw_word_duration(const char *text, uint64_t *ret_ms)
{
	char number[SUM_MAX];
	size_t len = strlen(text);
	uint64_t unit = SECOND_MS;
	uint64_t n;

	if (len < 2 || text[len - 1] != 's' || len >= sizeof(number))
		return -EINVAL;
	len--;
	if (text[len - 1] == 'm') {
		unit = 1;
		len--;
	}
	memcpy(number, text, len);
	number[len] = '\0';
	if (raw_word_number(number, &n) != 0)
		return -EINVAL;
	*ret_ms = n * unit;
	return 0;
}

const char *
raw_word_value(const char *word, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(word, key, len) != 0 || word[len] != '=')
		return NULL;
	return word + len + 1;
}

int
raw_word_keyed(
    const char *word, const struct raw_word_place *places, size_t nplaces)
{
	for (size_t i = 0; i < nplaces; i++) {
		const char *value = raw_word_value(word, places[i].key);

		if (value != NULL)
			return raw_word_number(value, places[i].to);
	}
	return -ENOENT;
}

int
raw_word_stream(
    struct raw_script *script, const char *text, uint64_t *ret_stream)
{
	char number[24];

	if (script->current == NULL)
		return -EINVAL;
	if (strcmp(text, "new") == 0)
		script->last_stream =
		    raw_conn_next_stream(script->current, false);
	else if (strcmp(text, "new-uni") == 0)
		script->last_stream =
		    raw_conn_next_stream(script->current, true);
	else if (strcmp(text, "last") != 0 &&
		 raw_word_number(text, &script->last_stream) != 0)
		return -EINVAL;
	snprintf(number, sizeof(number), "%" PRIu64, script->last_stream);
	raw_record_replace(script->record, text, number);
	*ret_stream = script->last_stream;
	return 0;
}

static int
part_file(const char *path, struct raw_buf *buf)
{
	uint8_t block[4096];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL)
		return -EINVAL;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		raw_buf_add(buf, block, n);
	fclose(file);
	return 0;
}

static int
part_fill(const char *text, bool is_random, struct raw_buf *buf)
{
	uint64_t count;
	size_t at = buf->len;

	if (raw_word_number(text, &count) != 0 || count > FILL_MAX)
		return -EINVAL;
	raw_buf_fill(buf, 0, (size_t)count);
	if (is_random && count > 0)
		gnutls_rnd(GNUTLS_RND_NONCE, buf->data + at, (size_t)count);
	return 0;
}

static int
part_query(struct raw_script *script, const char *text, struct raw_buf *buf)
{
	const char *where = "";

	if (raw_dns_put_query(buf, text, &where) == 0)
		return 0;
	fprintf(stderr, "%s:%u: query not understood at \"%s\"\n", script->file,
	    script->line, where);
	return -EINVAL;
}

static int
read_part(struct raw_script *script, const char *word, struct raw_buf *buf)
{
	const char *colon = strchr(word, ':');
	size_t kind = colon != NULL ? (size_t)(colon - word) : 0;

	if (kind == 3 && strncmp(word, "hex", kind) == 0)
		return raw_buf_hex(buf, colon + 1, strlen(colon + 1));
	if (kind == 4 && strncmp(word, "asks", kind) == 0)
		return raw_buf_hex(buf, colon + 1, strlen(colon + 1));
	if (kind == 4 && strncmp(word, "text", kind) == 0) {
		raw_buf_add(buf, colon + 1, strlen(colon + 1));
		return 0;
	}
	if (kind == 5 && strncmp(word, "zeros", kind) == 0)
		return part_fill(colon + 1, false, buf);
	if (kind == 6 && strncmp(word, "random", kind) == 0)
		return part_fill(colon + 1, true, buf);
	if (kind == 4 && strncmp(word, "file", kind) == 0)
		return part_file(colon + 1, buf);
	if (kind == 7 && strncmp(word, "initial", kind) == 0)
		return raw_outsider_part(script, colon + 1, true, buf);
	if (kind == 4 && strncmp(word, "long", kind) == 0)
		return raw_outsider_part(script, colon + 1, false, buf);
	if (kind == 5 && strncmp(word, "query", kind) == 0)
		return part_query(script, colon + 1, buf);
	return -ENOENT;
}

/* What the same word would mean at any time and anywhere. */
static bool
is_literal(const char *word)
{
	static const char *const kinds[] = {"hex:", "asks:", "text:", "zeros:"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(word, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

int
raw_word_part(struct raw_script *script, const char *word, struct raw_buf *buf)
{
	size_t at = buf->len;
	int rc = read_part(script, word, buf);

	if (rc == 0 && !is_literal(word))
		raw_record_octets(script->record, word,
		    raw_word_is_query(word) ? "asks" : "hex",
		    buf->len > 0 ? buf->data + at : buf->data, buf->len - at);
	return rc;
}

bool
raw_word_is_query(const char *word)
{
	return strncmp(word, "query:", 6) == 0 ||
	       strncmp(word, "asks:", 5) == 0;
}
