/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to records by ldns, which also joins lines in parentheses.
 *
 * What it makes is looked at as if it came from the network: a record has to
 * have the shape of its type before anybody sees it.  ldns bounds a record's
 * text to some 10,000 octets and reads no other file.
 */
#include "dns/zone.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdlib.h>

#include "dns/name.h"
#include "dns/record.h"

/* RFC 6895 3.1: from here to 255 there are no data types. */
#define FIRST_META_TYPE 128

static const char *
explain(ldns_status status)
{
	const char *text = ldns_get_errorstr_by_id(status);

	if (status == LDNS_STATUS_SYNTAX_INCLUDE ||
	    status == LDNS_STATUS_SYNTAX_INCLUDE_ERR_NOTIMPL)
		return "$INCLUDE is not done: other files are not read";
	return text != NULL ? text : "is no record";
}

static bool
is_data_type(uint16_t type)
{
	return type != 0 && type != DNS_TYPE_OPT &&
	       (type < FIRST_META_TYPE || type > DNS_TYPE_ANY);
}

/* Hands on a record in wire form. */
static int
emit_wire(const uint8_t *wire, size_t len, dns_zone_fn fn, void *arg,
    const char **ret_why)
{
	struct dns_record rr;
	struct dns_local_record out = {.owner = wire};

	if (dns_record_read(wire, len, 0, &rr) != 0 ||
	    dns_record_check(wire, &rr) != 0 || rr.end != len) {
		*ret_why = "its data have not the form of their type";
		return -EINVAL;
	}
	if (rr.class != DNS_CLASS_IN) {
		*ret_why = "is not of class IN";
		return -EINVAL;
	}
	if (!is_data_type(rr.type) || rr.type == DNS_TYPE_DNAME) {
		*ret_why = "records of this type are not done";
		return -EINVAL;
	}
	out.rdata = wire + rr.rdata;
	out.rdata_len = (uint16_t)(rr.end - rr.rdata);
	out.ttl = rr.ttl;
	out.type = rr.type;
	return fn(arg, &out);
}

static int
emit(const ldns_rr *rr, dns_zone_fn fn, void *arg, const char **ret_why)
{
	uint8_t *wire = NULL;
	size_t len = 0;
	ldns_status status = ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &len);
	int rc;

	if (status != LDNS_STATUS_OK) {
		*ret_why = explain(status);
		return status == LDNS_STATUS_MEM_ERR ? -ENOMEM : -EINVAL;
	}
	rc = emit_wire(wire, len, fn, arg, ret_why);
	free(wire);
	return rc;
}

int
dns_zone_parse(const char *text, uint32_t ttl, dns_zone_fn fn, void *arg,
    const char **ret_why)
{
	ldns_rr *rr = NULL;
	ldns_rdf *prev = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, text, ttl, NULL, &prev);
	int rc = -EINVAL;

	if (status == LDNS_STATUS_OK)
		rc = emit(rr, fn, arg, ret_why);
	else if (status == LDNS_STATUS_MEM_ERR)
		rc = -ENOMEM;
	else
		*ret_why = explain(status);
	ldns_rr_free(rr);
	ldns_rdf_deep_free(prev);
	return rc;
}

/* Where a file is read. */
struct reader {
	FILE *in;
	uint32_t ttl;
	ldns_rdf *origin;
	ldns_rdf *prev;
	int line; /* newlines so far */
};

/* Reads what comes next: a record, a directive, a blank line. */
static int
read_one(struct reader *r, dns_zone_fn fn, void *arg, const char **ret_why)
{
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_fp_l(
	    &rr, r->in, &r->ttl, &r->origin, &r->prev, &r->line);
	int rc;

	if (status == LDNS_STATUS_SYNTAX_EMPTY ||
	    status == LDNS_STATUS_SYNTAX_TTL ||
	    status == LDNS_STATUS_SYNTAX_ORIGIN)
		return 0;
	if (status == LDNS_STATUS_MEM_ERR)
		return -ENOMEM;
	if (status != LDNS_STATUS_OK) {
		*ret_why = explain(status);
		return -EINVAL;
	}
	rc = emit(rr, fn, arg, ret_why);
	ldns_rr_free(rr);
	return rc;
}

int
dns_zone_read(FILE *in, uint32_t ttl, dns_zone_fn fn, void *arg,
    struct dns_zone_fault *ret_fault)
{
	struct reader r = {.in = in, .ttl = ttl};
	struct dns_zone_fault fault = {.text = "cannot be used"};
	int rc = 0;

	r.origin = ldns_dname_new_frm_str(".");
	if (r.origin == NULL)
		rc = -ENOMEM;
	while (rc == 0 && !feof(in) && !ferror(in)) {
		fault.line = (size_t)r.line + 1;
		rc = read_one(&r, fn, arg, &fault.text);
		/* Blank lines go with the record that follows. */
		if ((size_t)r.line > fault.line)
			fault.line = (size_t)r.line;
	}
	if (rc == 0 && ferror(in)) {
		fault = (struct dns_zone_fault){.text = "cannot be read"};
		rc = -EIO;
	}
	ldns_rdf_deep_free(r.origin);
	ldns_rdf_deep_free(r.prev);
	if (rc != 0)
		*ret_fault = fault;
	return rc;
}
