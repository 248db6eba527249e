/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/flush.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "dns/cache.h"

/* A line's one word. */
struct word {
	const char *text;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
skip_blanks(struct word *rest)
{
	while (rest->len > 0 && is_blank(rest->text[0])) {
		rest->text++;
		rest->len--;
	}
}

/* Takes the only word of a line: empty, if there is none.  False if there is
 * more than one. */
static bool
take_word(struct word rest, struct word *ret)
{
	struct word w;

	skip_blanks(&rest);
	w = (struct word){rest.text, 0};
	while (rest.len > 0 && !is_blank(rest.text[0]) && rest.text[0] != '#') {
		rest.text++;
		rest.len--;
		w.len++;
	}
	skip_blanks(&rest);
	*ret = w;
	return rest.len == 0 || rest.text[0] == '#';
}

/* dns_name_from_text() wants text that ends in NUL, and has none in it. */
static int
read_name(const struct word *w, uint8_t name[DNS_NAME_MAX])
{
	char text[DNS_NAME_TEXT_MAX];
	size_t len;

	if (w->len >= sizeof(text) || memchr(w->text, '\0', w->len) != NULL)
		return -EINVAL;
	memcpy(text, w->text, w->len);
	text[w->len] = '\0';
	return dns_name_from_text(text, name, &len);
}

static bool
is_word(const struct word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->text, text, w->len) == 0;
}

int
dns_flush_parse(const char *line, size_t len, struct dns_flush *ret_flush)
{
	struct dns_flush f = {.what = DNS_FLUSH_NAME};
	struct word w;
	int rc = 0;

	if (!take_word((struct word){line, len}, &w))
		return -EINVAL;
	if (w.len == 0) {
		f.what = DNS_FLUSH_NOTHING;
	} else if (is_word(&w, "*") || is_word(&w, "*.")) {
		f.what = DNS_FLUSH_ALL;
	} else if (w.len > 2 && w.text[0] == '*' && w.text[1] == '.') {
		f.what = DNS_FLUSH_SUFFIX;
		w.text += 2;
		w.len -= 2;
	}
	if (f.what == DNS_FLUSH_NAME || f.what == DNS_FLUSH_SUFFIX)
		rc = read_name(&w, f.name);
	if (rc == 0)
		*ret_flush = f;
	return rc;
}

size_t
dns_flush_do(const struct dns_flush *flush, struct dns_cache *cache)
{
	switch (flush->what) {
	case DNS_FLUSH_NOTHING:
		break;
	case DNS_FLUSH_NAME:
		return dns_cache_flush_name(cache, flush->name);
	case DNS_FLUSH_SUFFIX:
		return dns_cache_flush_suffix(cache, flush->name);
	case DNS_FLUSH_ALL:
		return dns_cache_flush_all(cache);
	}
	return 0;
}
