/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domain names in wire form: checking, uncompressing, comparing, printing.
 *
 * All reading of compressed names goes through next_label(), and so do its
 * rules: a pointer leads to labels that lie wholly before the run of labels
 * that it ends, so that every jump goes strictly backwards, no loop is
 * possible, and a name depends on nothing that follows it.  The number of jumps
 * is bounded on top of that, so that a message full of long chains costs no
 * more than a constant for each name (RFC 1035 4.1.4 says only "prior
 * occurrence").  Not here: what a name means.
 */
#include "dns/name.h"

#include <errno.h>
#include <string.h>

#include "dns/wire.h"

/* A name has 127 labels at most; more jumps than that are of no use. */
#define JUMPS_MAX 127

#define ESCAPE_DIGITS 3

/* A walk over the labels of a name that may be compressed. */
struct walk {
	const uint8_t *msg;
	size_t limit;  /* behind the last octet that may be read */
	size_t pos;    /* of the next length octet */
	size_t run;    /* where the labels before `pos` began */
	size_t end;    /* behind the name in the message; 0 until known */
	size_t octets; /* of the plain name so far */
	unsigned jumps;
};

/* Follows the pointer at the position of the walk. */
static int
follow_pointer(struct walk *w)
{
	size_t target;

	if (w->limit - w->pos < DNS_POINTER_SIZE)
		return -EBADMSG;
	target = dns_get16(w->msg + w->pos) & DNS_POINTER_MASK;
	if (target >= w->run || target < DNS_HEADER_SIZE)
		return -EBADMSG;
	if (++w->jumps > JUMPS_MAX)
		return -EBADMSG;
	if (w->end == 0)
		w->end = w->pos + DNS_POINTER_SIZE;
	w->limit = w->run;
	w->pos = target;
	w->run = target;
	return 0;
}

/* Takes one label, the root's too; *ret_label points to its length octet. */
static int
next_label(struct walk *w, const uint8_t **ret_label)
{
	size_t size;

	for (;;) {
		if (w->pos >= w->limit)
			return -EBADMSG;
		if ((w->msg[w->pos] & DNS_POINTER_BITS) == 0)
			break;
		if ((w->msg[w->pos] & DNS_POINTER_BITS) != DNS_POINTER_BITS)
			return -EBADMSG;
		if (follow_pointer(w) != 0)
			return -EBADMSG;
	}
	size = 1 + (size_t)w->msg[w->pos];
	if (w->limit - w->pos < size)
		return -EBADMSG;
	w->octets += size;
	if (w->octets > DNS_NAME_MAX)
		return -EBADMSG;
	*ret_label = w->msg + w->pos;
	w->pos += size;
	return 0;
}

static size_t
walk_end(const struct walk *w)
{
	return w->end != 0 ? w->end : w->pos;
}

static uint8_t
fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool
is_letter(uint8_t c)
{
	c = (uint8_t)(c | 0x20);
	return c >= 'a' && c <= 'z';
}

/* Finds the end of a name by walking it. */
static int
skip_any(const uint8_t *msg, size_t len, size_t pos, size_t *ret_end)
{
	struct walk w = {.msg = msg, .limit = len, .pos = pos, .run = pos};
	const uint8_t *label;

	do {
		if (next_label(&w, &label) != 0)
			return -EBADMSG;
	} while (*label != 0);
	*ret_end = walk_end(&w);
	return 0;
}

/* Where a name without pointers ends, or 0.  Nearly all that clients send are
 * such, and need no walk. */
static size_t
plain_end(const uint8_t *msg, size_t len, size_t pos)
{
	size_t limit = len - pos < DNS_NAME_MAX ? len : pos + DNS_NAME_MAX;

	while (pos < limit && msg[pos] != 0) {
		if ((msg[pos] & DNS_POINTER_BITS) != 0)
			return 0;
		pos += 1 + (size_t)msg[pos];
	}
	return pos < limit ? pos + 1 : 0;
}

int
dns_name_skip(const uint8_t *msg, size_t len, size_t pos, size_t *ret_end)
{
	size_t end = pos < len ? plain_end(msg, len, pos) : 0;

	if (end == 0)
		return skip_any(msg, len, pos, ret_end);
	*ret_end = end;
	return 0;
}

int
dns_name_copy(const uint8_t *msg, size_t len, size_t pos,
    uint8_t dst[DNS_NAME_MAX], size_t *ret_len)
{
	struct walk w = {.msg = msg, .limit = len, .pos = pos, .run = pos};
	const uint8_t *label;
	size_t at = 0;

	do {
		if (next_label(&w, &label) != 0)
			return -EBADMSG;
		memcpy(dst + at, label, 1 + (size_t)*label);
		at += 1 + (size_t)*label;
	} while (*label != 0);
	*ret_len = at;
	return 0;
}

size_t
dns_name_length(const uint8_t *name)
{
	size_t len = 0;

	while (name[len] != 0)
		len += 1 + (size_t)name[len];
	return len + 1;
}

bool
dns_name_bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i;

	/* Length octets are below 'A': folding leaves them alone. */
	for (i = 0; i < len; i++) {
		if (a[i] != b[i] && fold(a[i]) != fold(b[i]))
			return false;
	}
	return true;
}

bool
dns_name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t len = dns_name_length(a);

	return len == dns_name_length(b) && dns_name_bytes_equal(a, b, len);
}

bool
dns_name_equal_exact(const uint8_t *a, const uint8_t *b)
{
	size_t len = dns_name_length(a);

	return len == dns_name_length(b) && memcmp(a, b, len) == 0;
}

bool
dns_name_is_subdomain(const uint8_t *name, const uint8_t *parent)
{
	size_t left = dns_name_length(name);
	size_t want = dns_name_length(parent);

	/* Whole labels are taken off, so the comparison begins on a border. */
	while (left > want) {
		left -= 1 + (size_t)*name;
		name += 1 + (size_t)*name;
	}
	return left == want && dns_name_bytes_equal(name, parent, want);
}

size_t
dns_name_lower(const uint8_t *name, uint8_t dst[DNS_NAME_MAX])
{
	size_t len = dns_name_length(name);
	size_t i;

	for (i = 0; i < len; i++)
		dst[i] = fold(name[i]);
	return len;
}

void
dns_name_randomize_case(uint8_t *name, const uint8_t bits[DNS_NAME_CASE_BITS])
{
	size_t len = dns_name_length(name);
	size_t i;

	for (i = 0; i < len; i++) {
		if (!is_letter(name[i]))
			continue;
		if ((bits[i / 8] >> (i % 8) & 1) != 0)
			name[i] = (uint8_t)(name[i] & ~0x20);
		else
			name[i] = (uint8_t)(name[i] | 0x20);
	}
}

/*
 * Reads one character of a label, perhaps escaped, and moves *text behind it.
 * Returns its value or -EINVAL.
 */
static int
read_character(const char **text)
{
	const char *p = *text;
	int value = 0;
	int i;

	if (*p != '\\') {
		*text = p + 1;
		return (unsigned char)*p;
	}
	p++;
	if (*p == '\0')
		return -EINVAL;
	if (*p < '0' || *p > '9') {
		*text = p + 1;
		return (unsigned char)*p;
	}
	for (i = 0; i < ESCAPE_DIGITS; i++, p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		value = value * 10 + (*p - '0');
	}
	*text = p;
	return value <= UINT8_MAX ? value : -EINVAL;
}

/* Reads one label to dst + at; returns its length or -EINVAL. */
static int
read_label(const char **text, uint8_t *dst, size_t at)
{
	size_t len = 0;
	int c;

	while (**text != '\0' && **text != '.') {
		c = read_character(text);
		/* One octet stays free for the root label. */
		if (c < 0 || len == DNS_LABEL_MAX ||
		    at + 1 + len + 1 >= DNS_NAME_MAX)
			return -EINVAL;
		dst[at + 1 + len++] = (uint8_t)c;
	}
	if (len == 0)
		return -EINVAL;
	dst[at] = (uint8_t)len;
	return (int)len;
}

int
dns_name_from_text(const char *text, uint8_t dst[DNS_NAME_MAX], size_t *ret_len)
{
	size_t at = 0;
	int len;

	if (*text == '\0')
		return -EINVAL;
	if (strcmp(text, ".") == 0)
		text++;
	while (*text != '\0') {
		len = read_label(&text, dst, at);
		if (len < 0)
			return len;
		at += 1 + (size_t)len;
		if (*text == '.')
			text++;
	}
	dst[at++] = 0;
	*ret_len = at;
	return 0;
}

/* Writes one octet of a label; returns the number of characters. */
static size_t
escape(uint8_t c, char dst[ESCAPE_DIGITS + 1])
{
	if (c > ' ' && c < 0x7f && c != '.' && c != '\\' && c != '"') {
		dst[0] = (char)c;
		return 1;
	}
	dst[0] = '\\';
	dst[1] = (char)('0' + c / 100);
	dst[2] = (char)('0' + c / 10 % 10);
	dst[3] = (char)('0' + c % 10);
	return ESCAPE_DIGITS + 1;
}

/* Appends to a text of `size` octets with its NUL, whole or not at all. */
static bool
put_text(char *dst, size_t size, size_t *at, const char *src, size_t len)
{
	if (size - *at <= len)
		return false;
	memcpy(dst + *at, src, len);
	*at += len;
	return true;
}

size_t
dns_name_to_text(const uint8_t *name, char *dst, size_t size)
{
	char piece[ESCAPE_DIGITS + 1];
	size_t at = 0;
	uint8_t i;

	if (*name == 0)
		(void)put_text(dst, size, &at, ".", 1);
	for (; *name != 0; name += 1 + (size_t)*name) {
		for (i = 1; i <= *name; i++) {
			if (!put_text(
				dst, size, &at, piece, escape(name[i], piece)))
				goto out;
		}
		if (!put_text(dst, size, &at, ".", 1))
			goto out;
	}
out:
	dst[at] = '\0';
	return at;
}
