/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares one answer with the FIELDs of an expectation.
 *
 * Numeric members stand in one table, so that "an>=1", "rcode=NOERROR|NXDOMAIN"
 * and "len%468=0" need no code of their own.  Pure: no connection, no time.
 */
#include "tools/doqspec/raw/script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum member {
	M_ID,
	M_OPCODE,
	M_RCODE,
	M_EXTRCODE,
	M_QD,
	M_AN,
	M_NS,
	M_AR,
	M_AA,
	M_TC,
	M_RD,
	M_RA,
	M_Z,
	M_AD,
	M_CD,
	M_DO,
	M_OPT,
	M_VERSION,
	M_UDP_SIZE,
	M_EDNS_FLAGS,
	M_LEN,
	M_OPTIONS,
	M_QTYPE,
	M_QCLASS
};

static const struct {
	const char *key;
	enum member member;
} members[] = {
    {"id", M_ID},
    {"opcode", M_OPCODE},
    {"rcode", M_RCODE},
    {"extrcode", M_EXTRCODE},
    {"qd", M_QD},
    {"an", M_AN},
    {"ns", M_NS},
    {"ar", M_AR},
    {"aa", M_AA},
    {"tc", M_TC},
    {"rd", M_RD},
    {"ra", M_RA},
    {"z", M_Z},
    {"ad", M_AD},
    {"cd", M_CD},
    {"do", M_DO},
    {"opt", M_OPT},
    {"ednsver", M_VERSION},
    {"udpsize", M_UDP_SIZE},
    {"ednsflags", M_EDNS_FLAGS},
    {"len", M_LEN},
    {"options", M_OPTIONS},
    {"qtype", M_QTYPE},
    {"qclass", M_QCLASS},
};

static unsigned
member_value(const struct raw_dns *d, enum member member)
{
	switch (member) {
	case M_ID:
		return d->id;
	case M_OPCODE:
		return d->opcode;
	case M_RCODE:
		return d->rcode;
	case M_EXTRCODE:
		return d->ext_rcode << 4 | d->rcode;
	case M_QD:
		return d->qd;
	case M_AN:
		return d->an;
	case M_NS:
		return d->ns;
	case M_AR:
		return d->ar;
	case M_AA:
		return d->aa;
	case M_TC:
		return d->tc;
	case M_RD:
		return d->rd;
	case M_RA:
		return d->ra;
	case M_Z:
		return d->z;
	case M_AD:
		return d->ad;
	case M_CD:
		return d->cd;
	case M_DO:
		return d->edns_flags >> 15;
	case M_OPT:
		return d->opts;
	case M_VERSION:
		return d->edns_version;
	case M_UDP_SIZE:
		return d->udp_size;
	case M_EDNS_FLAGS:
		return d->edns_flags;
	case M_LEN:
		return (unsigned)d->len;
	case M_OPTIONS:
		return (unsigned)d->noptions;
	case M_QTYPE:
		return d->qtype;
	case M_QCLASS:
		return d->qclass;
	}
	return 0;
}

/* A number, the mnemonic of an RCODE, or that of a type. */
static int
value_number(enum member member, const char *text, unsigned *ret_number)
{
	uint64_t n = 0;
	int found = -1;

	if (member == M_RCODE || member == M_EXTRCODE)
		found = raw_dns_rcode(text);
	else if (member == M_QTYPE)
		found = raw_dns_type(text);
	else if (raw_word_number(text, &n) == 0 && n <= UINT16_MAX)
		found = (int)n;
	if (found < 0)
		return -EINVAL;
	*ret_number = (unsigned)found;
	return 0;
}

/* One of V|W|...; -EINVAL when one of them is not a value. */
static int
is_one_of(enum member member, unsigned is, const char *list)
{
	char *copy = raw_strdup(list);
	char *rest = copy;
	char *word;
	int result = -1;

	while ((word = strsep(&rest, "|")) != NULL) {
		unsigned n = 0;

		if (value_number(member, word, &n) != 0) {
			result = -EINVAL;
			break;
		}
		if (n == is)
			result = 1;
	}
	free(copy);
	return result;
}

static int
is_multiple(unsigned is, const char *text)
{
	char *end;
	unsigned long divisor = strtoul(text, &end, 0);
	unsigned long remainder;

	if (*end != '=' || divisor == 0)
		return -EINVAL;
	remainder = strtoul(end + 1, &end, 0);
	if (*end != '\0')
		return -EINVAL;
	return is % divisor == remainder ? 1 : -1;
}

static int
compare(enum member member, unsigned is, const char *op)
{
	unsigned n = 0;
	int rc;

	switch (op[0]) {
	case '=':
		return is_one_of(member, is, op + 1);
	case '%':
		return is_multiple(is, op + 1);
	case '!':
		rc = op[1] == '=' ? is_one_of(member, is, op + 2) : -EINVAL;
		return rc == -EINVAL ? rc : -rc;
	case '<':
	case '>':
		if (op[1] != '=' || value_number(member, op + 2, &n) != 0)
			return -EINVAL;
		return (op[0] == '<' ? is <= n : is >= n) ? 1 : -1;
	default:
		return -EINVAL;
	}
}

static bool
has_option(const struct raw_dns *d, unsigned code)
{
	for (size_t i = 0; i < d->noptions; i++)
		if (d->options[i] == code)
			return true;
	return false;
}

static bool
has_ede(const struct raw_dns *d, unsigned code)
{
	for (size_t i = 0; i < d->nede; i++)
		if (d->ede[i] == code)
			return true;
	return false;
}

static int
check_option_data(const struct raw_dns *d, const char *value)
{
	struct raw_buf want = {0};
	char *end;
	unsigned long code = strtoul(value, &end, 0);
	int result = -1;

	if (*end != ':' || raw_buf_hex(&want, end + 1, strlen(end + 1)) != 0)
		result = -EINVAL;
	for (size_t i = 0; i < d->noptions && result == -1; i++)
		if (d->options[i] == code && d->option_len[i] == want.len &&
		    (want.len == 0 ||
			memcmp(d->option_data[i], want.data, want.len) == 0))
			result = 1;
	raw_buf_done(&want);
	return result;
}

/* Codes are given as numbers, also as alternatives: ede=22|23. */
static int
check_code(const struct raw_dns *d, const char *list,
    bool (*has)(const struct raw_dns *, unsigned))
{
	const char *p = list;
	int result = -1;

	for (;;) {
		char *end;
		unsigned long code = strtoul(p, &end, 0);

		if (end == p || (*end != '\0' && *end != '|'))
			return -EINVAL;
		if (has(d, (unsigned)code))
			result = 1;
		if (*end == '\0')
			return result;
		p = end + 1;
	}
}

/* RFC 7830 3: some options may not stand in a message twice. */
static int
check_once(const struct raw_dns *d, const char *value)
{
	uint64_t code = 0;
	int count = 0;

	if (raw_word_number(value, &code) != 0)
		return -EINVAL;
	for (size_t i = 0; i < d->noptions; i++)
		count += d->options[i] == code;
	return count <= 1 ? 1 : -1;
}

static int
check_text(const struct raw_dns *d, const char *field)
{
	const char *lines = d->text.data ? (const char *)d->text.data : "";
	const char *value;

	if ((value = raw_word_value(field, "rr")) != NULL)
		return strstr(lines, value) != NULL ? 1 : -1;
	if ((value = raw_word_value(field, "norr")) != NULL)
		return strstr(lines, value) == NULL ? 1 : -1;
	if ((value = raw_word_value(field, "qname")) != NULL)
		return strcmp(d->qname, value) == 0 ? 1 : -1;
	return -EINVAL;
}

static int
check_special(const struct raw_dns *d, const char *field)
{
	const char *value;
	int rc;

	if (strcmp(field, "opt") == 0)
		return d->opts == 1 ? 1 : -1;
	if (strcmp(field, "noopt") == 0)
		return d->opts == 0 ? 1 : -1;
	if (strcmp(field, "noede") == 0)
		return d->nede == 0 ? 1 : -1;
	if ((value = raw_word_value(field, "option")) != NULL)
		return check_code(d, value, has_option);
	if ((value = raw_word_value(field, "nooption")) != NULL) {
		rc = check_code(d, value, has_option);
		return rc == -EINVAL ? rc : -rc;
	}
	if ((value = raw_word_value(field, "optdata")) != NULL)
		return check_option_data(d, value);
	if ((value = raw_word_value(field, "once")) != NULL)
		return check_once(d, value);
	if ((value = raw_word_value(field, "ede")) != NULL)
		return check_code(d, value, has_ede);
	if ((value = raw_word_value(field, "noede")) != NULL) {
		rc = check_code(d, value, has_ede);
		return rc == -EINVAL ? rc : -rc;
	}
	return check_text(d, field);
}

/* One line of several. */
static void
join_lines(char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	for (char *p = text; (p = strchr(p, '\n')) != NULL;)
		*p = '|';
}

void
raw_check_describe(const struct raw_dns *d, char *seen, size_t size)
{
	int n = snprintf(seen, size,
	    "id %u %s opcode %u%s%s%s%s%s%s qd %u an %u ns %u ar %u %s", d->id,
	    raw_dns_rcode_name(d->rcode), d->opcode, d->aa ? " aa" : "",
	    d->tc ? " tc" : "", d->rd ? " rd" : "", d->ra ? " ra" : "",
	    d->ad ? " ad" : "", d->cd ? " cd" : "", d->qd, d->an, d->ns, d->ar,
	    d->qname);

	if (n > 0 && (size_t)n < size)
		n += snprintf(seen + n, size - (size_t)n, " len %zu", d->len);
	if (d->opts > 0 && n > 0 && (size_t)n < size)
		n += snprintf(seen + n, size - (size_t)n,
		    "; opt x%u version %u ext %u size %u flags 0x%x", d->opts,
		    d->edns_version, d->ext_rcode, d->udp_size, d->edns_flags);
	for (size_t i = 0; i < d->noptions && (size_t)n < size; i++)
		n += snprintf(seen + n, size - (size_t)n, " option %u(%zu)",
		    d->options[i], d->option_len[i]);
	for (size_t i = 0; i < d->nede && (size_t)n < size; i++)
		n += snprintf(seen + n, size - (size_t)n, " ede %u", d->ede[i]);
	if (d->text.data != NULL && d->text.data[0] != '\0' && (size_t)n < size)
		snprintf(seen + n, size - (size_t)n, "; %.300s",
		    (const char *)d->text.data);
	join_lines(seen);
}

int
raw_check_field(
    const struct raw_dns *dns, const char *field, char *seen, size_t size)
{
	size_t len = 0;
	int rc = -EINVAL;

	while (islower((unsigned char)field[len]))
		len++;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (field[len] != '\0' && strlen(members[i].key) == len &&
		    strncmp(members[i].key, field, len) == 0)
			rc = compare(members[i].member,
			    member_value(dns, members[i].member), field + len);
	if (rc == -EINVAL)
		rc = check_special(dns, field);
	if (rc == -1)
		raw_check_describe(dns, seen, size);
	return rc;
}
