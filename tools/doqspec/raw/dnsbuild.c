/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds DNS queries of any shape, honest and broken, from one word of a
 * script: "example.com/A,do,padto=128".  dnsplan.c reads it; the plan is
 * written here.
 */
#include "tools/doqspec/raw/dnsplan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_FIXED_LEN = 11,
	POINTER = 0xc000,
	TYPE_UNKNOWN = 65280
};

static size_t
put_label(struct raw_buf *buf, const char *text)
{
	size_t at = buf->len;
	size_t i = 0;

	raw_buf_u8(buf, 0);
	while (text[i] != '\0' && text[i] != '.') {
		unsigned c = (unsigned char)text[i++];

		if (c == '\\' && isdigit((unsigned char)text[i]) &&
		    isdigit((unsigned char)text[i + 1]) &&
		    isdigit((unsigned char)text[i + 2])) {
			c = (unsigned)(text[i] - '0') * 100 +
			    (unsigned)(text[i + 1] - '0') * 10 +
			    (unsigned)(text[i + 2] - '0');
			i += 3;
		} else if (c == '\\' && text[i] != '\0') {
			c = (unsigned char)text[i++];
		}
		raw_buf_u8(buf, c & 0xff);
	}
	if (buf->len - at - 1 > RAW_DNS_LABEL_MAX)
		return 0;
	buf->data[at] = (uint8_t)(buf->len - at - 1);
	return i;
}

int
raw_dns_put_name(struct raw_buf *buf, const char *text)
{
	if (strcmp(text, ".") == 0)
		text = "";
	while (*text != '\0') {
		size_t used = put_label(buf, text);

		if (used == 0)
			return -EINVAL;
		text += used;
		if (*text == '.')
			text++;
	}
	raw_buf_u8(buf, 0);
	return 0;
}

static void
write_header(struct raw_buf *buf, const struct raw_dns_plan *p)
{
	unsigned natural[RAW_DNS_COUNTS] = {p->is_two_questions ? 2 : 1,
	    p->added[1], p->added[2],
	    p->added[3] + (p->has_opt ? 1 : 0) + (p->is_two_opts ? 1 : 0)};

	if (p->header.len > 0) {
		raw_buf_add(buf, p->header.data, p->header.len);
		return;
	}
	if (p->has_no_question)
		natural[0] = 0;
	raw_buf_u16(buf, p->id);
	raw_buf_u16(buf, p->flags);
	for (int i = 0; i < RAW_DNS_COUNTS; i++)
		raw_buf_u16(
		    buf, p->count[i] < 0 ? natural[i] : (unsigned)p->count[i]);
}

/* Labels in front of a name of `len` octets, so that it has p->fill. */
static void
write_fill(struct raw_buf *buf, const struct raw_dns_plan *p, size_t len)
{
	while (len + 1 < p->fill) {
		size_t left = p->fill - len;
		size_t size =
		    left - 1 < p->fill_label ? left - 1 : p->fill_label;

		/* One octet is too little for another label. */
		if (left == size + 2)
			size = size == 1 ? 2 : size - 1;
		raw_buf_u8(buf, (unsigned)size);
		raw_buf_fill(buf, 'a', size);
		len += 1 + size;
	}
}

static int
write_name(struct raw_buf *buf, const struct raw_dns_plan *p)
{
	struct raw_buf name = {0};
	int rc = raw_dns_put_name(&name, p->name);

	if (rc == 0) {
		write_fill(buf, p, name.len);
		raw_buf_add(buf, name.data, name.len);
	}
	raw_buf_done(&name);
	return rc;
}

static int
write_question(struct raw_buf *buf, const struct raw_dns_plan *p)
{
	int times = p->is_two_questions ? 2 : 1;

	if (p->has_no_question)
		return 0;
	if (p->question.len > 0) {
		raw_buf_add(buf, p->question.data, p->question.len);
		return 0;
	}
	for (; times > 0; times--) {
		if (write_name(buf, p) != 0)
			return -EINVAL;
		raw_buf_u16(buf, (unsigned)p->type);
		raw_buf_u16(buf, p->qclass);
	}
	return 0;
}

/* Octets of padding option data so that the message has its wanted length. */
static int
padding_for(const struct raw_dns_plan *p, size_t without)
{
	size_t len = without + RAW_DNS_OPTION_HEAD_LEN;

	if (p->size > 0)
		return p->size >= len ? (int)(p->size - len) : -1;
	if (p->pad_block > 0)
		return (
		    int)((p->pad_block - len % p->pad_block) % p->pad_block);
	return -1;
}

static void
write_opt(struct raw_buf *buf, const struct raw_dns_plan *p, size_t message_at)
{
	size_t owner = p->opt_owner.len > 0 ? p->opt_owner.len : 1;
	size_t without = buf->len - message_at + owner + OPT_FIXED_LEN - 1 +
			 p->options.len + p->trailing.len;
	int padding = padding_for(p, without);
	size_t rdlen = p->options.len;

	if (padding >= 0)
		rdlen += RAW_DNS_OPTION_HEAD_LEN + (size_t)padding;
	if (p->opt_owner.len > 0)
		raw_buf_add(buf, p->opt_owner.data, p->opt_owner.len);
	else
		raw_buf_u8(buf, 0);
	raw_buf_u16(buf, RAW_DNS_TYPE_OPT);
	raw_buf_u16(buf, p->udp_size);
	raw_buf_u8(buf, p->ext_rcode);
	raw_buf_u8(buf, p->version);
	raw_buf_u16(buf, p->edns_flags);
	raw_buf_u16(
	    buf, p->rdlen < 0 ? (unsigned)rdlen & 0xffff : (unsigned)p->rdlen);
	raw_buf_add(buf, p->options.data, p->options.len);
	if (padding >= 0) {
		raw_buf_u16(buf, RAW_DNS_OPTION_PADDING);
		raw_buf_u16(buf, (unsigned)padding);
		raw_buf_fill(buf, 0, (size_t)padding);
	}
}

static void
write_unknown(struct raw_buf *buf, size_t rdlen)
{
	raw_buf_u16(buf, TYPE_UNKNOWN);
	raw_buf_u16(buf, RAW_DNS_CLASS_IN);
	raw_buf_u32(buf, 0);
	raw_buf_u16(buf, (unsigned)rdlen);
}

/*
 * A record full of pointers, each to the one before, the first to the name
 * asked for; then records whose owner is the last of them.
 */
static void
write_chain(
    struct raw_buf *buf, const struct raw_dns_plan *p, size_t message_at)
{
	size_t to = RAW_DNS_HEADER_LEN;

	if (p->hops == 0)
		return;
	raw_buf_u8(buf, 0);
	write_unknown(buf, 2 * (size_t)p->hops);
	for (unsigned i = 0; i < p->hops; i++) {
		size_t here = buf->len - message_at;

		raw_buf_u16(buf, (unsigned)(POINTER | to));
		to = here;
	}
	for (unsigned i = 0; i < p->hopping; i++) {
		raw_buf_u16(buf, (unsigned)(POINTER | to));
		write_unknown(buf, 0);
	}
}

static int
write_query(struct raw_buf *buf, const struct raw_dns_plan *p)
{
	size_t prefix_at = buf->len;
	size_t message_at;

	if (!p->is_unframed)
		raw_buf_u16(buf, 0);
	message_at = buf->len;
	write_header(buf, p);
	if (write_question(buf, p) != 0)
		return -EINVAL;
	raw_buf_add(buf, p->before.data, p->before.len);
	raw_buf_add(buf, p->extra.data, p->extra.len);
	write_chain(buf, p, message_at);
	if (p->is_two_opts) {
		static const uint8_t bare[OPT_FIXED_LEN] = {0, 0,
		    RAW_DNS_TYPE_OPT, RAW_DNS_UDP_SIZE >> 8,
		    RAW_DNS_UDP_SIZE & 0xff};

		raw_buf_add(buf, bare, sizeof(bare));
	}
	if (p->has_opt)
		write_opt(buf, p, message_at);
	raw_buf_add(buf, p->trailing.data, p->trailing.len);
	if (!p->is_unframed) {
		size_t len =
		    p->prefix < 0 ? buf->len - message_at : (size_t)p->prefix;

		buf->data[prefix_at] = (uint8_t)(len >> 8 & 0xff);
		buf->data[prefix_at + 1] = (uint8_t)(len & 0xff);
	}
	return 0;
}

int
raw_dns_put_query(struct raw_buf *buf, const char *text, const char **ret_error)
{
	struct raw_dns_plan p;
	char *copy = raw_strdup(text);
	char *rest = copy;
	char *word = strsep(&rest, ",");
	size_t start = buf->len;
	int rc;

	raw_dns_plan_init(&p);
	rc = raw_dns_plan_question(&p, word);
	while (rc == 0 && (word = strsep(&rest, ",")) != NULL)
		rc = raw_dns_plan_word(&p, word);
	if (rc == 0) {
		word = copy;
		rc = write_query(buf, &p);
	}
	if (rc != 0) {
		buf->len = start;
		*ret_error = text + (word - copy);
	}
	raw_dns_plan_done(&p);
	free(copy);
	return rc;
}
