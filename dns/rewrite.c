/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying records while some are left out or changed.
 *
 * What follows a gap moves, so its compression pointers must be told.  A small
 * map says which octets of the old message stand where in the new one.  A
 * pointer to octets in the map is moved with them, after a look whether the
 * name that it finds there is really the same.  Where that fails (the octets
 * were left out, the map is full, a hostile message points into RDATA) the name
 * is written out instead, which is always right, only longer.  So the work is
 * bounded by a constant for each name, and memory by the size of the map.
 *
 * Records of unknown types are copied as they are: RFC 3597 3.
 */
#include "dns/rewrite.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dns/name.h"
#include "dns/record.h"

/* More stretches than this occur only in messages made for it. */
#define STRETCHES_MAX 64

/* A record takes up at most this many: owner, fixed part, SOA's two names. */
#define STRETCHES_A_RECORD 5

/* RDLENGTH is the last field in front of the RDATA. */
#define RDLENGTH_BACK 2

/* Octets [old, old + len) now stand at [new, new + len). */
struct stretch {
	size_t old;
	size_t new;
	size_t len;
};

struct rewriter {
	const struct dns_response *r;
	const struct dns_rewrite *how;
	struct dns_buf *out;
	struct stretch map[STRETCHES_MAX];
	size_t map_len;
	bool has_gap; /* a record was left out or changed */
};

/* Copies octets of the old message to the end of the new one. */
static int
copy_octets(struct rewriter *w, size_t start, size_t end)
{
	struct stretch *last = &w->map[w->map_len - 1];
	struct dns_buf *out = w->out;
	size_t len = end - start;

	if (out->size - out->len < len)
		return -EMSGSIZE;
	if (len == 0)
		return 0;
	memcpy(out->data + out->len, w->r->msg + start, len);
	if (last->old + last->len == start &&
	    last->new + last->len == out->len) {
		last->len += len;
	} else if (w->map_len < STRETCHES_MAX) {
		w->map[w->map_len++] =
		    (struct stretch){.old = start, .new = out->len, .len = len};
	}
	out->len += len;
	return 0;
}

/* Is the name at `new` of the new message the one at `old` of the old one? */
static bool
is_same_name(const struct rewriter *w, size_t old, size_t new)
{
	uint8_t a[DNS_NAME_MAX];
	uint8_t b[DNS_NAME_MAX];
	size_t a_len;
	size_t b_len;

	return dns_name_copy(w->r->msg, w->r->len, old, a, &a_len) == 0 &&
	       dns_name_copy(w->out->data, w->out->len, new, b, &b_len) == 0 &&
	       a_len == b_len && dns_name_bytes_equal(a, b, a_len);
}

/* Finds where a pointer to `old` has to lead now; 0 if nowhere. */
static size_t
find_target(const struct rewriter *w, size_t old)
{
	const struct stretch *s;
	size_t new;
	size_t i;

	for (i = 0; i < w->map_len; i++) {
		s = &w->map[i];
		if (old < s->old || old - s->old >= s->len)
			continue;
		new = s->new + (old - s->old);
		if (new <= DNS_POINTER_MASK && is_same_name(w, old, new))
			return new;
	}
	return 0;
}

static int
put_pointer(struct dns_buf *out, size_t target)
{
	unsigned word = DNS_POINTER_BITS << 8 | (unsigned)target;

	if (out->size - out->len < DNS_POINTER_SIZE)
		return -EMSGSIZE;
	dns_put16(out->data + out->len, (uint16_t)word);
	out->len += DNS_POINTER_SIZE;
	return 0;
}

/* Copies a name that dns_name_skip() accepted: that bounds the jumps here. */
static int
copy_name(struct rewriter *w, size_t pos)
{
	const uint8_t *msg = w->r->msg;
	size_t run = pos;
	size_t target;
	size_t new;
	int rc;

	for (;;) {
		while (msg[pos] != 0 && msg[pos] < DNS_POINTER_BITS)
			pos += 1 + (size_t)msg[pos];
		if (msg[pos] == 0)
			return copy_octets(w, run, pos + 1);
		rc = copy_octets(w, run, pos);
		if (rc != 0)
			return rc;
		target = dns_get16(msg + pos) & DNS_POINTER_MASK;
		new = find_target(w, target);
		if (new != 0)
			return put_pointer(w->out, new);
		run = target;
		pos = target;
	}
}

static int
copy_rdata(struct rewriter *w, const struct dns_record *rr)
{
	struct dns_part_walk walk;
	struct dns_part part;
	int rc;

	dns_part_first(w->r->msg, rr, &walk);
	while ((rc = dns_part_next(&walk, &part)) > 0) {
		rc = part.kind == DNS_PART_NAME
			 ? copy_name(w, part.start)
			 : copy_octets(w, part.start, part.end);
		if (rc != 0)
			return rc;
	}
	return rc;
}

static int
copy_record(struct rewriter *w, const struct dns_record *rr)
{
	struct dns_buf *out = w->out;
	size_t rdata;
	int rc;

	/* Up to the first gap all pointers are right.  Behind it they may be
	 * wrong even where names written out have made up for it. */
	if (!w->has_gap)
		return copy_octets(w, rr->start, rr->end);
	rc = copy_name(w, rr->start);
	if (rc == 0)
		rc = copy_octets(w, rr->fixed, rr->rdata);
	if (rc != 0)
		return rc;
	rdata = out->len;
	rc = copy_rdata(w, rr);
	if (rc != 0)
		return rc;
	dns_put16(
	    out->data + rdata - RDLENGTH_BACK, (uint16_t)(out->len - rdata));
	return 0;
}

static int
put_octets(struct dns_buf *out, const uint8_t *data, size_t len)
{
	if (out->size - out->len < len)
		return -EMSGSIZE;
	memcpy(out->data + out->len, data, len);
	out->len += len;
	return 0;
}

/* Writes another record of the same owner and class. */
static int
replace_record(struct rewriter *w, const struct dns_record *rr,
    const struct dns_edit_record *other)
{
	uint8_t fixed[DNS_RECORD_FIXED];
	int rc;

	assert(other->len <= DNS_EDIT_RDATA_MAX);
	dns_put16(fixed, other->type);
	dns_put16(fixed + 2, rr->class);
	dns_put32(fixed + 4, other->ttl);
	dns_put16(fixed + DNS_RECORD_FIXED - RDLENGTH_BACK, other->len);
	rc = copy_name(w, rr->start);
	if (rc == 0)
		rc = put_octets(w->out, fixed, sizeof(fixed));
	if (rc == 0)
		rc = put_octets(w->out, other->rdata, other->len);
	return rc;
}

static bool
is_left_out(const struct rewriter *w, const struct dns_record *rr)
{
	switch (rr->type) {
	case DNS_TYPE_OPT:
	case DNS_TYPE_TSIG:
		return true;
	case DNS_TYPE_RRSIG:
	case DNS_TYPE_NSEC:
	case DNS_TYPE_NSEC3:
		/* RFC 4035 3.2.1: unless it was asked for */
		return w->how->strip_dnssec && w->how->qtype != rr->type &&
		       w->how->qtype != DNS_TYPE_ANY;
	default:
		return false;
	}
}

/* Copies a record as it is to be; *kept counts those that are not left out. */
static int
edit_record(struct rewriter *w, size_t count, const struct dns_record *rr,
    unsigned *kept)
{
	const struct dns_edit *edit = w->how->edit;
	enum dns_edit_verdict verdict = DNS_EDIT_KEEP;
	struct dns_edit_record other;

	if (is_left_out(w, rr))
		verdict = DNS_EDIT_DROP;
	else if (edit != NULL && count == DNS_OFF_ANCOUNT)
		verdict = edit->record(edit->ctx, w->r->msg, rr, &other);
	if (verdict != DNS_EDIT_KEEP)
		w->has_gap = true;
	if (verdict == DNS_EDIT_DROP)
		return 0;
	(*kept)++;
	return verdict == DNS_EDIT_REPLACE ? replace_record(w, rr, &other)
					   : copy_record(w, rr);
}

/* Copies the section whose count stands at `count` of the header. */
static int
copy_section(struct rewriter *w, size_t count, size_t *pos)
{
	unsigned left = dns_get16(w->r->msg + count);
	unsigned kept = 0;
	struct dns_record rr;
	int rc;

	for (; left > 0; left--) {
		rc = dns_record_read(w->r->msg, w->r->len, *pos, &rr);
		if (rc != 0)
			return rc;
		*pos = rr.end;
		rc = edit_record(w, count, &rr, &kept);
		if (rc != 0)
			return rc;
	}
	dns_put16(w->out->data + count, (uint16_t)kept);
	return 0;
}

/* Where the records end that are to be kept, if only the last ones are not. */
static size_t
find_tail(const struct dns_response *r)
{
	size_t end = r->tsig_start != 0 ? r->tsig_start : r->len;

	return r->opt_end == end ? r->opt_start : end;
}

/* May records stand elsewhere afterwards? */
static bool
has_moves(const struct dns_response *r, const struct dns_rewrite *how)
{
	if (how->strip_dnssec || how->edit != NULL || how->alias_at != 0)
		return true;
	/* Is an OPT left out that others follow? */
	return r->opt_start != 0 && find_tail(r) != r->opt_start;
}

/* Appends the records, without those at the end that are not ours to give. */
static int
copy_all(const struct dns_response *r, struct dns_buf *out)
{
	size_t len = find_tail(r) - r->records;
	unsigned additional = dns_get16(r->msg + DNS_OFF_ARCOUNT);

	if (put_octets(out, r->msg + r->records, len) != 0)
		return -EMSGSIZE;
	if (r->opt_start != 0)
		additional--;
	if (r->tsig_start != 0)
		additional--;
	memcpy(out->data + DNS_OFF_ANCOUNT, r->msg + DNS_OFF_ANCOUNT,
	    DNS_OFF_ARCOUNT - DNS_OFF_ANCOUNT);
	dns_put16(out->data + DNS_OFF_ARCOUNT, (uint16_t)additional);
	return 0;
}

static int
copy_sections(struct rewriter *w)
{
	size_t pos = w->r->records;
	int rc;

	rc = copy_section(w, DNS_OFF_ANCOUNT, &pos);
	if (rc == 0)
		rc = copy_section(w, DNS_OFF_NSCOUNT, &pos);
	if (rc == 0)
		rc = copy_section(w, DNS_OFF_ARCOUNT, &pos);
	return rc;
}

int
dns_rewrite_records(const struct dns_response *r, const struct dns_rewrite *how,
    struct dns_buf *out)
{
	struct rewriter w = {
	    .r = r,
	    .how = how,
	    .out = out,
	    .map = {{.old = 0, .new = 0, .len = r->records}},
	    .map_len = 1,
	};

	assert(out->size <= DNS_MESSAGE_MAX);
	if (!has_moves(r, how))
		return copy_all(r, out);
	if (how->alias_at == 0) {
		assert(out->len == r->records);
	} else {
		assert(r->question_len > DNS_QUESTION_FIXED);
		w.has_gap = true;
		w.map[0] = (struct stretch){
		    .old = DNS_HEADER_SIZE,
		    .new = how->alias_at,
		    .len = r->question_len - DNS_QUESTION_FIXED,
		};
	}
	return copy_sections(&w);
}

bool
dns_rewrite_may_grow(
    const struct dns_response *r, const struct dns_rewrite *how)
{
	unsigned records = (unsigned)dns_get16(r->msg + DNS_OFF_ANCOUNT) +
			   dns_get16(r->msg + DNS_OFF_NSCOUNT) +
			   dns_get16(r->msg + DNS_OFF_ARCOUNT);

	/* A name that is written out for a gap is in the map from then on. */
	return has_moves(r, how) &&
	       records >= STRETCHES_MAX / STRETCHES_A_RECORD;
}
