/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_DNSPLAN_H
#define RAW_DNSPLAN_H

#include "tools/doqspec/raw/dnsmsg.h"

/* What a query shall look like: filled word by word, then written. */

enum {
	RAW_DNS_CLASS_IN = 1,
	RAW_DNS_LABEL_MAX = 63,
	RAW_DNS_UDP_SIZE = 1232,
	RAW_DNS_OPTION_HEAD_LEN = 4,
	RAW_DNS_COUNTS = 4
};

struct raw_dns_plan {
	char *name;
	int type;
	unsigned qclass, id, flags;
	int count[RAW_DNS_COUNTS]; /* qd an ns ar as overridden, else -1 */
	unsigned added[RAW_DNS_COUNTS];
	bool has_opt, is_unframed, is_two_questions, is_two_opts;
	bool has_no_question;
	unsigned udp_size, version, ext_rcode, edns_flags;
	size_t fill, fill_label; /* octets of the name, and of its new labels */
	unsigned hops, hopping;	 /* chain=HOPS*RECORDS */
	size_t pad_block, size;
	int prefix; /* the 2-octet length as overridden, else -1 */
	int rdlen;  /* RDLEN of OPT as overridden, else -1 */
	struct raw_buf options, question, header, before, extra, trailing;
	struct raw_buf opt_owner;
};

/* A query that is nothing special, but for its question. */
void raw_dns_plan_init(struct raw_dns_plan *plan);
void raw_dns_plan_done(struct raw_dns_plan *plan);

/*
 * NAME[/TYPE], which stands first, and any word behind it.  The text is cut
 * and must outlive the plan.  -EINVAL when it means nothing.
 */
int raw_dns_plan_question(struct raw_dns_plan *plan, char *word);
int raw_dns_plan_word(struct raw_dns_plan *plan, char *word);

#endif
