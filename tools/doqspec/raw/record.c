/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a run down as a script; see record.h.
 *
 * Words are known by their addresses: a command that finds out what a word
 * stands for says so while it runs, and whoever says nothing is written down
 * word for word.  Comments wait until the line is there that caused them.
 */
#include "tools/doqspec/raw/record.h"
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	OCTET_DIGITS = 2
};

struct raw_record {
	FILE *file;
	uint64_t begun;
	bool has_head;
	char *title; /* of a case that nothing has begun yet, or NULL */
	bool is_busy;
	char *chosen;
	int count;
	const char *words[RAW_WORDS_MAX]; /* whose they are */
	char *texts[RAW_WORDS_MAX];
	struct raw_buf comments; /* of the command that runs */
};

static void
put_comments(struct raw_record *record)
{
	fwrite(record->comments.data, 1, record->comments.len, record->file);
	record->comments.len = 0;
	fflush(record->file);
}

struct raw_record *
raw_record_open(const char *path)
{
	FILE *file = path != NULL ? fopen(path, "w+") : tmpfile();
	struct raw_record *record;

	if (file == NULL)
		raw_fatal("%s: %s", path != NULL ? path : "a recording",
		    strerror(errno));
	record = raw_alloc(1, sizeof(*record));
	record->file = file;
	record->begun = raw_now();
	return record;
}

int
raw_record_save(struct raw_record *record, const char *path)
{
	FILE *file = fopen(path, "w+");
	int c;

	if (file == NULL)
		return -errno;
	rewind(record->file);
	while ((c = getc(record->file)) != EOF)
		putc(c, file);
	fclose(record->file);
	record->file = file;
	put_comments(record);
	return 0;
}

void
raw_record_close(struct raw_record *record)
{
	if (record == NULL)
		return;
	if (record->comments.len > 0)
		fwrite(record->comments.data, 1, record->comments.len,
		    record->file);
	if (fclose(record->file) != 0)
		raw_fatal("the recording: %s", strerror(errno));
	raw_buf_done(&record->comments);
	free(record->title);
	free(record);
}

/* ---- lines ------------------------------------------------------------- */

static bool
is_plain(const char *word)
{
	if (word[0] == '\0')
		return false;
	for (const char *p = word; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) &&
		    strchr("_-+*/.,:;=<>!|%@()[]{}^~&?", *p) == NULL)
			return false;
	return true;
}

void
raw_record_quote(struct raw_buf *line, const char *word)
{
	char quote[] = "'";
	char octet[8];

	if (is_plain(word)) {
		raw_buf_add(line, word, strlen(word));
		return;
	}
	raw_buf_u8(line, '\'');
	for (const char *p = word; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c != '\'' && !iscntrl(c)) {
			raw_buf_u8(line, c);
			continue;
		}
		/* Outside of '...', where ${xHH} is an octet. */
		snprintf(octet, sizeof(octet), "${x%02x}", c);
		raw_buf_add(line, quote, 1);
		raw_buf_add(line, octet, strlen(octet));
		raw_buf_add(line, quote, 1);
	}
	raw_buf_u8(line, '\'');
}

static void
put_line(struct raw_record *record, const char *const *words, int count)
{
	struct raw_buf line = {0};

	for (int i = 0; i < count; i++) {
		if (words[i] == NULL)
			continue;
		if (line.len > 0)
			raw_buf_u8(&line, ' ');
		raw_record_quote(&line, words[i]);
	}
	raw_buf_u8(&line, '\n');
	fwrite(line.data, 1, line.len, record->file);
	raw_buf_done(&line);
}

static void __attribute__((format(printf, 2, 3)))
comment(struct raw_record *record, const char *format, ...)
{
	char text[2 * RAW_SHOW_MAX];
	uint64_t us = (raw_now() - record->begun) / 1000;
	va_list args;
	int n;

	n = snprintf(text, sizeof(text), "# %" PRIu64 ".%03" PRIu64 " ",
	    us / 1000, us % 1000);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	raw_buf_add(&record->comments, text, strlen(text));
	raw_buf_u8(&record->comments, '\n');
}

/* What lines without a value of their own rely on, once. */
static void
put_head(struct raw_record *record, const struct raw_script *script)
{
	static const char *const names[] = {
	    "HOST", "PORT", "NAME", "TYPE", "VERSION", "SNI", "CA"};

	fputs("# Recorded by doqspec play --record.\n", record->file);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *words[] = {
		    "default", names[i], raw_script_get(script, names[i])};

		if (words[2] != NULL)
			put_line(record, words, 3);
	}
	record->has_head = true;
}

/* ---- commands ---------------------------------------------------------- */

void
raw_record_file(struct raw_record *record, const char *file)
{
	if (record == NULL)
		return;
	free(record->title);
	record->title = raw_strdup(file);
}

void
raw_record_begin(struct raw_record *record, const struct raw_script *script,
    const struct raw_words *words, const char *chosen)
{
	if (record == NULL || strcmp(words->at[0], "default") == 0)
		return;
	if (!record->has_head)
		put_head(record, script);
	if (record->title != NULL && strcmp(words->at[0], "case") != 0) {
		const char *begin[] = {"case", record->title};

		put_line(record, begin, 2);
	}
	free(record->title);
	record->title = NULL;
	record->is_busy = true;
	record->chosen = chosen != NULL ? raw_strdup(chosen) : NULL;
	record->count = words->count;
	for (int i = 0; i < words->count; i++) {
		record->words[i] = words->at[i];
		record->texts[i] = raw_strdup(words->at[i]);
	}
}

/* What has been looked at, or acts on this machine only. */
static bool
is_done_with(const struct raw_record *record, const struct raw_script *script)
{
	const char *name = record->texts[0];

	return strcmp(name, "save_ticket") == 0 ||
	       (strcmp(name, "needs") == 0 && !script->is_inapplicable);
}

static void
put_command(struct raw_record *record, const struct raw_script *script, int rc)
{
	const char *words[RAW_WORDS_MAX + 1];

	if (rc != 0 || is_done_with(record, script))
		fputs(
		    rc != 0 ? "# not understood: " : "# done: ", record->file);
	words[0] = record->chosen;
	for (int i = 0; i < record->count; i++)
		words[i + 1] = record->texts[i];
	put_line(record, words, record->count + 1);
}

void
raw_record_end(
    struct raw_record *record, const struct raw_script *script, int rc)
{
	char seen[RAW_SHOW_MAX];

	if (record == NULL || !record->is_busy)
		return;
	if (strcmp(record->texts[0], "expect") == 0) {
		raw_show_octets((const uint8_t *)script->seen,
		    strlen(script->seen), seen, sizeof(seen));
		comment(record, "%s: %s",
		    script->has_held ? "held" : "did not hold", seen);
	}
	put_command(record, script, rc);
	put_comments(record);
	for (int i = 0; i < record->count; i++)
		free(record->texts[i]);
	free(record->chosen);
	record->chosen = NULL;
	record->count = 0;
	record->is_busy = false;
}

void
raw_record_replace(
    struct raw_record *record, const char *word, const char *text)
{
	if (record == NULL)
		return;
	for (int i = 0; i < record->count; i++) {
		if (record->words[i] != word)
			continue;
		free(record->texts[i]);
		record->texts[i] = text[0] != '\0' ? raw_strdup(text) : NULL;
	}
}

void
raw_record_octets(struct raw_record *record, const char *word, const char *kind,
    const uint8_t *data, size_t len)
{
	size_t size = strlen(kind) + 1 + OCTET_DIGITS * len + 1;
	char *text;
	size_t n;

	if (record == NULL)
		return;
	text = raw_alloc(1, size);
	n = (size_t)snprintf(text, size, "%s:", kind);
	for (size_t i = 0; i < len; i++)
		n += (size_t)snprintf(text + n, size - n, "%02x", data[i]);
	raw_record_replace(record, word, text);
	free(text);
}

void
raw_record_pause(struct raw_record *record, uint64_t ms)
{
	char duration[32];
	const char *words[] = {"wait", duration};

	if (record == NULL || !record->has_head)
		return;
	put_comments(record);
	snprintf(duration, sizeof(duration), "%" PRIu64 "ms", ms);
	put_line(record, words, 2);
}

void
raw_record_sight(struct raw_record *record, const struct raw_conn *conn,
    const struct raw_sight *sight)
{
	char text[RAW_SHOW_MAX];

	if (record == NULL)
		return;
	raw_show_sight(conn, sight, true, text, sizeof(text));
	comment(record, "%" PRIu64 " %s", sight->number, text);
}
