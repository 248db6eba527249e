/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ClientHello rewritten between GnuTLS and the wire (RFC 8446 4.1.2): what
 * no TLS library would ever send.  Lengths are kept right on purpose; what is
 * inside of an extension is the test's affair.
 */
#include "tools/doqspec/raw/hello.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESSAGE_HEAD = 4,
	SESSION_ID_AT = MESSAGE_HEAD + 2 + 32,
	EXT_HEAD = 4,
	EXT_TRANSPORT_PARAMETERS = 57
};

/* Where the length of all extensions stands; 0 when there is none. */
static size_t
find_extensions(const struct raw_buf *hello)
{
	size_t at = SESSION_ID_AT;

	if (at >= hello->len)
		return 0;
	at += 1 + (size_t)hello->data[at];
	if (at + 2 > hello->len)
		return 0;
	at += 2 + (size_t)raw_get_u16(hello->data + at);
	if (at >= hello->len)
		return 0;
	at += 1 + (size_t)hello->data[at];
	return at + 2 <= hello->len ? at : 0;
}

/* Finds an extension's head; false when there is no such. */
static bool
find_extension(const struct raw_buf *hello, unsigned type, size_t *ret_at)
{
	size_t at = find_extensions(hello) + 2;

	while (at + EXT_HEAD <= hello->len) {
		if (raw_get_u16(hello->data + at) == type) {
			*ret_at = at;
			return true;
		}
		at += EXT_HEAD + (size_t)raw_get_u16(hello->data + at + 2);
	}
	return false;
}

static void
add_u16(uint8_t *p, size_t more)
{
	size_t n = raw_get_u16(p) + more;

	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)(n & 0xff);
}

/* Puts data in the place of `old` octets and corrects the lengths around. */
static void
replace(
    struct raw_buf *hello, size_t at, size_t old, const struct raw_buf *data)
{
	size_t all = find_extensions(hello);
	size_t more = data->len - old; /* may wrap, so does the sum */
	struct raw_buf tail = {0};

	raw_buf_add(&tail, hello->data + at + old, hello->len - at - old);
	hello->len = at;
	raw_buf_add(hello, data->data, data->len);
	raw_buf_add(hello, tail.data, tail.len);
	raw_buf_done(&tail);
	add_u16(hello->data + all, more);
	add_u16(hello->data + 2, more);
}

/* Replaces [from, to) of an extension's data; to 0 is its end. */
static int
edit_data(struct raw_buf *hello, unsigned type, size_t from, size_t old,
    const struct raw_buf *data)
{
	size_t at;

	if (!find_extension(hello, type, &at))
		return -EINVAL;
	add_u16(hello->data + at + 2, data->len - old);
	replace(hello, at + EXT_HEAD + from, old, data);
	return 0;
}

static size_t
data_len(const struct raw_buf *hello, unsigned type)
{
	size_t at;

	if (!find_extension(hello, type, &at))
		return 0;
	return raw_get_u16(hello->data + at + 2);
}

static void
add_extension(struct raw_buf *hello, unsigned type, const struct raw_buf *data)
{
	struct raw_buf whole = {0};

	raw_buf_u16(&whole, type);
	raw_buf_u16(&whole, (unsigned)data->len & 0xffff);
	raw_buf_add(&whole, data->data, data->len);
	replace(hello, hello->len, 0, &whole);
	raw_buf_done(&whole);
}

static int
remove_extension(struct raw_buf *hello, unsigned type)
{
	struct raw_buf none = {0};
	size_t at;

	if (!find_extension(hello, type, &at))
		return -EINVAL;
	replace(hello, at, EXT_HEAD + data_len(hello, type), &none);
	return 0;
}

static int
invert_last(struct raw_buf *hello, unsigned type)
{
	size_t len = data_len(hello, type);
	size_t at;

	if (len == 0 || !find_extension(hello, type, &at))
		return -EINVAL;
	hello->data[at + EXT_HEAD + len - 1] ^= 0xff;
	return 0;
}

/* RFC 9000 18 */
static int
remove_parameter(struct raw_buf *hello, uint64_t id)
{
	struct raw_buf none = {0};
	size_t start;
	size_t pos = 0;
	size_t len = data_len(hello, EXT_TRANSPORT_PARAMETERS);

	if (!find_extension(hello, EXT_TRANSPORT_PARAMETERS, &start))
		return -EINVAL;
	while (pos < len) {
		const uint8_t *p = hello->data + start + EXT_HEAD + pos;
		uint64_t is = 0;
		uint64_t size = 0;
		size_t used = raw_get_varint(p, len - pos, &is);

		if (used == 0)
			return -EINVAL;
		used += raw_get_varint(p + used, len - pos - used, &size);
		used += (size_t)size;
		if (is == id)
			return edit_data(
			    hello, EXT_TRANSPORT_PARAMETERS, pos, used, &none);
		pos += used;
	}
	return -EINVAL;
}

/* HEX or N*HEX, joined by '.' */
static int
read_data(char *text, struct raw_buf *data)
{
	char *group;

	while ((group = strsep(&text, ".")) != NULL) {
		char *star = strchr(group, '*');
		const char *hex = star != NULL ? star + 1 : group;
		unsigned long times =
		    star != NULL ? strtoul(group, NULL, 10) : 1;

		while (times-- > 0)
			if (raw_buf_hex(data, hex, strlen(hex)) != 0)
				return -EINVAL;
	}
	return 0;
}

static int
apply(struct raw_buf *hello, char *rule)
{
	struct raw_buf data = {0};
	char *end;
	unsigned type;
	int rc;

	if (strncmp(rule, "tp-", 3) == 0)
		return remove_parameter(hello, strtoull(rule + 3, NULL, 0));
	type = (unsigned)strtoul(rule, &end, 0) & 0xffff;
	if (end == rule)
		return -EINVAL;
	if (strcmp(end, "-") == 0)
		return remove_extension(hello, type);
	if (strcmp(end, "^") == 0)
		return invert_last(hello, type);
	rc = read_data(end + 1, &data);
	if (rc == 0 && *end == ':') {
		(void)remove_extension(hello, type);
		add_extension(hello, type, &data);
	} else if (rc == 0 && *end == '+') {
		rc = edit_data(hello, type, data_len(hello, type), 0, &data);
	} else {
		rc = -EINVAL;
	}
	raw_buf_done(&data);
	return rc;
}

int
raw_hello_rewrite(struct raw_buf *hello, const char *rules)
{
	char *copy = raw_strdup(rules);
	char *rest = copy;
	char *rule;
	int rc = 0;

	if (find_extensions(hello) == 0)
		rc = -EINVAL;
	while (rc == 0 && (rule = strsep(&rest, ";")) != NULL)
		rc = apply(hello, rule);
	free(copy);
	return rc;
}
