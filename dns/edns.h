/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS(0), RFC 6891: reading the OPT record of a message, and writing one.
 * EDNS is hop by hop: what is read here is never copied across, what is written
 * is always ours.
 */
#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/record.h"
#include "dns/wire.h"

/* Our payload size over UDP: avoids fragments (RFC 9715 3.2, DNS flag day). */
#define DNS_EDNS_SIZE 1232

/* Smaller sizes count as this one (RFC 6891 6.2.3). */
#define DNS_EDNS_SIZE_MIN 512

/* The only version that exists (RFC 6891 6.1.3). */
#define DNS_EDNS_VERSION 0

/* DO, the first bit of the flags (RFC 3225 3). */
#define DNS_EDNS_DO 0x8000

/* Code and length in front of an option's data. */
#define DNS_OPTION_FIXED 4

/* An OPT record without options: root owner and fixed part. */
#define DNS_OPT_SIZE (1 + DNS_RECORD_FIXED)

/* Longest EXTRA-TEXT that we send (RFC 8914 3: keep it short). */
#define DNS_EDE_TEXT_MAX 64

/* INFO-CODE in front of it. */
#define DNS_EDE_FIXED 2

/* What the OPT record of a message said. */
struct dns_edns {
	size_t options; /* offset of the first option in the message */
	size_t options_len;
	uint16_t udp_size; /* at least DNS_EDNS_SIZE_MIN */
	uint16_t flags;	   /* as sent, DO included */
	uint8_t version;
	uint8_t extended_rcode; /* upper 8 of 12 bits */
	bool is_present;	/* an OPT record was there, good or bad */
	bool is_broken;		/* its options do not fill it exactly */
	bool has_keepalive;
	bool has_padding;
	bool has_cookie;
	bool has_ecs;
	bool has_nsid;
};

struct dns_option {
	const uint8_t *data; /* borrowed */
	uint16_t code;
	uint16_t len;
};

/* What our own OPT record says. */
struct dns_opt {
	uint16_t rcode; /* all 12 bits; the upper 8 go into the OPT */
	bool is_do;
};

/*
 * Takes the option at *pos of the `len` octets of options and moves *pos behind
 * it.  Returns 1 with *ret_opt, 0 at the end, -EBADMSG for one that runs on
 * behind the end or for 1 to 3 stray octets; *pos is then left.
 */
int dns_option_next(const uint8_t *options, size_t len, size_t *pos,
    struct dns_option *ret_opt);

/*
 * Finds the first option with this code.  Returns 1 with *ret_opt, or 0 if
 * there is none among the good ones that stand first.
 */
int dns_option_find(const uint8_t *options, size_t len, uint16_t code,
    struct dns_option *ret_opt);

/*
 * The code of the first Extended DNS Error (RFC 8914 2) among these options;
 * DNS_EDE_NONE if there is none.
 */
int dns_ede_find(const uint8_t *options, size_t len);

/*
 * Reads an OPT record that dns_record_read() accepted.  Linear in its length,
 * and never fails: broken options set is_broken, and what stood before the
 * fault is still noticed.
 */
void dns_edns_read(
    const uint8_t *msg, const struct dns_record *rr, struct dns_edns *ret_edns);

/*
 * Starts an OPT record at the end of the message `out`, which must have a
 * header, and counts it in ARCOUNT.  At most one per message; until the message
 * is done nothing but options may be added.  Returns 0 with the offset of the
 * record in *ret_opt, or -EMSGSIZE.
 */
int dns_opt_start(
    struct dns_buf *out, const struct dns_opt *opt, size_t *ret_opt);

/* Adds an option to the OPT record at `opt`.  Returns 0 or -EMSGSIZE. */
int dns_opt_add(struct dns_buf *out, size_t opt, uint16_t code,
    const uint8_t *data, size_t len);

/*
 * Adds `len` octets of whole options that somebody else made.  Returns 0 or
 * -EMSGSIZE.
 */
int dns_opt_add_raw(
    struct dns_buf *out, size_t opt, const uint8_t *options, size_t len);

/*
 * Adds an Extended DNS Error (RFC 8914 2) with the first DNS_EDE_TEXT_MAX
 * octets of `text`, which may be NULL.  Returns 0 or -EMSGSIZE.
 */
int dns_opt_add_ede(
    struct dns_buf *out, size_t opt, uint16_t code, const char *text);

/*
 * Pads the message with zeros to a multiple of `block` octets (RFC 8467 4.1,
 * RFC 7830 3); the last thing that is done to a message.  It never grows beyond
 * `max` octets nor the buffer: then it is padded up to that, or left as it is
 * if not even an empty option fits.  The length prefix of a stream is not
 * counted (RFC 8467 3).
 */
void dns_opt_pad(struct dns_buf *out, size_t opt, size_t block, size_t max);

#endif
