/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resource records in a message: where the parts of one lie, and whether the
 * RDATA of a type that we know has the shape that its RFC gives it.
 */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Positions are offsets from the first octet of the message. */
struct dns_record {
	size_t start; /* of the owner name */
	size_t fixed; /* of TYPE */
	size_t rdata;
	size_t end; /* behind the RDATA */
	uint32_t ttl;
	uint16_t type;
	uint16_t class;
	bool is_cut; /* `end` lies behind the message */
};

/*
 * What a run of RDATA octets is.  A walk over RDATA hands them out in order;
 * together they cover all of it.
 */
enum dns_part_kind {
	DNS_PART_BYTES, /* opaque */
	DNS_PART_NAME,	/* a domain name, perhaps compressed */
};

struct dns_part {
	enum dns_part_kind kind;
	size_t start;
	size_t end;
};

/* State of such a walk; made by dns_part_first(), otherwise private. */
struct dns_part_walk {
	const uint8_t *msg;
	const char *shape;
	size_t pos;
	size_t end;
};

/*
 * Reads the record at `pos` up to its RDLENGTH.  An RDATA that runs on behind
 * the message sets is_cut and is no error here, so that a caller can tell which
 * type was cut.  Returns 0, or -EBADMSG if owner or fixed part are broken.
 */
int dns_record_peek(
    const uint8_t *msg, size_t len, size_t pos, struct dns_record *ret_rr);

/* As dns_record_peek(), but a cut RDATA is -EBADMSG. */
int dns_record_read(
    const uint8_t *msg, size_t len, size_t pos, struct dns_record *ret_rr);

/* Starts a walk over the RDATA of a record that dns_record_read() read. */
void dns_part_first(const uint8_t *msg, const struct dns_record *rr,
    struct dns_part_walk *ret_walk);

/*
 * Takes the next part.  Names are those of the types of RFC 1035 and of the
 * list in RFC 3597 4; of other types everything is one opaque part.  Names are
 * checked as dns_name_skip() does, and must end within the RDATA.  Returns 1
 * with *ret_part, 0 behind the last part, -EBADMSG if the RDATA has not the
 * shape of its type.
 */
int dns_part_next(struct dns_part_walk *w, struct dns_part *ret_part);

/* Has the record's RDATA the shape of its type?  0 or -EBADMSG. */
int dns_record_check(const uint8_t *msg, const struct dns_record *rr);

#endif
