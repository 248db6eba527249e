/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xfrdump: zone transfers over a stream, as a client takes them apart.
 *
 *	xfrdump < DATA
 *		DATA: the line "# ID: HEX[ fin]" of `print data` of doqspec
 *		play.  Prints all answer records, a line each, as ldns prints
 *		them; and to standard error, a line for each message:
 *			len id tc qd an opts paddings keepalives tsig
 *	xfrdump sign ZONE KEY SECRET
 *		prints a signed query for AXFR with its length, in HEX
 *	xfrdump verify KEY SECRET QUERY-HEX < DATA
 *		prints the records, if all messages of the answer to that query
 *		are signed, each as what follows the one before it (RFC 8945
 *		5.3.1)
 *
 * It ends with 1 if a message is cut, cannot be parsed or is not well signed.
 * A test's own judge: it links nothing of ours.
 */
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PREFIX = 2,
	OPTION_FIXED = 4,
	PADDING = 12,
	KEEPALIVE = 11,
	TSIG_MAC = 3, /* RFC 8945 4.2 */
	TSIG_ORIGINAL_ID = 4,
	FUDGE = 300
};

/* What the messages are verified with; `key` is NULL: with nothing. */
struct verifier {
	const char *key;
	const char *secret;
	ldns_rdf *mac; /* of the message before */
	bool is_later; /* than the first */
};

struct bytes {
	uint8_t *data;
	size_t len, size;
};

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void
add_byte(struct bytes *b, uint8_t byte)
{
	if (b->len == b->size) {
		b->size = b->size == 0 ? 65536 : 2 * b->size;
		b->data = realloc(b->data, b->size);
		if (b->data == NULL)
			exit(2);
	}
	b->data[b->len++] = byte;
}

/* Takes hexadecimal digits up to anything else. */
static void
read_hex(FILE *in, struct bytes *ret)
{
	int high, low;

	while ((high = getc(in)) != EOF && isxdigit(high) &&
	       (low = getc(in)) != EOF && isxdigit(low))
		add_byte(ret, (uint8_t)(ldns_hexdigit_to_int((char)high) << 4 |
					ldns_hexdigit_to_int((char)low)));
}

/* How often this option stands in the OPT record. */
static unsigned
count_options(const ldns_pkt *pkt, unsigned code)
{
	const ldns_rdf *rdf = ldns_pkt_edns_data(pkt);
	const uint8_t *data = rdf != NULL ? ldns_rdf_data(rdf) : NULL;
	size_t len = rdf != NULL ? ldns_rdf_size(rdf) : 0;
	size_t pos = 0;
	unsigned count = 0;

	while (pos + OPTION_FIXED <= len) {
		count += get16(data + pos) == code;
		pos += OPTION_FIXED + get16(data + pos + 2);
	}
	return count;
}

static bool
is_signed_well(struct verifier *v, ldns_pkt *pkt, uint8_t *msg, size_t len)
{
	const ldns_rr *tsig = ldns_pkt_tsig(pkt);
	bool is_good;

	if (v->key == NULL)
		return true;
	if (tsig == NULL)
		return false;
	/* RFC 8945 4.3.2; ldns does not do that. */
	memcpy(msg, ldns_rdf_data(ldns_rr_rdf(tsig, TSIG_ORIGINAL_ID)),
	    sizeof(uint16_t));
	is_good = ldns_pkt_tsig_verify_next(
	    pkt, msg, len, v->key, v->secret, v->mac, v->is_later);
	ldns_rdf_deep_free(v->mac);
	v->mac = ldns_rdf_clone(ldns_rr_rdf(tsig, TSIG_MAC));
	v->is_later = true;
	return is_good;
}

static int
dump(struct verifier *v, uint8_t *msg, size_t len)
{
	ldns_pkt *pkt;
	ldns_rr_list *list;
	bool is_good;

	if (ldns_wire2pkt(&pkt, msg, len) != LDNS_STATUS_OK)
		return 1;
	list = ldns_pkt_answer(pkt);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		ldns_rr_print(stdout, ldns_rr_list_rr(list, i));
	fprintf(stderr, "%zu %u %d %u %u %d %u %u %d\n", len, ldns_pkt_id(pkt),
	    ldns_pkt_tc(pkt), ldns_pkt_qdcount(pkt), ldns_pkt_ancount(pkt),
	    ldns_pkt_edns(pkt), count_options(pkt, PADDING),
	    count_options(pkt, KEEPALIVE), ldns_pkt_tsig(pkt) != NULL);
	is_good = is_signed_well(v, pkt, msg, len);
	ldns_pkt_free(pkt);
	return is_good ? 0 : 1;
}

static int
dump_all(struct verifier *v)
{
	struct bytes b = {NULL, 0, 0};
	size_t pos = 0, size;
	int status = 0, c;

	while ((c = getchar()) != EOF && c != ':')
		;
	(void)getchar();
	read_hex(stdin, &b);
	while (status == 0 && pos < b.len) {
		size = b.len - pos < PREFIX ? 0 : get16(b.data + pos);
		pos += PREFIX;
		if (size == 0 || size > b.len - pos)
			status = 1;
		else
			status = dump(v, b.data + pos, size);
		pos += size;
	}
	free(b.data);
	return status;
}

static int
sign(const char *zone, const char *key, const char *secret)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str(zone),
	    LDNS_RR_TYPE_AXFR, LDNS_RR_CLASS_IN, 0);
	uint8_t *wire;
	size_t len;

	if (pkt == NULL)
		return 2;
	ldns_pkt_set_id(pkt, 0);
	if (ldns_pkt_tsig_sign(pkt, key, secret, FUDGE, "hmac-sha256.", NULL) !=
		LDNS_STATUS_OK ||
	    ldns_pkt2wire(&wire, pkt, &len) != LDNS_STATUS_OK)
		return 2;
	printf("%04zx", len);
	for (size_t i = 0; i < len; i++)
		printf("%02x", wire[i]);
	printf("\n");
	free(wire);
	ldns_pkt_free(pkt);
	return 0;
}

static int
verify(const char *key, const char *secret, char *query)
{
	struct verifier v = {.key = key, .secret = secret};
	struct bytes b = {NULL, 0, 0};
	FILE *in = fmemopen(query, strlen(query), "r");
	ldns_pkt *pkt;
	int status;

	if (in == NULL)
		return 2;
	read_hex(in, &b);
	(void)fclose(in);
	if (b.len < PREFIX || ldns_wire2pkt(&pkt, b.data + PREFIX,
				  b.len - PREFIX) != LDNS_STATUS_OK)
		return 2;
	v.mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(pkt), TSIG_MAC));
	status = dump_all(&v);
	ldns_rdf_deep_free(v.mac);
	ldns_pkt_free(pkt);
	free(b.data);
	return status;
}

int
main(int argc, char **argv)
{
	struct verifier none = {.key = NULL};

	if (argc == 5 && strcmp(argv[1], "sign") == 0)
		return sign(argv[2], argv[3], argv[4]);
	if (argc == 5 && strcmp(argv[1], "verify") == 0)
		return verify(argv[2], argv[3], argv[4]);
	return argc == 1 ? dump_all(&none) : 2;
}
