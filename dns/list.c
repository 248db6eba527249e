/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of lists, word by word.  Nothing here fails for what a line says: it is
 * left out, and the first such line remembered.
 */
#include "dns/list.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 255 /* of a name in letters, its last dot included */
#define HEX "0123456789abcdef"
#define ADDRESS_CHARS "0123456789abcdefABCDEF:."

/* A word of a line; NULL: there is none. */
struct word {
	const char *text;
	size_t len;
};

/* What hosts files call the machine they are on (hosts(5) of several systems):
 * to block them helps nobody. */
static const char *const machine_names[] = {"localhost",
    "localhost.localdomain", "localhost4", "localhost6", "local",
    "broadcasthost", "ip6-localhost", "ip6-loopback", "ip6-localnet",
    "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"};

void
dns_list_init(struct dns_list *list)
{
	list->skipped = 0;
	list->first_skipped = 0;
	list->unsupported = 0;
	list->apex[0] = 0;
}

void
dns_list_skip(struct dns_list *list, size_t number)
{
	if (list->skipped++ == 0)
		list->first_skipped = number;
}

/* --------------------------------------------------------------- words -- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word; a comment ends the line. */
static struct word
next_word(const char **line, const char *end)
{
	const char *p = *line;
	struct word w = {NULL, 0};

	while (p < end && is_blank(*p))
		p++;
	if (p < end && *p != '#')
		w.text = p;
	while (w.text != NULL && p < end && !is_blank(*p) && *p != '#')
		p++;
	w.len = w.text != NULL ? (size_t)(p - w.text) : 0;
	*line = w.text != NULL ? p : end;
	return w;
}

/* Without the mark that some editors put at the begin of a file. */
static const char *
skip_mark(size_t number, const char *line, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = sizeof(mark) - 1;

	return number == 1 && len >= n && memcmp(line, mark, n) == 0 ? line + n
								     : line;
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* A name in wire form; 0 or -EINVAL. */
static int
read_name(const struct word *w, uint8_t name[DNS_NAME_MAX])
{
	char text[TEXT_MAX + 1];
	size_t len;
	size_t i;

	if (w->len == 0 || w->len >= sizeof(text) ||
	    (w->len == 1 && w->text[0] == '.'))
		return -EINVAL;
	for (i = 0; i < w->len; i++)
		if (!is_name_char(w->text[i]))
			return -EINVAL;
	memcpy(text, w->text, w->len);
	text[w->len] = '\0';
	return dns_name_from_text(text, name, &len);
}

static bool
is_word(const struct word *w, const char *text)
{
	return strlen(text) == w->len &&
	       strncasecmp(w->text, text, w->len) == 0;
}

/* How many characters at the begin of the word are of these. */
static size_t
span(const struct word *w, const char *chars)
{
	size_t n = 0;

	while (n < w->len && w->text[n] != '\0' &&
	       strchr(chars, w->text[n]) != NULL)
		n++;
	return n;
}

/* An address where a name should be, or the machine's own name. */
static bool
is_machines(const struct word *w)
{
	size_t i;

	for (i = 0; i < sizeof(machine_names) / sizeof(machine_names[0]); i++)
		if (is_word(w, machine_names[i]))
			return true;
	return w->text[0] != '.' && span(w, "0123456789.") == w->len;
}

/* --------------------------------------------------------------- lines -- */

static int
add_name(struct dns_list *list, size_t number, struct word w, unsigned scope)
{
	uint8_t name[DNS_NAME_MAX];

	if (is_machines(&w))
		return 0;
	if (read_name(&w, name) != 0) {
		dns_list_skip(list, number);
		return 0;
	}
	return dns_local_add(
	    list->local, list->source, name, scope, list->action);
}

int
dns_list_name(
    struct dns_list *list, size_t number, const char *line, size_t len)
{
	const char *end = line + len;
	const char *p = skip_mark(number, line, len);
	struct word w = next_word(&p, end);
	unsigned scope = list->scope;

	if (w.text == NULL)
		return 0;
	if (next_word(&p, end).text != NULL) {
		dns_list_skip(list, number);
		return 0;
	}
	if (w.len > 2 && memcmp(w.text, "*.", 2) == 0) {
		w = (struct word){w.text + 2, w.len - 2};
		scope = DNS_LOCAL_BELOW;
	}
	return add_name(list, number, w, scope);
}

/* Some have an interface behind a "%". */
static bool
is_address(const struct word *w)
{
	size_t n = span(w, ADDRESS_CHARS);

	return (n == w->len || w->text[n] == '%') &&
	       (memchr(w->text, '.', w->len) != NULL ||
		   memchr(w->text, ':', w->len) != NULL);
}

int
dns_list_host(
    struct dns_list *list, size_t number, const char *line, size_t len)
{
	const char *end = line + len;
	const char *p = skip_mark(number, line, len);
	struct word w = next_word(&p, end);
	int rc = 0;

	if (w.text == NULL)
		return 0;
	if (!is_address(&w)) {
		dns_list_skip(list, number);
		return 0;
	}
	while (rc == 0 && (w = next_word(&p, end)).text != NULL)
		rc = add_name(list, number, w, list->scope);
	return rc;
}

/* ---------------------------------------------------------------- data -- */

/* An address, as the RDATA of an A or AAAA record. */
struct address {
	uint8_t octets[16];
	uint16_t len;
	uint16_t type;
};

static int
read_address(const struct word *w, struct address *ret)
{
	char text[64];
	ldns_rdf *rdf = NULL;
	bool is_ipv6 = memchr(w->text, ':', w->len) != NULL;
	struct address a = {.type = is_ipv6 ? DNS_TYPE_AAAA : DNS_TYPE_A};

	if (w->len >= sizeof(text))
		return -EINVAL;
	memcpy(text, w->text, w->len);
	text[w->len] = '\0';
	if ((is_ipv6 ? ldns_str2rdf_aaaa(&rdf, text)
		     : ldns_str2rdf_a(&rdf, text)) != LDNS_STATUS_OK)
		return -EINVAL;
	a.len = (uint16_t)ldns_rdf_size(rdf);
	memcpy(a.octets, ldns_rdf_data(rdf), a.len);
	ldns_rdf_deep_free(rdf);
	*ret = a;
	return 0;
}

/* RFC 1035 3.5, RFC 3596 2.5 */
static void
make_reverse(const struct address *a, uint8_t name[DNS_NAME_MAX])
{
	char text[DNS_NAME_TEXT_MAX];
	size_t at = 0;
	size_t len;
	size_t i;

	for (i = a->len; i-- > 0 && a->type == DNS_TYPE_A;)
		at += (size_t)snprintf(
		    text + at, sizeof(text) - at, "%u.", a->octets[i]);
	for (i = a->len; i-- > 0 && a->type == DNS_TYPE_AAAA;)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%c.%c.",
		    HEX[a->octets[i] & 15], HEX[a->octets[i] >> 4]);
	(void)snprintf(text + at, sizeof(text) - at, "%s",
	    a->type == DNS_TYPE_A ? "in-addr.arpa" : "ip6.arpa");
	(void)dns_name_from_text(text, name, &len); /* it is short */
}

static int
add_reverse(
    struct dns_list *list, const struct address *a, const uint8_t *target)
{
	uint8_t owner[DNS_NAME_MAX];
	struct dns_local_record rr = {
	    .owner = owner,
	    .rdata = target,
	    .rdata_len = (uint16_t)dns_name_length(target),
	    .ttl = list->ttl,
	    .type = DNS_TYPE_PTR,
	};

	make_reverse(a, owner);
	if (dns_local_has(list->local, owner))
		return 0;
	return dns_local_add_record(list->local, list->source, &rr);
}

/* What `w` names gets the address; the first name of the line is its own. */
static int
add_host(struct dns_list *list, const struct word *w, const struct address *a,
    bool is_first)
{
	uint8_t name[DNS_NAME_MAX];
	struct dns_local_record rr = {
	    .owner = name,
	    .rdata = a->octets,
	    .rdata_len = a->len,
	    .ttl = list->ttl,
	    .type = a->type,
	};
	int rc = read_name(w, name);

	if (rc == 0)
		rc = dns_local_add_record(list->local, list->source, &rr);
	if (rc == 0 && is_first)
		rc = add_reverse(list, a, name);
	return rc;
}

int
dns_list_host_data(
    struct dns_list *list, size_t number, const char *line, size_t len)
{
	const char *end = line + len;
	const char *p = skip_mark(number, line, len);
	struct word w = next_word(&p, end);
	struct address a;
	bool is_first = true;
	int rc = 0;

	if (w.text == NULL)
		return 0;
	if (read_address(&w, &a) != 0) {
		dns_list_skip(list, number);
		return 0;
	}
	while ((w = next_word(&p, end)).text != NULL) {
		/* Answered anyway: RFC 6761 6.3. */
		if (!is_word(&w, "localhost"))
			rc = add_host(list, &w, &a, is_first);
		if (rc == -ENOMEM || rc == -EFBIG)
			return rc;
		if (rc != 0)
			dns_list_skip(list, number);
		is_first = false;
		rc = 0;
	}
	return 0;
}
