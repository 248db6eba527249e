/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One value of the configuration: from text into its place, and out again.
 *
 * What a value's place is follows from the type of its row in the table. Text
 * is a plain NUL-ended string here, wherever it came from: the file, the
 * command line, or the table's own default. A value is changed only when the
 * whole of it was right.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/config_parse.h"

#define AMOUNT_LEN 24
#define SHOWN_MAX 64

/* A unit of durations or sizes, the largest first. */
struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit duration_units[] = {
    {"d", 86400000},
    {"h", 3600000},
    {"m", 60000},
    {"s", 1000},
    {"ms", 1},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"G", UINT64_C(1) << 30},
    {"M", UINT64_C(1) << 20},
    {"K", UINT64_C(1) << 10},
    {"", 1},
    {NULL, 0},
};

int
config_value_fail(
    char why[CONFIG_ERROR_LEN], const char *text, const char *fmt, ...)
{
	char what[CONFIG_ERROR_LEN / 2];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	(void)snprintf(
	    why, CONFIG_ERROR_LEN, "\"%.*s\" %s", SHOWN_MAX, text, what);
	return -EINVAL;
}

int
config_value_no_memory(char why[CONFIG_ERROR_LEN])
{
	(void)snprintf(why, CONFIG_ERROR_LEN, "out of memory");
	return -ENOMEM;
}

static void *
place_of(const struct config_key *key, void *base)
{
	return (char *)base + key->offset;
}

int
config_digits_scan(
    const char *text, uint64_t *ret_number, const char **ret_rest)
{
	uint64_t number = 0;
	const char *p;
	unsigned digit;

	for (p = text; *p >= '0' && *p <= '9'; p++) {
		digit = (unsigned)(*p - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		number = number * 10 + digit;
	}
	if (p == text)
		return -EINVAL;
	*ret_number = number;
	*ret_rest = p;
	return 0;
}

int
config_number_parse(
    const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
	const char *rest;
	uint64_t number;
	int rc;

	rc = config_digits_scan(text, &number, &rest);
	if (rc != 0)
		return rc;
	if (*rest != '\0')
		return -EINVAL;
	if (number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}

static int
parse_amount(const char *text, const struct unit *units, uint64_t *ret_amount)
{
	const struct unit *unit;
	const char *rest;
	uint64_t number;
	int rc;

	rc = config_digits_scan(text, &number, &rest);
	if (rc != 0)
		return rc;
	for (unit = units; unit->name != NULL; unit++) {
		if (strcmp(unit->name, rest) == 0)
			break;
	}
	if (unit->name == NULL)
		return -EINVAL;
	if (number > UINT64_MAX / unit->factor)
		return -ERANGE;
	*ret_amount = number * unit->factor;
	return 0;
}

void
config_amount_format(
    enum config_type type, uint64_t amount, char ret_text[AMOUNT_LEN])
{
	const struct unit *unit = size_units;

	if (type == CONFIG_TYPE_DURATION)
		unit = duration_units;
	while (unit->factor > 1 &&
	       (amount < unit->factor || amount % unit->factor != 0))
		unit++;
	if (type == CONFIG_TYPE_COUNT)
		(void)snprintf(ret_text, AMOUNT_LEN, "%" PRIu64, amount);
	else
		(void)snprintf(ret_text, AMOUNT_LEN, "%" PRIu64 "%s",
		    amount / unit->factor, unit->name);
}

static int
fail_range(const struct config_key *key, const char *text, char *why)
{
	char min[AMOUNT_LEN];
	char max[AMOUNT_LEN];

	config_amount_format(key->type, key->min, min);
	config_amount_format(key->type, key->max, max);
	return config_value_fail(
	    why, text, "is out of range; from %s to %s", min, max);
}

static int
parse_by_type(const struct config_key *key, const char *text, uint64_t *ret)
{
	if (key->type == CONFIG_TYPE_COUNT)
		return config_number_parse(text, 0, UINT64_MAX, ret);
	return parse_amount(text,
	    key->type == CONFIG_TYPE_SIZE ? size_units : duration_units, ret);
}

/* Counts, durations and sizes. */
static int
set_amount(
    const struct config_key *key, void *base, const char *text, char *why)
{
	uint64_t amount = 0;
	uint32_t count;
	int rc = parse_by_type(key, text, &amount);

	if (rc == -EINVAL && key->type == CONFIG_TYPE_DURATION)
		return config_value_fail(why, text,
		    "is no duration; write a whole number with ms, s, m, h or "
		    "d, such as 30s");
	if (rc == -EINVAL && key->type == CONFIG_TYPE_SIZE)
		return config_value_fail(why, text,
		    "is no size; write a whole number, or one with K, M or G, "
		    "such as 64M");
	if (rc == -EINVAL)
		return config_value_fail(why, text, "is no whole number");
	if (rc != 0 || amount < key->min || amount > key->max)
		return fail_range(key, text, why);
	if (key->type == CONFIG_TYPE_COUNT) {
		assert(key->max <= UINT32_MAX);
		count = (uint32_t)amount;
		memcpy(place_of(key, base), &count, sizeof(count));
	} else {
		memcpy(place_of(key, base), &amount, sizeof(amount));
	}
	return 0;
}

static int
set_bool(const struct config_key *key, void *base, const char *text, char *why)
{
	static const char *const words[] = {
	    "false", "true", "no", "yes", "off", "on"};
	bool value;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], text) == 0) {
			value = i % 2 == 1;
			memcpy(place_of(key, base), &value, sizeof(value));
			return 0;
		}
	}
	return config_value_fail(why, text, "is neither true nor false");
}

_Static_assert(sizeof(enum config_mode) == sizeof(unsigned) &&
		   sizeof(enum config_policy) == sizeof(unsigned) &&
		   sizeof(enum log_level) == sizeof(unsigned) &&
		   sizeof(enum log_format) == sizeof(unsigned),
    "choices are stored as unsigned");

static int
set_choice(
    const struct config_key *key, void *base, const char *text, char *why)
{
	char all[CONFIG_ERROR_LEN / 4] = "";
	size_t len = 0;
	unsigned i;

	for (i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(key->choices[i], text) == 0) {
			memcpy(place_of(key, base), &i, sizeof(i));
			return 0;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    i > 0 ? ", " : "", key->choices[i]);
		assert(len < sizeof(all));
	}
	return config_value_fail(why, text, "is none of %s", all);
}

static int
set_text(const struct config_key *key, void *base, const char *text, char *why)
{
	char *copy;

	if (text[0] == '\0')
		return config_value_fail(why, text, "is empty");
	copy = strdup(text);
	if (copy == NULL)
		return config_value_no_memory(why);
	config_value_clear(key, base);
	memcpy(place_of(key, base), &copy, sizeof(copy));
	return 0;
}

/* The URL is kept as text until all keys of the server are known. */
static int
set_upstream(const struct config_key *key, void *base,
    const struct config_build *build, const char *text, char *why)
{
	struct config_url url;
	int rc = config_url_parse(text, false, build, why, &url);

	return rc != 0 ? rc : set_text(key, base, text, why);
}

static int
set_address(
    const struct config_key *key, void *base, const char *text, char *why)
{
	struct config_addr addr;
	int rc = config_address_parse(text, why, &addr);

	if (rc == 0)
		memcpy(place_of(key, base), &addr, sizeof(addr));
	return rc;
}

static int
set_nat64(const struct config_key *key, void *base, const char *text, char *why)
{
	struct access_prefix prefix;
	struct dns64_net net = {.bits = 0};

	if (access_prefix_parse(text, ACCESS_ALLOW, &prefix) == 0)
		access_prefix_to_v6(&prefix, net.addr, &net.bits);
	if (!dns64_prefix_is_valid(&net))
		return config_value_fail(why, text,
		    "is no prefix for NAT64, such as 64:ff9b::/96; it has 32, "
		    "40, 48, 56, 64 or 96 bits, and 0 in bits 64 to 71");
	memcpy(place_of(key, base), &net, sizeof(net));
	return 0;
}

int
config_value_set(const struct config_key *key, void *base,
    const struct config_build *build, const char *text,
    char why[CONFIG_ERROR_LEN])
{
	switch (key->type) {
	case CONFIG_TYPE_COUNT:
	case CONFIG_TYPE_DURATION:
	case CONFIG_TYPE_SIZE:
		return set_amount(key, base, text, why);
	case CONFIG_TYPE_BOOL:
		return set_bool(key, base, text, why);
	case CONFIG_TYPE_CHOICE:
		return set_choice(key, base, text, why);
	case CONFIG_TYPE_TEXT:
		return set_text(key, base, text, why);
	case CONFIG_TYPE_UPSTREAM:
		return set_upstream(key, base, build, text, why);
	case CONFIG_TYPE_ADDRESS:
		return set_address(key, base, text, why);
	case CONFIG_TYPE_NAT64:
		return set_nat64(key, base, text, why);
	case CONFIG_TYPE_LISTENS:
	case CONFIG_TYPE_SERVERS:
	case CONFIG_TYPE_CERTS:
	case CONFIG_TYPE_STUBS:
	case CONFIG_TYPE_OPTIONS:
	case CONFIG_TYPE_ADDRS:
	case CONFIG_TYPE_PINS:
	case CONFIG_TYPE_RECORDS:
	case CONFIG_TYPE_FILES:
	case CONFIG_TYPE_LISTS:
	case CONFIG_TYPE_PORTS:
	case CONFIG_TYPE_PREFIXES:
	case CONFIG_TYPE_ZONES:
	case CONFIG_TYPE_NAMES:
		return config_list_append(key, base, build, text, why);
	case CONFIG_TYPE_SECTION:
		break;
	}
	assert(key->type != CONFIG_TYPE_SECTION); /* it has no value */
	return -EINVAL;
}

void
config_value_clear(const struct config_key *key, void *base)
{
	char *text;

	if (config_type_is_list(key->type)) {
		config_list_clear(key, base);
	} else if (key->type == CONFIG_TYPE_TEXT ||
		   key->type == CONFIG_TYPE_UPSTREAM) {
		memcpy(&text, place_of(key, base), sizeof(text));
		free(text);
		memset(place_of(key, base), 0, sizeof(text));
	}
}

int
config_value_init(const struct config_key *key, void *base,
    const struct config_build *build, char why[CONFIG_ERROR_LEN])
{
	char item[CONFIG_URL_LEN];
	const char *at = key->initial;
	size_t len;
	int rc = 0;

	config_value_clear(key, base);
	while (rc == 0 && at != NULL && *at != '\0') {
		len = strcspn(at, " ");
		assert(len < sizeof(item));
		memcpy(item, at, len);
		item[len] = '\0';
		rc = config_value_set(key, base, build, item, why);
		at += len + strspn(at + len, " ");
	}
	return rc;
}
