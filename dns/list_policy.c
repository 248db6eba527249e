/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Response policy zones (draft-vixie-dnsop-dns-rpz-00): what a record of one
 * means.  The trigger is in its owner, the action in its data.
 */
#include <errno.h>
#include <string.h>

#include "dns/list.h"
#include "dns/name.h"

/* 4.1.2 to 4.3: names of which the trigger is an address or a server. */
static const char *const other_triggers[] = {
    "\6rpz-ip", "\13rpz-nsdname", "\10rpz-nsip", "\15rpz-client-ip"};

/* 3: CNAME records that are actions. */
struct special_action {
	const char *target; /* wire form; the NUL is the root label */
	enum dns_local_action action;
};

static const struct special_action special_actions[] = {
    {"", DNS_LOCAL_NXDOMAIN}, {"\1*", DNS_LOCAL_NODATA},
    {"\14rpz-passthru", DNS_LOCAL_ALLOW},
    {"\14rpz-tcp-only", DNS_LOCAL_ALLOW}, /* who asks uses a stream */
    {"\10rpz-drop", DNS_LOCAL_REFUSED},	  /* RFC 9250 4.2: no silence */
};

static const uint8_t *
wire_name(const char *name)
{
	return (const uint8_t *)name;
}

/* Signatures and the like are about the zone, and no policy. */
static bool
is_about_zone(uint16_t type)
{
	return type == DNS_TYPE_SOA || type == DNS_TYPE_NS ||
	       type == DNS_TYPE_RRSIG || type == DNS_TYPE_NSEC ||
	       type == DNS_TYPE_NSEC3 || type == DNS_TYPE_DNSKEY ||
	       type == DNS_TYPE_NSEC3PARAM;
}

/* Cuts the zone's name off; 0 and a plain name, or -EINVAL. */
static int
read_trigger(const struct dns_list *list, const uint8_t *owner,
    uint8_t trigger[DNS_NAME_MAX])
{
	size_t len = dns_name_length(owner);
	size_t cut = dns_name_length(list->apex);

	if (!dns_name_is_subdomain(owner, list->apex) || len == cut)
		return -EINVAL;
	memcpy(trigger, owner, len - cut);
	trigger[len - cut] = 0;
	return 0;
}

static bool
is_other_trigger(const uint8_t *trigger)
{
	size_t i;

	for (; trigger[1 + (size_t)*trigger] != 0; trigger += 1 + *trigger)
		;
	for (i = 0; i < sizeof(other_triggers) / sizeof(other_triggers[0]); i++)
		if (dns_name_equal(trigger, wire_name(other_triggers[i])))
			return true;
	return false;
}

/* What the CNAME says; NONE: it is data. */
static enum dns_local_action
find_action(const uint8_t *trigger, const uint8_t *target)
{
	size_t i;

	for (i = 0; i < sizeof(special_actions) / sizeof(special_actions[0]);
	     i++)
		if (dns_name_equal(
			target, wire_name(special_actions[i].target)))
			return special_actions[i].action;
	/* 3.3: once, a name that is its own alias was passed through. */
	return dns_name_equal(trigger, target) ? DNS_LOCAL_ALLOW
					       : DNS_LOCAL_NONE;
}

static int
add_action(
    struct dns_list *list, const uint8_t *trigger, enum dns_local_action action)
{
	bool is_wild = trigger[0] == 1 && trigger[1] == '*';

	return dns_local_add(list->local, list->source,
	    trigger + (is_wild ? 2 : 0),
	    is_wild ? DNS_LOCAL_BELOW : DNS_LOCAL_SELF, action);
}

static int
add_record(struct dns_list *list, const uint8_t *trigger,
    const struct dns_local_record *rr)
{
	struct dns_local_record own = *rr;
	int rc;

	/* 3.6: a target "*.X" would need a name made for each question. */
	if (rr->type == DNS_TYPE_CNAME && rr->rdata[0] == 1 &&
	    rr->rdata[1] == '*') {
		list->unsupported++;
		return 0;
	}
	own.owner = trigger;
	rc = dns_local_add_record(list->local, list->source, &own);
	if (rc == -EEXIST || rc == -E2BIG) {
		list->skipped++;
		return 0;
	}
	return rc;
}

int
dns_list_policy(void *arg, const struct dns_local_record *rr)
{
	struct dns_list *list = arg;
	uint8_t trigger[DNS_NAME_MAX];
	enum dns_local_action action = list->action;

	if (rr->type == DNS_TYPE_SOA)
		(void)dns_name_lower(rr->owner, list->apex);
	if (is_about_zone(rr->type))
		return 0;
	if (read_trigger(list, rr->owner, trigger) != 0) {
		list->skipped++;
		return 0;
	}
	if (is_other_trigger(trigger)) {
		list->unsupported++;
		return 0;
	}
	if (rr->type == DNS_TYPE_CNAME && action == DNS_LOCAL_NONE)
		action = find_action(trigger, rr->rdata);
	else if (rr->type == DNS_TYPE_CNAME &&
		 find_action(trigger, rr->rdata) == DNS_LOCAL_ALLOW)
		action = DNS_LOCAL_ALLOW;
	return action != DNS_LOCAL_NONE ? add_action(list, trigger, action)
					: add_record(list, trigger, rr);
}
