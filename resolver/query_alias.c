/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names behind an alias.
 *
 * The records in front are made when the question is asked, and kept with it:
 * local data may be another when the answer comes.
 */
#include "resolver/query_alias.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/alias.h"
#include "dns/discovery.h"
#include "dns/dns64.h"
#include "dns/special.h"
#include "resolver/query_run.h"
#include "resolver/worker.h"

struct query_alias {
	struct dns_query query; /* of `question` */
	struct dns_alias alias;
	bool is_reverse; /* DNS64's, else of local data or a list */
	int ede;	 /* of the list, enum dns_ede */
	char ede_text[DNS_EDE_TEXT_MAX + 1];
	uint8_t question[DNS_QUESTION_MAX];
	size_t size; /* of data, where `alias` has its records */
	uint8_t data[];
};

static struct query_alias *
make(size_t size, struct dns_buf *ret_out)
{
	struct query_alias *a = calloc(1, sizeof(*a) + size);

	if (a == NULL)
		return NULL;
	a->ede = DNS_EDE_NONE;
	a->size = size;
	*ret_out = (struct dns_buf){.data = a->data, .size = size};
	return a;
}

/* Is the name one that must not be asked upstream? */
static bool
is_special(const struct config *config, const struct dns_query *target)
{
	return dns_special_find(target, config->special.forward) != NULL ||
	       dns_discovery_find(target) != NULL;
}

/* The records are there.  Takes `a`. */
static bool
take(struct query_run *q, struct query_alias *a)
{
	assert(q->alias == NULL);
	dns_alias_ask(&a->alias, &q->dns, a->question, &a->query);
	if (is_special(q->worker->config, &a->query)) {
		free(a);
		return false;
	}
	q->alias = a;
	return true;
}

bool
query_alias_local(struct query_run *q, const struct dns_local_match *match)
{
	struct worker *w = q->worker;
	struct query_alias *a;
	struct dns_buf out;

	if (!match->leaves || (q->dns.flags & DNS_FLAG_RD) == 0 ||
	    q->dns.qclass != DNS_CLASS_IN || dns_query_is_raw(&q->dns) ||
	    !upstream_can_ask(w->upstream))
		return false;
	a = make(DNS_HEADER_SIZE + q->dns.question_len + match->records, &out);
	if (a == NULL)
		return false;
	dns_local_alias(match, &q->dns, &out, &a->alias);
	a->ede = match->source->ede;
	memcpy(a->ede_text, match->source->text, sizeof(a->ede_text));
	if (!take(q, a))
		return false;
	counter_add(&w->counters.query_followed, 1);
	return true;
}

bool
query_alias_reverse(struct query_run *q, const uint8_t *target)
{
	struct dns_buf out;
	struct query_alias *a = make(dns_alias_bound(&q->dns, target), &out);

	if (a == NULL)
		return false;
	a->is_reverse = true;
	dns_alias_make(&q->dns, target, DNS64_TTL_DEFAULT, &out, &a->alias);
	return take(q, a);
}

const struct dns_query *
query_alias_question(const struct query_run *q)
{
	return q->alias != NULL ? &q->alias->query : &q->dns;
}

void
query_alias_relay(
    struct query_run *q, const struct dns_response *r, struct dns_relay *how)
{
	struct query_alias *a = q->alias;

	if (a == NULL)
		return;
	how->is_ad_trusted = false; /* nobody signed the alias */
	if (a->is_reverse) {
		/* RFC 6147 5.3.1: only where there is something behind it. */
		if (r->rcode != DNS_RCODE_NOERROR ||
		    dns_get16(r->msg + DNS_OFF_ANCOUNT) == 0)
			return;
		counter_add(&q->worker->counters.dns64_reverse, 1);
	}
	how->alias = &a->alias;
	/* An error's own reason is more to the point. */
	if (r->rcode != DNS_RCODE_NOERROR && r->rcode != DNS_RCODE_NXDOMAIN)
		return;
	if (a->ede == DNS_EDE_NONE)
		return;
	how->ede = a->ede;
	how->ede_text = a->ede_text[0] != '\0' ? a->ede_text : NULL;
}

void
query_alias_done(struct query_run *q)
{
	free(q->alias);
	q->alias = NULL;
}

size_t
query_alias_kept(const struct query_run *q)
{
	return q->alias != NULL ? sizeof(*q->alias) + q->alias->size : 0;
}
