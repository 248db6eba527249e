/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds DNS queries of any shape, honest and broken, from one word of a
 * script: "example.com/A,do,padto=128".
 *
 * The words are kept in one table.  They only fill a plan; writing the plan
 * comes last, so the order of words does not matter, except among EDNS
 * options and among records, which stand in the order given.
 */
#include "tools/doqspec/raw/dnsmsg.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLAG_QR = 0x8000,
	FLAG_AA = 0x0400,
	FLAG_TC = 0x0200,
	FLAG_RD = 0x0100,
	FLAG_RA = 0x0080,
	FLAG_Z = 0x0040,
	FLAG_AD = 0x0020,
	FLAG_CD = 0x0010,
	OPCODE_SHIFT = 11,
	EDNS_DO = 0x8000,
	CLASS_IN = 1,
	LABEL_MAX = 63,
	OPTION_COOKIE = 10,
	DEFAULT_UDP_SIZE = 1232,
	OPT_FIXED_LEN = 11,
	OPTION_HEAD_LEN = 4,
	POINTER = 0xc000,
	POINTER_MAX = 0x3fff,
	TYPE_UNKNOWN = 65280,
	COUNTS = 4
};

struct plan {
	char *name;
	int type;
	unsigned qclass, id, flags;
	int count[COUNTS]; /* qd an ns ar as overridden, else -1 */
	unsigned added[COUNTS];
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

/* One word of a description; `value` is what stands behind '=', or NULL. */
typedef int (*word_fn)(struct plan *, const char *value, unsigned arg);

static int
number(const char *value, unsigned long max, unsigned long *ret_number)
{
	char *end;
	unsigned long n;

	if (value == NULL || !isdigit((unsigned char)*value))
		return -EINVAL;
	n = strtoul(value, &end, 0);
	if (*end != '\0' || n > max)
		return -EINVAL;
	*ret_number = n;
	return 0;
}

static int
small(const char *value, unsigned *ret_number)
{
	unsigned long n = 0;
	int rc = number(value, UINT16_MAX, &n);

	if (rc == 0)
		*ret_number = (unsigned)n;
	return rc;
}

/* rd=0 clears, a bare word or =1 sets. */
static int
word_flag(struct plan *p, const char *value, unsigned arg)
{
	if (value != NULL && strcmp(value, "0") == 0)
		p->flags &= ~arg;
	else
		p->flags |= arg;
	return 0;
}

static int
word_do(struct plan *p, const char *value, unsigned arg)
{
	(void)value;
	p->has_opt = true;
	p->edns_flags |= arg;
	return 0;
}

static int
word_opcode(struct plan *p, const char *value, unsigned arg)
{
	unsigned opcode = 0;

	if (small(value, &opcode) != 0 || opcode > 15)
		return -EINVAL;
	p->flags |= opcode << arg;
	return 0;
}

static int
word_rcode(struct plan *p, const char *value, unsigned arg)
{
	int rcode = value != NULL ? raw_dns_rcode(value) : -1;

	(void)arg;
	if (rcode < 0 || rcode > 15)
		return -EINVAL;
	p->flags |= (unsigned)rcode;
	return 0;
}

enum number_member {
	NUMBER_ID,
	NUMBER_CLASS,
	NUMBER_UDP_SIZE,
	NUMBER_VERSION,
	NUMBER_EXT_RCODE,
	NUMBER_EDNS_FLAGS
};

static int
word_number(struct plan *p, const char *value, unsigned arg)
{
	unsigned *const members[] = {
	    [NUMBER_ID] = &p->id,
	    [NUMBER_CLASS] = &p->qclass,
	    [NUMBER_UDP_SIZE] = &p->udp_size,
	    [NUMBER_VERSION] = &p->version,
	    [NUMBER_EXT_RCODE] = &p->ext_rcode,
	    [NUMBER_EDNS_FLAGS] = &p->edns_flags,
	};

	if (arg >= NUMBER_UDP_SIZE)
		p->has_opt = true;
	return small(value, members[arg]);
}

static int
word_count(struct plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0)
		return -EINVAL;
	p->count[arg] = (int)n;
	return 0;
}

static int
word_len(struct plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0)
		return -EINVAL;
	if (arg)
		p->rdlen = (int)n;
	else
		p->prefix = (int)n;
	return 0;
}

static int
word_size(struct plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0 || n == 0)
		return -EINVAL;
	p->has_opt = true;
	*(arg ? &p->size : &p->pad_block) = n;
	return 0;
}

static int
word_fill(struct plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0)
		return -EINVAL;
	p->fill = n;
	p->fill_label = arg;
	return 0;
}

enum switch_member {
	SWITCH_OPT,
	SWITCH_UNFRAMED,
	SWITCH_TWO_QUESTIONS,
	SWITCH_TWO_OPTS,
	SWITCH_NO_QUESTION
};

static int
word_switch(struct plan *p, const char *value, unsigned arg)
{
	bool *const members[] = {
	    [SWITCH_OPT] = &p->has_opt,
	    [SWITCH_UNFRAMED] = &p->is_unframed,
	    [SWITCH_TWO_QUESTIONS] = &p->is_two_questions,
	    [SWITCH_TWO_OPTS] = &p->is_two_opts,
	    [SWITCH_NO_QUESTION] = &p->has_no_question,
	};

	if (value != NULL)
		return -EINVAL;
	*members[arg] = true;
	if (arg == SWITCH_TWO_OPTS)
		p->has_opt = true;
	return 0;
}

static void
put_option(struct plan *p, unsigned code, const struct raw_buf *data)
{
	p->has_opt = true;
	raw_buf_u16(&p->options, code);
	raw_buf_u16(&p->options, (unsigned)data->len & 0xffff);
	raw_buf_add(&p->options, data->data, data->len);
}

/* option=CODE, option=CODE:HEX or option=CODE*ZEROS */
static int
word_option(struct plan *p, const char *value, unsigned arg)
{
	struct raw_buf data = {0};
	unsigned long code;
	unsigned long zeros = 0;
	char *end;
	int rc = 0;

	(void)arg;
	if (value == NULL || !isdigit((unsigned char)*value))
		return -EINVAL;
	code = strtoul(value, &end, 0);
	if (*end == ':')
		rc = raw_buf_hex(&data, end + 1, strlen(end + 1));
	else if (*end == '*')
		rc = number(end + 1, UINT16_MAX, &zeros);
	else if (*end != '\0')
		rc = -EINVAL;
	if (rc == 0 && code <= UINT16_MAX) {
		raw_buf_fill(&data, 0, zeros);
		put_option(p, (unsigned)code, &data);
	}
	raw_buf_done(&data);
	return code <= UINT16_MAX ? rc : -EINVAL;
}

/* keepalive and cookie, with their data in hexadecimal when wanted */
static int
word_known_option(struct plan *p, const char *value, unsigned arg)
{
	struct raw_buf data = {0};
	int rc = 0;

	if (value != NULL)
		rc = raw_buf_hex(&data, value, strlen(value));
	else if (arg == OPTION_COOKIE)
		raw_buf_fill(&data, 0x5a, 8);
	if (rc == 0)
		put_option(p, arg, &data);
	raw_buf_done(&data);
	return rc;
}

/* options=N*CODE: many empty options */
static int
word_options(struct plan *p, const char *value, unsigned arg)
{
	struct raw_buf none = {0};
	char *end;
	unsigned long count;
	unsigned long code = 0;

	(void)arg;
	if (value == NULL)
		return -EINVAL;
	count = strtoul(value, &end, 0);
	if (*end != '*' || number(end + 1, UINT16_MAX, &code) != 0 ||
	    count > UINT16_MAX)
		return -EINVAL;
	while (count-- > 0)
		put_option(p, (unsigned)code, &none);
	return 0;
}

/* chain=HOPS*RECORDS */
static int
word_chain(struct plan *p, const char *value, unsigned arg)
{
	unsigned long records = 0;
	char *end;

	if (value == NULL || !isdigit((unsigned char)*value))
		return -EINVAL;
	p->hops = (unsigned)strtoul(value, &end, 10);
	if (p->hops == 0 || p->hops > POINTER_MAX / 2 || *end != '*' ||
	    number(end + 1, UINT16_MAX - 1, &records) != 0)
		return -EINVAL;
	p->hopping = (unsigned)records;
	p->added[arg] += 1 + p->hopping;
	return 0;
}

enum hex_member {
	HEX_QUESTION,
	HEX_HEADER,
	HEX_TRAILING,
	HEX_OPT_OWNER,
	HEX_OPTIONS
};

static int
word_hex(struct plan *p, const char *value, unsigned arg)
{
	struct raw_buf *const members[] = {
	    [HEX_QUESTION] = &p->question,
	    [HEX_HEADER] = &p->header,
	    [HEX_TRAILING] = &p->trailing,
	    [HEX_OPT_OWNER] = &p->opt_owner,
	    [HEX_OPTIONS] = &p->options,
	};

	if (value == NULL)
		return -EINVAL;
	if (arg == HEX_OPT_OWNER || arg == HEX_OPTIONS)
		p->has_opt = true;
	return raw_buf_hex(members[arg], value, strlen(value));
}

/* an=HEX-less counts are word_count; these append whole records. */
static int
word_record(struct plan *p, const char *value, unsigned arg)
{
	struct raw_buf *section = arg == 3 ? &p->extra : &p->before;

	if (value == NULL)
		return -EINVAL;
	p->added[arg]++;
	return raw_buf_hex(section, value, strlen(value));
}

static const struct word {
	const char *name;
	word_fn fn;
	unsigned arg;
} words[] = {
    {"qr", word_flag, FLAG_QR},
    {"aa", word_flag, FLAG_AA},
    {"tc", word_flag, FLAG_TC},
    {"rd", word_flag, FLAG_RD},
    {"ra", word_flag, FLAG_RA},
    {"z", word_flag, FLAG_Z},
    {"ad", word_flag, FLAG_AD},
    {"cd", word_flag, FLAG_CD},
    {"do", word_do, EDNS_DO},
    {"opcode", word_opcode, OPCODE_SHIFT},
    {"rcode", word_rcode, 0},
    {"id", word_number, NUMBER_ID},
    {"qclass", word_number, NUMBER_CLASS},
    {"optsize", word_number, NUMBER_UDP_SIZE},
    {"ednsver", word_number, NUMBER_VERSION},
    {"extrcode", word_number, NUMBER_EXT_RCODE},
    {"ednsflags", word_number, NUMBER_EDNS_FLAGS},
    {"qd", word_count, 0},
    {"an", word_count, 1},
    {"ns", word_count, 2},
    {"ar", word_count, 3},
    {"len", word_len, 0},
    {"rdlen", word_len, 1},
    {"padto", word_size, 0},
    {"size", word_size, 1},
    {"fill", word_fill, LABEL_MAX},
    {"fill1", word_fill, 1},
    {"opt", word_switch, SWITCH_OPT},
    {"unframed", word_switch, SWITCH_UNFRAMED},
    {"two-questions", word_switch, SWITCH_TWO_QUESTIONS},
    {"two-opts", word_switch, SWITCH_TWO_OPTS},
    {"no-question", word_switch, SWITCH_NO_QUESTION},
    {"option", word_option, 0},
    {"options", word_options, 0},
    {"keepalive", word_known_option, RAW_DNS_OPTION_KEEPALIVE},
    {"cookie", word_known_option, OPTION_COOKIE},
    {"question", word_hex, HEX_QUESTION},
    {"header", word_hex, HEX_HEADER},
    {"trailing", word_hex, HEX_TRAILING},
    {"optowner", word_hex, HEX_OPT_OWNER},
    {"optdata", word_hex, HEX_OPTIONS},
    {"answer", word_record, 1},
    {"authority", word_record, 2},
    {"extra", word_record, 3},
    {"chain", word_chain, 3},
    {NULL, NULL, 0},
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
	if (buf->len - at - 1 > LABEL_MAX)
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

static int
plan_question(struct plan *p, char *word)
{
	char *slash = strrchr(word, '/');

	p->name = word;
	p->type = RAW_DNS_TYPE_A;
	if (slash != NULL) {
		*slash = '\0';
		p->type = raw_dns_type(slash + 1);
	}
	return p->type < 0 ? -EINVAL : 0;
}

static int
plan_word(struct plan *p, char *word)
{
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	for (const struct word *w = words; w->name != NULL; w++)
		if (strcmp(w->name, word) == 0)
			return w->fn(p, value, w->arg);
	return -EINVAL;
}

static void
write_header(struct raw_buf *buf, const struct plan *p)
{
	unsigned natural[COUNTS] = {p->is_two_questions ? 2 : 1, p->added[1],
	    p->added[2],
	    p->added[3] + (p->has_opt ? 1 : 0) + (p->is_two_opts ? 1 : 0)};

	if (p->header.len > 0) {
		raw_buf_add(buf, p->header.data, p->header.len);
		return;
	}
	if (p->has_no_question)
		natural[0] = 0;
	raw_buf_u16(buf, p->id);
	raw_buf_u16(buf, p->flags);
	for (int i = 0; i < COUNTS; i++)
		raw_buf_u16(
		    buf, p->count[i] < 0 ? natural[i] : (unsigned)p->count[i]);
}

/* Labels in front of a name of `len` octets, so that it has p->fill. */
static void
write_fill(struct raw_buf *buf, const struct plan *p, size_t len)
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
write_name(struct raw_buf *buf, const struct plan *p)
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
write_question(struct raw_buf *buf, const struct plan *p)
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
padding_for(const struct plan *p, size_t without)
{
	size_t len = without + OPTION_HEAD_LEN;

	if (p->size > 0)
		return p->size >= len ? (int)(p->size - len) : -1;
	if (p->pad_block > 0)
		return (
		    int)((p->pad_block - len % p->pad_block) % p->pad_block);
	return -1;
}

static void
write_opt(struct raw_buf *buf, const struct plan *p, size_t message_at)
{
	size_t owner = p->opt_owner.len > 0 ? p->opt_owner.len : 1;
	size_t without = buf->len - message_at + owner + OPT_FIXED_LEN - 1 +
			 p->options.len + p->trailing.len;
	int padding = padding_for(p, without);
	size_t rdlen = p->options.len;

	if (padding >= 0)
		rdlen += OPTION_HEAD_LEN + (size_t)padding;
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
	raw_buf_u16(buf, CLASS_IN);
	raw_buf_u32(buf, 0);
	raw_buf_u16(buf, (unsigned)rdlen);
}

/*
 * A record full of pointers, each to the one before, the first to the name
 * asked for; then records whose owner is the last of them.
 */
static void
write_chain(struct raw_buf *buf, const struct plan *p, size_t message_at)
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
write_query(struct raw_buf *buf, const struct plan *p)
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
		    RAW_DNS_TYPE_OPT, DEFAULT_UDP_SIZE >> 8,
		    DEFAULT_UDP_SIZE & 0xff};

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

static void
plan_done(struct plan *p)
{
	raw_buf_done(&p->options);
	raw_buf_done(&p->question);
	raw_buf_done(&p->header);
	raw_buf_done(&p->before);
	raw_buf_done(&p->extra);
	raw_buf_done(&p->trailing);
	raw_buf_done(&p->opt_owner);
}

int
raw_dns_put_query(struct raw_buf *buf, const char *text, const char **ret_error)
{
	struct plan p = {.qclass = CLASS_IN,
	    .flags = FLAG_RD,
	    .count = {-1, -1, -1, -1},
	    .prefix = -1,
	    .rdlen = -1,
	    .udp_size = DEFAULT_UDP_SIZE};
	char *copy = raw_strdup(text);
	char *rest = copy;
	char *word = strsep(&rest, ",");
	size_t start = buf->len;
	int rc = plan_question(&p, word);

	while (rc == 0 && (word = strsep(&rest, ",")) != NULL)
		rc = plan_word(&p, word);
	if (rc == 0) {
		word = copy;
		rc = write_query(buf, &p);
	}
	if (rc != 0) {
		buf->len = start;
		*ret_error = text + (word - copy);
	}
	plan_done(&p);
	free(copy);
	return rc;
}
