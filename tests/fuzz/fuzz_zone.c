/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the zone file of a policy zone, and as local records.  Each name
 * that came of it is asked for; the answers are messages.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/list.h"
#include "dns/name.h"
#include "dns/zone.h"
#include "tests/fuzz/fuzz.h"

#define TYPES 4

/* Both readings of it. */
struct both {
	struct dns_local *local;
	struct dns_list list;
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
ask(const struct dns_local *l, const uint8_t *name, uint16_t type)
{
	static const struct dns_hop hop = {.max_size = DNS_MESSAGE_MAX};
	uint8_t msg[DNS_HEADER_SIZE + DNS_NAME_MAX + DNS_QUESTION_FIXED] = {
	    [DNS_OFF_QDCOUNT + 1] = 1};
	size_t len = dns_name_length(name);
	struct dns_local_match match;
	struct dns_query q;
	struct dns_buf out;

	memcpy(msg + DNS_HEADER_SIZE, name, len);
	dns_put16(msg + DNS_HEADER_SIZE + len, type);
	dns_put16(msg + DNS_HEADER_SIZE + len + 2, DNS_CLASS_IN);
	len += DNS_HEADER_SIZE + DNS_QUESTION_FIXED;
	require(dns_query_parse(msg, len, &q) == DNS_VERDICT_OK);
	if (!dns_local_find(l, &q, false, &match))
		return;
	out = (struct dns_buf){
	    .size = dns_answer_bound(&q, &hop, NULL, NULL) + match.records};
	out.data = malloc(out.size);
	require(out.data != NULL);
	require(dns_local_answer(&match, &q, &hop, &out) == 0);
	require(out.len == out.size);
	free(out.data);
}

static int
on_record(void *arg, const struct dns_local_record *rr)
{
	static const uint16_t types[TYPES] = {
	    DNS_TYPE_A, DNS_TYPE_SOA, DNS_TYPE_CNAME, DNS_TYPE_ANY};
	struct both *b = arg;

	(void)dns_local_add_record(b->local, DNS_LOCAL_DATA_SOURCE, rr);
	(void)dns_list_policy(&b->list, rr);
	for (size_t i = 0; i < TYPES; i++) {
		ask(b->local, rr->owner, types[i]);
		ask(b->list.local, rr->owner, types[i]);
	}
	ask(b->local, rr->owner, rr->type);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[HASH_KEY_LEN] = {1};
	struct dns_local_source source = {.ttl = 1, .ede = DNS_EDE_NONE};
	struct dns_zone_fault fault = {.line = 0};
	struct both b = {.local = NULL};
	FILE *in;
	int rc;

	if (len == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, len, "r");
	b.local = dns_local_new(key, 1);
	b.list.local = dns_local_new(key, 1);
	require(in != NULL && b.local != NULL && b.list.local != NULL);
	require(
	    dns_local_add_source(b.list.local, &source, &b.list.source) == 0);
	dns_list_init(&b.list);
	rc = dns_zone_read(in, 1, on_record, &b, &fault);
	require(rc == 0 || (fault.line > 0 && fault.text != NULL));
	(void)fclose(in);
	require(dns_local_finish(b.local) == 0);
	require(dns_local_finish(b.list.local) == 0);
	dns_local_free(b.local);
	dns_local_free(b.list.local);
	return 0;
}
