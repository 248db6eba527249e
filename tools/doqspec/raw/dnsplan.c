/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a query, "example.com/A,do,padto=128": what each of them means.
 *
 * They are kept in one table, and only fill a plan, so that their order does
 * not matter, except among EDNS options and among records, which stand in the
 * order given.
 */
#include "tools/doqspec/raw/dnsplan.h"

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
	OPTION_COOKIE = 10,
	POINTER_MAX = 0x3fff
};

/* One word of a description; `value` is what stands behind '=', or NULL. */
typedef int (*word_fn)(struct raw_dns_plan *, const char *value, unsigned arg);

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
word_flag(struct raw_dns_plan *p, const char *value, unsigned arg)
{
	if (value != NULL && strcmp(value, "0") == 0)
		p->flags &= ~arg;
	else
		p->flags |= arg;
	return 0;
}

static int
word_do(struct raw_dns_plan *p, const char *value, unsigned arg)
{
	(void)value;
	p->has_opt = true;
	p->edns_flags |= arg;
	return 0;
}

static int
word_opcode(struct raw_dns_plan *p, const char *value, unsigned arg)
{
	unsigned opcode = 0;

	if (small(value, &opcode) != 0 || opcode > 15)
		return -EINVAL;
	p->flags |= opcode << arg;
	return 0;
}

static int
word_rcode(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_number(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_count(struct raw_dns_plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0)
		return -EINVAL;
	p->count[arg] = (int)n;
	return 0;
}

static int
word_len(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_size(struct raw_dns_plan *p, const char *value, unsigned arg)
{
	unsigned n = 0;

	if (small(value, &n) != 0 || n == 0)
		return -EINVAL;
	p->has_opt = true;
	*(arg ? &p->size : &p->pad_block) = n;
	return 0;
}

static int
word_fill(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_switch(struct raw_dns_plan *p, const char *value, unsigned arg)
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
put_option(struct raw_dns_plan *p, unsigned code, const struct raw_buf *data)
{
	p->has_opt = true;
	raw_buf_u16(&p->options, code);
	raw_buf_u16(&p->options, (unsigned)data->len & 0xffff);
	raw_buf_add(&p->options, data->data, data->len);
}

/* option=CODE, option=CODE:HEX or option=CODE*ZEROS */
static int
word_option(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_known_option(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_options(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_chain(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_hex(struct raw_dns_plan *p, const char *value, unsigned arg)
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
word_record(struct raw_dns_plan *p, const char *value, unsigned arg)
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
    {"fill", word_fill, RAW_DNS_LABEL_MAX},
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

void
raw_dns_plan_init(struct raw_dns_plan *plan)
{
	*plan = (struct raw_dns_plan){.qclass = RAW_DNS_CLASS_IN,
	    .flags = FLAG_RD,
	    .count = {-1, -1, -1, -1},
	    .prefix = -1,
	    .rdlen = -1,
	    .udp_size = RAW_DNS_UDP_SIZE};
}

void
raw_dns_plan_done(struct raw_dns_plan *p)
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
raw_dns_plan_question(struct raw_dns_plan *p, char *word)
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

int
raw_dns_plan_word(struct raw_dns_plan *p, char *word)
{
	char *value = strchr(word, '=');

	if (value != NULL)
		*value++ = '\0';
	for (const struct word *w = words; w->name != NULL; w++)
		if (strcmp(w->name, word) == 0)
			return w->fn(p, value, w->arg);
	return -EINVAL;
}
