/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EDNS(0): the OPT record read and written.
 *
 * The writer appends at the end of a message, so an OPT record under work is
 * always its last one, and the option added last is the last of the message:
 * that is what padding needs (RFC 8467 3).  After each call the record is
 * complete: RDLENGTH is kept up to date.
 */
#include "dns/edns.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Places in an OPT record, from its owner; the TTL is taken apart. */
#define OPT_TYPE 1
#define OPT_CLASS 3
#define OPT_RCODE 5
#define OPT_VERSION 6
#define OPT_FLAGS 7
#define OPT_RDLENGTH 9

/* The lower part of an RCODE is in the header (RFC 6891 6.1.3). */
#define RCODE_SHIFT 4

int
dns_option_next(
    const uint8_t *options, size_t len, size_t *pos, struct dns_option *ret_opt)
{
	size_t left = len - *pos;
	uint16_t size;

	if (left == 0)
		return 0;
	if (left < DNS_OPTION_FIXED)
		return -EBADMSG;
	size = dns_get16(options + *pos + 2);
	if (left - DNS_OPTION_FIXED < size)
		return -EBADMSG;
	ret_opt->code = dns_get16(options + *pos);
	ret_opt->data = options + *pos + DNS_OPTION_FIXED;
	ret_opt->len = size;
	*pos += DNS_OPTION_FIXED + (size_t)size;
	return 1;
}

int
dns_option_find(const uint8_t *options, size_t len, uint16_t code,
    struct dns_option *ret_opt)
{
	struct dns_option opt;
	size_t pos = 0;

	while (dns_option_next(options, len, &pos, &opt) == 1) {
		if (opt.code == code) {
			*ret_opt = opt;
			return 1;
		}
	}
	return 0;
}

int
dns_ede_find(const uint8_t *options, size_t len)
{
	struct dns_option opt;
	size_t pos = 0;

	while (dns_option_next(options, len, &pos, &opt) == 1) {
		if (opt.code == DNS_OPTION_EDE && opt.len >= DNS_EDE_FIXED)
			return dns_get16(opt.data);
	}
	return DNS_EDE_NONE;
}

static void
note_option(struct dns_edns *e, uint16_t code)
{
	switch (code) {
	case DNS_OPTION_KEEPALIVE:
		e->has_keepalive = true;
		break;
	case DNS_OPTION_PADDING:
		e->has_padding = true;
		break;
	case DNS_OPTION_COOKIE:
		e->has_cookie = true;
		break;
	case DNS_OPTION_ECS:
		e->has_ecs = true;
		break;
	case DNS_OPTION_NSID:
		e->has_nsid = true;
		break;
	default: /* RFC 6891 6.1.2: unknown ones are ignored */
		break;
	}
}

void
dns_edns_read(
    const uint8_t *msg, const struct dns_record *rr, struct dns_edns *ret_edns)
{
	struct dns_edns e = {
	    .is_present = true,
	    .options = rr->rdata,
	    .options_len = rr->end - rr->rdata,
	    .udp_size = rr->class,
	    .extended_rcode = (uint8_t)(rr->ttl >> 24),
	    .version = (uint8_t)(rr->ttl >> 16),
	    .flags = (uint16_t)rr->ttl,
	};
	struct dns_option opt;
	size_t pos = 0;
	int rc;

	if (e.udp_size < DNS_EDNS_SIZE_MIN)
		e.udp_size = DNS_EDNS_SIZE_MIN;
	for (;;) {
		rc =
		    dns_option_next(msg + e.options, e.options_len, &pos, &opt);
		if (rc <= 0)
			break;
		note_option(&e, opt.code);
	}
	e.is_broken = rc < 0;
	*ret_edns = e;
}

static bool
has_room(const struct dns_buf *out, size_t len)
{
	return out->size - out->len >= len;
}

/* RDLENGTH says what stands behind it. */
static void
update_length(struct dns_buf *out, size_t opt)
{
	size_t len = out->len - opt - DNS_OPT_SIZE;

	assert(len <= UINT16_MAX);
	dns_put16(out->data + opt + OPT_RDLENGTH, (uint16_t)len);
}

int
dns_opt_start(struct dns_buf *out, const struct dns_opt *opt, size_t *ret_opt)
{
	uint8_t *count = out->data + DNS_OFF_ARCOUNT;
	uint8_t *p;

	assert(out->len >= DNS_HEADER_SIZE);
	if (!has_room(out, DNS_OPT_SIZE))
		return -EMSGSIZE;
	p = out->data + out->len;
	memset(p, 0, DNS_OPT_SIZE);
	dns_put16(p + OPT_TYPE, DNS_TYPE_OPT);
	dns_put16(p + OPT_CLASS, DNS_EDNS_SIZE);
	p[OPT_RCODE] = (uint8_t)(opt->rcode >> RCODE_SHIFT);
	p[OPT_VERSION] = DNS_EDNS_VERSION;
	dns_put16(p + OPT_FLAGS, opt->is_do ? DNS_EDNS_DO : 0);
	dns_put16(count, (uint16_t)(dns_get16(count) + 1));
	*ret_opt = out->len;
	out->len += DNS_OPT_SIZE;
	return 0;
}

/* Appends code and length of an option; the caller knows that it fits. */
static void
put_option_head(struct dns_buf *out, uint16_t code, size_t len)
{
	uint8_t *p = out->data + out->len;

	dns_put16(p, code);
	dns_put16(p + 2, (uint16_t)len);
	out->len += DNS_OPTION_FIXED;
}

int
dns_opt_add(struct dns_buf *out, size_t opt, uint16_t code, const uint8_t *data,
    size_t len)
{
	if (!has_room(out, DNS_OPTION_FIXED + len))
		return -EMSGSIZE;
	put_option_head(out, code, len);
	if (len > 0)
		memcpy(out->data + out->len, data, len);
	out->len += len;
	update_length(out, opt);
	return 0;
}

int
dns_opt_add_raw(
    struct dns_buf *out, size_t opt, const uint8_t *options, size_t len)
{
	if (!has_room(out, len))
		return -EMSGSIZE;
	if (len > 0)
		memcpy(out->data + out->len, options, len);
	out->len += len;
	update_length(out, opt);
	return 0;
}

int
dns_opt_add_ede(
    struct dns_buf *out, size_t opt, uint16_t code, const char *text)
{
	uint8_t data[DNS_EDE_FIXED + DNS_EDE_TEXT_MAX];
	size_t len = 0;

	dns_put16(data, code);
	if (text != NULL) {
		len = strnlen(text, DNS_EDE_TEXT_MAX);
		memcpy(data + DNS_EDE_FIXED, text, len);
	}
	return dns_opt_add(out, opt, DNS_OPTION_EDE, data, DNS_EDE_FIXED + len);
}

void
dns_opt_pad(struct dns_buf *out, size_t opt, size_t block, size_t max)
{
	size_t least = out->len + DNS_OPTION_FIXED;
	size_t want = (least + block - 1) / block * block;

	if (max > out->size)
		max = out->size;
	if (want > max)
		want = max;
	if (want < least)
		return;
	put_option_head(out, DNS_OPTION_PADDING, want - least);
	memset(out->data + out->len, 0, want - least);
	out->len = want;
	update_length(out, opt);
}
