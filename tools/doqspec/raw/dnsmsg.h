/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_DNSMSG_H
#define RAW_DNSMSG_H

#include "tools/doqspec/raw/bytes.h"

/* DNS messages: reading answers, and building queries of any shape. */

enum {
	RAW_DNS_HEADER_LEN = 12,
	RAW_DNS_NAME_TEXT_MAX = 1032, /* 255 octets, each as \DDD at worst */
	RAW_DNS_OPTIONS_MAX = 64,
	RAW_DNS_EDE_MAX = 8,
	RAW_DNS_TYPE_A = 1,
	RAW_DNS_TYPE_OPT = 41,
	RAW_DNS_OPTION_KEEPALIVE = 11,
	RAW_DNS_OPTION_PADDING = 12,
	RAW_DNS_OPTION_EDE = 15
};

/* A message taken apart.  Pointers go into the message's octets. */
struct raw_dns {
	unsigned id;
	bool qr, aa, tc, rd, ra, z, ad, cd;
	unsigned opcode;
	unsigned rcode; /* the header's 4 bits */
	unsigned qd, an, ns, ar;
	char qname[RAW_DNS_NAME_TEXT_MAX];
	unsigned qtype, qclass;
	const uint8_t *question; /* first question's octets */
	size_t question_len;
	unsigned opts; /* how many OPT records */
	unsigned udp_size, ext_rcode, edns_version, edns_flags;
	unsigned options[RAW_DNS_OPTIONS_MAX];
	const uint8_t *option_data[RAW_DNS_OPTIONS_MAX];
	size_t option_len[RAW_DNS_OPTIONS_MAX];
	size_t noptions;
	unsigned ede[RAW_DNS_EDE_MAX];
	size_t nede;
	size_t len;	     /* of the whole message */
	struct raw_buf text; /* records, one per line: NAME TTL TYPE DATA */
};

/*
 * Takes a message apart.  -EBADMSG when it is not well formed: names, counts,
 * lengths, or octets behind the last record.  ret_dns is then not usable but
 * by raw_dns_done.  Owns nothing but `text`.
 */
int raw_dns_read(const uint8_t *p, size_t len, struct raw_dns *ret_dns);
/* The same for the header alone, whatever stands behind it. */
int raw_dns_read_head(const uint8_t *p, size_t len, struct raw_dns *ret_dns);
void raw_dns_done(struct raw_dns *dns);

/* Numbers of mnemonics ("TXT", "TYPE65280", "SERVFAIL", "7"); -1: unknown. */
int raw_dns_type(const char *text);
int raw_dns_rcode(const char *text);
const char *raw_dns_rcode_name(unsigned rcode);

/*
 * Appends a name in wire form.  '\DDD' and '\c' escape; a missing final dot
 * is supplied; "." is the root.  Lengths are not checked beyond 63 octets a
 * label, so that names over 255 octets can be made.  -EINVAL else.
 */
int raw_dns_put_name(struct raw_buf *buf, const char *text);

/*
 * Builds a query from its description "NAME/TYPE[,option]..." (the options
 * are listed in script.h) and appends it, with the 2-octet length in front
 * unless the description says "unframed".  ret_error, on -EINVAL, names the
 * part that was not understood (static or pointing into `text`).
 */
int raw_dns_put_query(
    struct raw_buf *buf, const char *text, const char **ret_error);

#endif
