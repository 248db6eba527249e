/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of the configuration that are lists: one item more, or none at all.
 *
 * Every list is a struct of a pointer `item` and a `count`; an item is added
 * whole or not at all. Only zones are kept otherwise, as the set of bits that
 * dns/special.h takes. How many items there may be, the reader of the file
 * watches.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/ddr.h"
#include "dns/special.h"
#include "resolver/config_parse.h"

#define PIN_LEN 44	/* 32 octets in base64, the last one "=" */
#define PIN_TAIL_BITS 3 /* free bits of the last digit: 43 * 6 - 256 = 2 */

/*
 * Returns `items` with room for one more; NULL for lack of memory. Lists are
 * short, or read once.
 */
static void *
grow(void *items, size_t count, size_t size)
{
	return realloc(items, (count + 1) * size);
}

static int
add_listen(struct config_listens *list, const struct config_url *url, char *why)
{
	struct config_listen *items;
	size_t i;

	for (i = 0; i < url->addr_count; i++) {
		items = grow(list->item, list->count, sizeof(*items));
		if (items == NULL)
			return config_value_no_memory(why);
		list->item = items;
		items[list->count++] = (struct config_listen){
		    .scheme = url->scheme,
		    .addr = url->addr[i],
		    .is_either = url->addr_count > 1,
		};
	}
	return 0;
}

static int
append_listen(struct config_listens *list, const struct config_build *build,
    const char *text, char *why)
{
	struct config_url url = {0};
	int rc = config_url_parse(text, true, build, why, &url);

	return rc != 0 ? rc : add_listen(list, &url, why);
}

static int
append_server(struct config_servers *list, const struct config_build *build,
    const char *text, char *why)
{
	struct config_server server = {0};
	int rc = config_value_set(config_key_find("upstream.servers[].url"),
	    &server, build, text, why);

	return rc != 0 ? rc : config_server_append(list, &server, build, why);
}

static int
append_cert(
    struct config_certs *list, const struct config_cert *cert, char *why)
{
	struct config_cert *items;

	if (cert->cert == NULL || cert->key == NULL) {
		(void)snprintf(why, CONFIG_ERROR_LEN,
		    "a certificate without %s",
		    cert->cert == NULL ? "cert" : "key");
		return -EINVAL;
	}
	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = *cert;
	return 0;
}

static int
append_stub(
    struct config_stubs *list, const struct config_stub *stub, char *why)
{
	struct config_stub *items;

	if (stub->zone == NULL || stub->addresses.count == 0) {
		(void)snprintf(why, CONFIG_ERROR_LEN, "a zone without %s",
		    stub->zone == NULL ? "name" : "addresses");
		return -EINVAL;
	}
	if (strcmp(stub->zone, ".") != 0 && !config_name_is_valid(stub->zone))
		return config_value_fail(why, stub->zone, "is no domain name");
	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = *stub;
	return 0;
}

static int
append_addr(struct config_addrs *list, const char *text, char *why)
{
	struct config_addr addr;
	struct config_addr *items;

	if (config_addr_parse(text, 0, &addr) != 0)
		return config_value_fail(
		    why, text, "is no IPv4 or IPv6 address");
	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = addr;
	return 0;
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* RFC 7858 4.2, in the form of RFC 7469: base64 of 32 octets. */
static bool
is_pin(const char *text)
{
	size_t i;

	if (strlen(text) != PIN_LEN || text[PIN_LEN - 1] != '=')
		return false;
	for (i = 0; i < PIN_LEN - 1; i++) {
		if (base64_digit(text[i]) < 0)
			return false;
	}
	return (base64_digit(text[PIN_LEN - 2]) & PIN_TAIL_BITS) == 0;
}

static int
append_text(struct config_texts *list, const char *text, char *why)
{
	char **items;

	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count] = strdup(text);
	if (items[list->count] == NULL)
		return config_value_no_memory(why);
	list->count++;
	return 0;
}

static int
append_pin(struct config_texts *list, const char *text, char *why)
{
	if (!is_pin(text))
		return config_value_fail(why, text,
		    "is no pin; write the SHA-256 of the SPKI in base64, 44 "
		    "characters");
	return append_text(list, text, why);
}

static int
append_name(struct config_texts *list, const char *text, char *why)
{
	uint8_t name[DNS_NAME_MAX];
	size_t len;

	if (dns_name_from_text(text, name, &len) != 0)
		return config_value_fail(why, text, "is no domain name");
	if (!dns_ddr_may_target(name))
		return config_value_fail(
		    why, text, "cannot be a server's name (RFC 9462 4)");
	return append_text(list, text, why);
}

/* PORT or FIRST-LAST. */
static int
parse_range(const char *text, struct config_port_range *ret_range)
{
	const char *rest;
	uint64_t first;
	uint64_t last;

	if (config_digits_scan(text, &first, &rest) != 0)
		return -EINVAL;
	last = first;
	if (*rest == '-' && config_digits_scan(rest + 1, &last, &rest) != 0)
		return -EINVAL;
	if (*rest != '\0' || first == 0 || first > last || last > UINT16_MAX)
		return -EINVAL;
	ret_range->first = (uint16_t)first;
	ret_range->last = (uint16_t)last;
	return 0;
}

static int
append_ports(struct config_ports *list, const char *text, char *why)
{
	struct config_port_range range;
	struct config_port_range *items;

	if (parse_range(text, &range) != 0)
		return config_value_fail(why, text,
		    "is no port or range of ports, such as 8000-8999");
	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = range;
	return 0;
}

static int
append_prefix(const struct config_key *key, struct config_prefixes *list,
    const char *text, char *why)
{
	struct access_prefix prefix;
	struct access_prefix *items;
	int rc = access_prefix_parse(text, key->verdict, &prefix);

	if (rc == -ERANGE)
		return config_value_fail(why, text, "has too long a prefix");
	if (rc == -EDOM)
		return config_value_fail(
		    why, text, "has bits set beyond its prefix");
	if (rc != 0)
		return config_value_fail(
		    why, text, "is no address or prefix, such as 192.0.2.0/24");
	items = grow(list->item, list->count, sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = prefix;
	return 0;
}

static int
add_zone(uint64_t *zones, const char *text, char *why)
{
	uint64_t bit;
	int rc = dns_special_bit(text, &bit);

	if (rc == -EPERM)
		return config_value_fail(why, text, "is never asked upstream");
	if (rc != 0)
		return config_value_fail(why, text, "is no special zone");
	*zones |= bit;
	return 0;
}

static void
clear_texts(struct config_texts *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct config_texts){0};
}

static void
clear_servers(struct config_servers *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		config_server_clear(&list->item[i]);
	free(list->item);
	*list = (struct config_servers){0};
}

static void
clear_lists(const struct config_key *key, struct config_lists *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		config_record_clear(key, &list->item[i]);
	free(list->item);
	*list = (struct config_lists){0};
}

static void
clear_certs(const struct config_key *key, struct config_certs *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		config_record_clear(key, &list->item[i]);
	free(list->item);
	*list = (struct config_certs){0};
}

static void
clear_stubs(const struct config_key *key, struct config_stubs *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		config_record_clear(key, &list->item[i]);
	free(list->item);
	*list = (struct config_stubs){0};
}

/* Frees the pointer that a list begins with, and empties the list. */
static void
clear_items(void *list, size_t size)
{
	void *items;

	memcpy(&items, list, sizeof(items));
	free(items);
	memset(list, 0, size);
}

int
config_list_append(const struct config_key *key, void *base,
    const struct config_build *build, const char *text,
    char why[CONFIG_ERROR_LEN])
{
	void *list = (char *)base + key->offset;

	if (key->type == CONFIG_TYPE_LISTENS)
		return append_listen(list, build, text, why);
	if (key->type == CONFIG_TYPE_SERVERS)
		return append_server(list, build, text, why);
	if (key->type == CONFIG_TYPE_CERTS)
		return config_value_fail(why, text,
		    "is no certificate; write {cert: FILE, key: FILE}");
	if (key->type == CONFIG_TYPE_STUBS)
		return config_value_fail(why, text,
		    "is no zone; write {zone: NAME, addresses: [ADDRESS]}");
	if (key->type == CONFIG_TYPE_OPTIONS)
		return config_option_append(list, text, why);
	if (key->type == CONFIG_TYPE_ADDRS)
		return append_addr(list, text, why);
	if (key->type == CONFIG_TYPE_PINS)
		return append_pin(list, text, why);
	if (key->type == CONFIG_TYPE_RECORDS)
		return config_rr_append(list, text, why);
	if (key->type == CONFIG_TYPE_FILES)
		return config_file_append(list, text, why);
	if (key->type == CONFIG_TYPE_LISTS)
		return config_value_fail(
		    why, text, "is no list; write {file: FILE}");
	if (key->type == CONFIG_TYPE_PORTS)
		return append_ports(list, text, why);
	if (key->type == CONFIG_TYPE_PREFIXES)
		return append_prefix(key, list, text, why);
	if (key->type == CONFIG_TYPE_NAMES)
		return append_name(list, text, why);
	assert(key->type == CONFIG_TYPE_ZONES);
	return add_zone(list, text, why);
}

int
config_record_append(const struct config_key *key, void *base,
    const struct config_build *build, union config_record *record,
    char why[CONFIG_ERROR_LEN])
{
	void *list = (char *)base + key->offset;
	int rc;

	if (key->type == CONFIG_TYPE_SERVERS)
		return config_server_append(list, &record->server, build, why);
	if (key->type == CONFIG_TYPE_STUBS) {
		rc = append_stub(list, &record->stub, why);
	} else if (key->type == CONFIG_TYPE_LISTS) {
		rc = config_blocks_append(list, &record->list, why);
	} else {
		assert(key->type == CONFIG_TYPE_CERTS);
		rc = append_cert(list, &record->cert, why);
	}
	if (rc != 0)
		config_record_clear(key, record);
	return rc;
}

void
config_record_clear(const struct config_key *list, void *record)
{
	const struct config_key *key;

	for (key = list + 1; config_key_is_below(key, list); key++)
		config_value_clear(key, record);
}

void
config_list_clear(const struct config_key *key, void *base)
{
	void *list = (char *)base + key->offset;

	if (key->type == CONFIG_TYPE_LISTENS)
		clear_items(list, sizeof(struct config_listens));
	else if (key->type == CONFIG_TYPE_SERVERS)
		clear_servers(list);
	else if (key->type == CONFIG_TYPE_CERTS)
		clear_certs(key, list);
	else if (key->type == CONFIG_TYPE_STUBS)
		clear_stubs(key, list);
	else if (key->type == CONFIG_TYPE_OPTIONS)
		config_options_clear(list);
	else if (key->type == CONFIG_TYPE_ADDRS)
		clear_items(list, sizeof(struct config_addrs));
	else if (key->type == CONFIG_TYPE_PINS ||
		 key->type == CONFIG_TYPE_NAMES ||
		 key->type == CONFIG_TYPE_RECORDS ||
		 key->type == CONFIG_TYPE_FILES)
		clear_texts(list);
	else if (key->type == CONFIG_TYPE_LISTS)
		clear_lists(key, list);
	else if (key->type == CONFIG_TYPE_PORTS)
		clear_items(list, sizeof(struct config_ports));
	else if (key->type == CONFIG_TYPE_PREFIXES)
		clear_items(list, sizeof(struct config_prefixes));
	else
		memset(list, 0, sizeof(uint64_t));
}
