/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts the case files into cases and reads what stands at their heads.  The
 * script itself is not looked at: the engine does that.
 */
#include "tools/doqspec/table.h"
#include "tools/doqspec/raw/bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_SIZE = 4096
};

/* The rest of a line behind `word`, without blanks around it, or NULL. */
static char *
after_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);
	char *rest;

	if (len < n || strncmp(line, word, n) != 0)
		return NULL;
	if (len > n && !isspace((unsigned char)line[n]))
		return NULL;
	while (n < len && isspace((unsigned char)line[n]))
		n++;
	while (len > n && isspace((unsigned char)line[len - 1]))
		len--;
	rest = raw_alloc(1, len - n + 1);
	memcpy(rest, line + n, len - n);
	return rest;
}

/* Two or more capitals, a hyphen, digits; its length, or 0. */
static size_t
id_length(const char *text)
{
	size_t n = 0;
	size_t digits;

	while (isupper((unsigned char)text[n]))
		n++;
	if (n < 2 || text[n++] != '-')
		return 0;
	digits = n;
	while (isdigit((unsigned char)text[n]))
		n++;
	if (n == digits || (text[n] != '\0' && text[n] != ' '))
		return 0;
	return n;
}

/* "DOQ-011 BAD-011 a title" into ids and title. */
static void
cut_title(struct spec_case *c, const char *text)
{
	const char *at = text;
	size_t n;

	while ((n = id_length(at)) > 0) {
		at += n;
		at += strspn(at, " ");
	}
	c->title = raw_strdup(at);
	n = (size_t)(at - text);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	c->ids = raw_alloc(1, n + 1);
	memcpy(c->ids, text, n);
}

static void
replace(char **to, char *text)
{
	if (text == NULL)
		return;
	free(*to);
	*to = text;
}

static void
read_head(struct spec_case *c, const char *line, size_t len)
{
	replace(&c->name, after_word(line, len, "name"));
	replace(&c->rfc, after_word(line, len, "rfc"));
	replace(&c->needs, after_word(line, len, "needs"));
	if (len == strlen("alone") && strncmp(line, "alone", len) == 0)
		c->is_alone = true;
}

static struct spec_case *
add_case(struct spec_table *table, const char *group, const char *title)
{
	struct spec_case *c;

	table->cases = raw_realloc(
	    table->cases, (table->count + 1) * sizeof(*table->cases));
	c = &table->cases[table->count++];
	*c = (struct spec_case){.group = raw_strdup(group),
	    .name = raw_strdup(""),
	    .rfc = raw_strdup(""),
	    .needs = raw_strdup("")};
	cut_title(c, title);
	return c;
}

/* The case whose lines are text[0..len) is complete. */
static void
end_case(struct spec_case *c, const char *text, size_t len)
{
	size_t size;

	if (c == NULL)
		return;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	c->text = raw_alloc(1, len + 2);
	memcpy(c->text, text, len);
	c->text[len] = '\n';
	size = strlen(c->group) + strlen(c->name) + 2;
	c->full = raw_alloc(1, size);
	snprintf(c->full, size, "%s/%s", c->group, c->name);
}

/* Comments right above a `case` line are that case's, not the last one's. */
static void
add_group(struct spec_table *table, const struct spec_group *group)
{
	const char *begin = NULL;
	const char *end = group->text;
	unsigned number = 1;
	struct spec_case *c = NULL;

	for (const char *line = group->text; *line != '\0'; number++) {
		size_t len = strcspn(line, "\n");
		char *title = after_word(line, len, "case");

		if (title != NULL) {
			end_case(c, begin, (size_t)(end - begin));
			c = add_case(table, group->name, title);
			c->line = number;
			begin = line;
			free(title);
		} else if (c != NULL) {
			read_head(c, line, len);
		}
		line += len + (line[len] == '\n');
		if (len > 0 && line[-1 - (ptrdiff_t)len] != '#')
			end = line;
	}
	end_case(c, begin, (size_t)(end - begin));
}

void
spec_table_init(struct spec_table *table, const struct spec_group *groups)
{
	*table = (struct spec_table){0};
	for (const struct spec_group *g = groups; g->name != NULL; g++)
		add_group(table, g);
}

/* The file's text, or NULL. */
static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct raw_buf text = {0};
	char block[BLOCK_SIZE];
	size_t n;

	if (file == NULL)
		return NULL;
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		raw_buf_add(&text, block, n);
	if (ferror(file)) {
		raw_buf_done(&text);
		errno = EIO;
	} else {
		raw_buf_u8(&text, 0);
	}
	fclose(file);
	return (char *)text.data;
}

static char *
group_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = raw_strdup(slash != NULL ? slash + 1 : path);
	char *dot = strrchr(name, '.');

	if (dot != NULL)
		*dot = '\0';
	return name;
}

int
spec_table_read(
    struct spec_table *table, const char *const *files, size_t count)
{
	*table = (struct spec_table){0};
	for (size_t i = 0; i < count; i++) {
		char *text = read_file(files[i]);
		char *name;

		if (text == NULL) {
			int rc = -errno;

			fprintf(stderr, "doqspec: %s: %s\n", files[i],
			    strerror(-rc));
			spec_table_done(table);
			return rc;
		}
		name = group_name(files[i]);
		add_group(table, &(struct spec_group){name, text});
		free(name);
		free(text);
	}
	return 0;
}

void
spec_table_done(struct spec_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct spec_case *c = &table->cases[i];
		char *const texts[] = {c->group, c->name, c->full, c->ids,
		    c->title, c->rfc, c->needs, c->text};

		for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++)
			free(texts[t]);
	}
	free(table->cases);
	*table = (struct spec_table){0};
}

const struct spec_case *
spec_table_find(const struct spec_table *table, const char *full)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->cases[i].full, full) == 0)
			return &table->cases[i];
	return NULL;
}

static bool
has_id(const struct spec_case *c, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = c->ids; *at != '\0';) {
		size_t n = strcspn(at, " ");

		if (n == len && strncmp(at, id, n) == 0)
			return true;
		at += n + strspn(at + n, " ");
	}
	return false;
}

bool
spec_table_choose(
    const struct spec_table *table, const char *argument, bool *chosen)
{
	bool found = false;

	for (size_t i = 0; i < table->count; i++) {
		const struct spec_case *c = &table->cases[i];

		if (strcmp(c->full, argument) != 0 &&
		    strcmp(c->group, argument) != 0 && !has_id(c, argument))
			continue;
		chosen[i] = true;
		found = true;
	}
	return found;
}
