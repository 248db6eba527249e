/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which options of libunbound an operator may set, by their names in
 * unbound.conf(5).
 *
 * In the table is what says how names are resolved and validated, and how much
 * memory that may take.  Not in it: what has a key of its own here, what
 * belongs to a server that listens, what would answer instead of us, what has
 * to do with files, logs or other programs, and what libunbound does not take.
 * Whether a value makes sense libunbound itself says, when it gets it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/config_parse.h"

static const char *const allowed[] = {
    "aggressive-nsec",
    "cache-max-negative-ttl",
    "cache-max-ttl",
    "cache-min-ttl",
    "caps-whitelist",
    "delay-close",
    "disable-dnssec-lame-check",
    "do-ip4",
    "do-ip6",
    "do-not-query-address",
    "do-not-query-localhost",
    "do-tcp",
    "do-udp",
    "domain-insecure",
    "edns-buffer-size",
    "fast-server-num",
    "fast-server-permil",
    "harden-algo-downgrade",
    "harden-below-nxdomain",
    "harden-dnssec-stripped",
    "harden-glue",
    "harden-large-queries",
    "harden-referral-path",
    "harden-short-bufsize",
    "infra-cache-max-rtt",
    "infra-cache-min-rtt",
    "infra-cache-numhosts",
    "infra-cache-slabs",
    "infra-host-ttl",
    "infra-keep-probing",
    "key-cache-size",
    "key-cache-slabs",
    "msg-cache-size",
    "msg-cache-slabs",
    "neg-cache-size",
    "outbound-msg-retry",
    "outgoing-interface",
    "outgoing-num-tcp",
    "outgoing-port-avoid",
    "outgoing-port-permit",
    "outgoing-range",
    "outgoing-tcp-mss",
    "prefer-ip4",
    "prefer-ip6",
    "prefetch",
    "prefetch-key",
    "private-address",
    "private-domain",
    "qname-minimisation",
    "qname-minimisation-strict",
    "ratelimit",
    "ratelimit-factor",
    "root-key-sentinel",
    "rrset-cache-size",
    "rrset-cache-slabs",
    "rrset-roundrobin",
    "target-fetch-policy",
    "trust-anchor-signaling",
    "udp-connect",
    "unknown-server-time-limit",
    "unwanted-reply-threshold",
    "use-caps-for-id",
    "val-bogus-ttl",
    "val-clean-additional",
    "val-max-restart",
    "val-nsec3-keysize-iterations",
    "val-override-date",
    "val-permissive-mode",
    "val-sig-skew-max",
    "val-sig-skew-min",
};

static bool
is_allowed(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strlen(allowed[i]) == len &&
		    memcmp(allowed[i], name, len) == 0)
			return true;
	}
	return false;
}

/* Our words for yes and no are taken, too. */
static const char *
translate(const char *value)
{
	if (strcmp(value, "true") == 0)
		return "yes";
	return strcmp(value, "false") == 0 ? "no" : value;
}

int
config_option_append(
    struct config_options *list, const char *text, char why[CONFIG_ERROR_LEN])
{
	size_t len = strcspn(text, ":");
	const char *value = text + len + (text[len] == ':');
	struct config_option *items;
	struct config_option option = {0};
	struct config_addr addr;

	value = translate(value + strspn(value, " \t"));
	if (*value == '\0')
		return config_value_fail(why, text, "is no NAME: VALUE");
	/* libunbound would tell only when it is asked the first time. */
	if (strncmp(text, "outgoing-interface:", len + 1) == 0 &&
	    config_addr_parse(value, 0, &addr) != 0)
		return config_value_fail(why, text, "needs an address");
	if (!is_allowed(text, len))
		return config_value_fail(
		    why, text, "is no option that can be set here");
	items = realloc(list->item, (list->count + 1) * sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	option.name = strndup(text, len);
	option.value = strdup(value);
	items[list->count++] = option;
	if (option.name == NULL || option.value == NULL)
		return config_value_no_memory(why);
	return 0;
}

void
config_options_clear(struct config_options *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->item[i].name);
		free(list->item[i].value);
	}
	free(list->item);
	*list = (struct config_options){0};
}

void
config_options_print(FILE *out)
{
	const size_t count = sizeof(allowed) / sizeof(allowed[0]);
	size_t i;

	(void)fputs("These are allowed:\n", out);
	for (i = 0; i < count; i++)
		(void)fprintf(
		    out, ".Cm %s %s\n", allowed[i], i + 1 < count ? "," : ".");
}
