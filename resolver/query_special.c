/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rung of what is answered here: local data and lists, and names that are
 * never asked elsewhere.  What such a name means and
 * how its answer looks is dns/'s; here it is found out whose it is.
 */
#include "resolver/query_special.h"

#include "dns/ddr.h"
#include "dns/identity.h"
#include "dns/local.h"
#include "dns/special.h"
#include "resolver/own.h"
#include "resolver/query_alias.h"
#include "resolver/query_answer.h"
#include "resolver/query_dns64.h"
#include "resolver/worker.h"

static void
answer_special(struct query_run *q, const struct dns_special *zone,
    struct query_answer *ret)
{
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound + DNS_SPECIAL_RECORDS, ret, &out))
		query_answer_end(
		    dns_special_answer(zone, &q->dns, &q->front->hop, &out),
		    &out, ret);
}

static void
answer_identity(struct query_run *q, const char *text, struct query_answer *ret)
{
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound + DNS_IDENTITY_RECORDS, ret, &out))
		query_answer_end(
		    dns_identity_answer(text, &q->dns, &q->front->hop, &out),
		    &out, ret);
}

static void
answer_designated(struct query_run *q, const struct query_asker *asker,
    const struct dns_ddr *ddr, struct query_answer *ret)
{
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	union net_addr a;
	struct dns_ddr_local local = {NULL, 0};
	struct dns_buf out;

	net_addr_copy(&a, asker->local);
	if (a.sa.sa_family == AF_INET)
		local = (struct dns_ddr_local){(void *)&a.in.sin_addr, 4};
	else if (a.sa.sa_family == AF_INET6)
		local = (struct dns_ddr_local){(void *)&a.in6.sin6_addr, 16};
	if (query_answer_begin(q, bound + dns_ddr_records(ddr), ret, &out))
		query_answer_end(
		    dns_ddr_answer(ddr, &local, &q->dns, &q->front->hop, &out),
		    &out, ret);
}

static void
answer_discovery(struct query_run *q, const struct dns_discovery *zone,
    struct query_answer *ret)
{
	const struct dns64_net *prefix = &q->worker->config->dns64.prefix;
	size_t bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	struct dns_buf out;

	if (query_answer_begin(q, bound + DNS_DISCOVERY_RECORDS, ret, &out))
		query_answer_end(dns_discovery_answer(zone, prefix, &q->dns,
				     &q->front->hop, &out),
		    &out, ret);
}

/* Version and name of the server: what is not set is not told. */
static bool
is_identity(struct query_run *q, struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;
	const struct config *config = q->worker->config;
	const struct dns_identity identity = {
	    .version = config->special.version,
	    .id = config->special.id,
	};
	const char *text;

	if (!dns_identity_is_asked(&q->dns, &identity, &text))
		return false;
	if (text == NULL) {
		counter_add(&n->query_policy, 1);
		query_answer_error(q, DNS_RCODE_REFUSED, DNS_EDE_PROHIBITED,
		    "not told here", ret);
		return true;
	}
	counter_add(&n->query_identity, 1);
	answer_identity(q, text, ret);
	return true;
}

/* Local data, or a name on a list; false: an ordinary name, or one that leads
 * to another, q->alias. */
static bool
answer_local(struct query_run *q, bool only_data, struct query_answer *ret)
{
	struct service_counters *n = &q->worker->counters;
	const struct own *own = q->worker->own;
	struct dns_local_match match;
	struct dns_buf out;
	size_t bound;

	if (own == NULL ||
	    !dns_local_find(own->local, &q->dns, only_data, &match))
		return false;
	if (query_alias_local(q, &match))
		return false;
	counter_add(match.is_listed ? &n->query_blocked : &n->query_local, 1);
	bound = dns_answer_bound(&q->dns, &q->front->hop, NULL, NULL);
	if (query_answer_begin(q, bound + match.records, ret, &out))
		query_answer_end(
		    dns_local_answer(&match, &q->dns, &q->front->hop, &out),
		    &out, ret);
	return true;
}

/* A zone of the table; resolver.arpa has designations where there are some. */
static void
answer_zone(struct query_run *q, const struct query_asker *asker,
    const struct dns_special *zone, struct query_answer *ret)
{
	const struct own *own = q->worker->own;
	const struct dns_ddr *ddr = own != NULL ? own->ddr : NULL;

	if (ddr != NULL && dns_ddr_is_asked(&q->dns))
		answer_designated(q, asker, ddr, ret);
	else
		answer_special(q, zone, ret);
}

bool
query_special(struct query_run *q, const struct query_asker *asker,
    struct query_answer *ret)
{
	const struct dns_discovery *discovery;
	const struct dns_special *zone;

	if (is_identity(q, ret))
		return true;
	zone = dns_special_find(&q->dns, q->worker->config->special.forward);
	/* No list takes from us what is never asked elsewhere. */
	if (answer_local(q, zone != NULL && dns_special_is_fixed(zone), ret))
		return true;
	if (q->alias != NULL)
		return false;
	discovery = query_dns64_discovery(q, asker->address);
	if (zone == NULL && discovery == NULL)
		return false;
	counter_add(&q->worker->counters.query_special, 1);
	if (zone != NULL)
		answer_zone(q, asker, zone, ret);
	else
		answer_discovery(q, discovery, ret);
	return true;
}
