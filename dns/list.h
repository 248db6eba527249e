/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of names: plain ones, hosts files, response policy zones.  A list goes
 * into the table of local names piece by piece as it is read; what stands in it
 * is anybody's, so what makes no sense is left out and counted.
 */
#ifndef DNS_LIST_H
#define DNS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/local.h"
#include "dns/name.h"

/* Longer lines are left out. */
#define DNS_LIST_LINE_MAX 4096

struct dns_list {
	struct dns_local *local;
	unsigned source;
	/* What becomes of its names; NONE for a policy zone: what it says. */
	enum dns_local_action action;
	unsigned scope; /* enum dns_local_scope; not of policy zones */
	uint32_t ttl;	/* s; of local data only */

	size_t skipped;	      /* lines or records that were left out */
	size_t first_skipped; /* the line of the first one, if any */
	size_t unsupported;   /* policy triggers and actions not done here */
	uint8_t apex[DNS_NAME_MAX]; /* of a policy zone: owner of its SOA */
};

/* Makes a list ready; the members up to `ttl` are the caller's to set. */
void dns_list_init(struct dns_list *list);

/*
 * Takes a line of `len` octets without its end, a name or "*.NAME", which is
 * those below it; "#" begins a comment.  Names in other octets than letters,
 * digits, "-" and "_" are left out, those that hosts files give to the machine
 * itself are passed over.  `number` is the line's.  0, -ENOMEM or -EFBIG.
 */
int dns_list_name(
    struct dns_list *list, size_t number, const char *line, size_t len);

/* The same of a hosts file: an address, which does not matter, and names. */
int dns_list_host(
    struct dns_list *list, size_t number, const char *line, size_t len);

/*
 * A line of a hosts file as local data: A or AAAA records for its names, which
 * have the list's TTL, and a PTR record for the address that has none yet.
 */
int dns_list_host_data(
    struct dns_list *list, size_t number, const char *line, size_t len);

/*
 * Takes a record of a response policy zone; `arg` is the list.  A dns_zone_fn.
 * Triggers are names, as they stand in the zone or below a "*"; actions are
 * NXDOMAIN, NODATA, passthru (also what is asked for by TCP only: this is a
 * stream), records, and drop, which is answered REFUSED.
 */
int dns_list_policy(void *arg, const struct dns_local_record *rr);

/* Counts a line that somebody else found too long. */
void dns_list_skip(struct dns_list *list, size_t number);

#endif
