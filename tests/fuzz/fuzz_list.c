/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a list of names, a hosts file and local hosts, line by line.
 * What comes of it can be asked.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dns/list.h"
#include "dns/name.h"
#include "tests/fuzz/fuzz.h"

typedef int (*line_fn)(
    struct dns_list *list, size_t number, const char *line, size_t len);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Each line in memory of its own: nothing behind it may be read. */
static void
feed(struct dns_list *list, line_fn fn, const uint8_t *data, size_t len)
{
	const uint8_t *end;
	size_t number = 0;
	size_t n;
	char *line;

	dns_list_init(list);
	while (len > 0) {
		end = memchr(data, '\n', len);
		n = end != NULL ? (size_t)(end - data) : len;
		line = malloc(n > 0 ? n : 1);
		require(line != NULL);
		memcpy(line, data, n);
		require(fn(list, ++number, line, n) == 0);
		free(line);
		data += end != NULL ? n + 1 : n;
		len -= end != NULL ? n + 1 : n;
	}
	require(list->first_skipped <= number);
	require((list->skipped == 0) == (list->first_skipped == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[HASH_KEY_LEN] = {1};
	static const line_fn fns[] = {
	    dns_list_name, dns_list_host, dns_list_host_data};
	struct dns_local_source source = {.ttl = 1, .ede = DNS_EDE_NONE};
	struct dns_local *l = dns_local_new(key, 1);
	struct dns_list list = {
	    .local = l, .action = DNS_LOCAL_NXDOMAIN, .scope = 3, .ttl = 1};

	require(l != NULL);
	require(dns_local_add_source(l, &source, &list.source) == 0);
	for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++) {
		if (fns[i] == dns_list_host_data)
			list.source = DNS_LOCAL_DATA_SOURCE;
		feed(&list, fns[i], data, len);
	}
	require(dns_local_finish(l) == 0);
	dns_local_free(l);
	return 0;
}
