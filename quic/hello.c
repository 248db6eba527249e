/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look at a ClientHello (RFC 8446 4.1.2) before GnuTLS parses it.  No parser
 * of TLS: it knows where things stand, follows every length, never reads past
 * the end, and judges nothing but the form.
 *
 * Work is linear in the message: each octet is passed once, and a transport
 * parameter is compared with a bounded number of earlier ones.
 */
#include "quic/hello.h"

#include <errno.h>
#include <limits.h>

enum {
	RANDOM_LEN = 32,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_EARLY_DATA = 42,
	EXT_KEY_SHARE = 51,
	EXT_TRANSPORT_PARAMETERS = 57, /* RFC 9001 8.2; of QUIC v2, too */
	SMALL_IDS = 64,
	PARAMETER_VERSIONS = 0x11
};

#define VERSION_2 0x6b3343cfu /* RFC 9369 3.1 */

/* Bytes still to be read; `bad` once something went past their end. */
struct reader {
	const uint8_t *p;
	size_t left;
	bool bad;
};

static const uint8_t *
take(struct reader *r, size_t len)
{
	const uint8_t *p = r->p;

	if (r->bad || len > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	if (len > 0) {
		r->p += len;
		r->left -= len;
	}
	return p;
}

static uint64_t
take_number(struct reader *r, size_t octets)
{
	const uint8_t *p = take(r, octets);
	uint64_t n = 0;

	for (size_t i = 0; p != NULL && i < octets; i++)
		n = n << 8 | p[i];
	return n;
}

/* RFC 9000 16. */
static uint64_t
take_varint(struct reader *r)
{
	size_t octets;

	if (r->left == 0) {
		r->bad = true;
		return 0;
	}
	octets = (size_t)1 << (*r->p >> 6);
	return take_number(r, octets) &
	       (((uint64_t)1 << (CHAR_BIT * octets - 2)) - 1);
}

/* A part of `len` octets, as a reader of its own. */
static struct reader
take_part(struct reader *r, uint64_t len)
{
	struct reader part = {.bad = true};

	if (len <= r->left) {
		part.p = take(r, (size_t)len);
		part.left = (size_t)len;
		part.bad = r->bad;
	} else {
		r->bad = true;
		r->left = 0;
	}
	return part;
}

/* A vector with a length of so many octets in front. */
static struct reader
take_vector(struct reader *r, size_t octets)
{
	return take_part(r, take_number(r, octets));
}

/* --------------------------------------------------------- extensions -- */

struct seen_ids {
	uint64_t small; /* one bit for each id below SMALL_IDS */
	uint64_t others[QUIC_HELLO_PARAMETERS];
	size_t nothers;
};

/* Enters an id; true if it was there. */
static bool
enter_id(struct seen_ids *s, uint64_t id)
{
	if (id < SMALL_IDS) {
		uint64_t bit = (uint64_t)1 << id;
		bool was = (s->small & bit) != 0;

		s->small |= bit;
		return was;
	}
	for (size_t i = 0; i < s->nothers; i++)
		if (s->others[i] == id)
			return true;
	if (s->nothers < QUIC_HELLO_PARAMETERS)
		s->others[s->nothers++] = id;
	return false;
}

/* RFC 9000 18: a sequence of id, length, value. */
static bool
repeats_parameter(struct reader r)
{
	struct seen_ids seen = {.small = 0};

	while (r.left > 0) {
		uint64_t id = take_varint(&r);

		(void)take_part(&r, take_varint(&r));
		if (r.bad)
			break;
		if (enter_id(&seen, id))
			return true;
	}
	return false;
}

/* RFC 9368 3: the chosen version, then all that are available. */
static bool
has_version_2(struct reader r)
{
	bool has = false;

	(void)take_number(&r, sizeof(uint32_t));
	while (r.left > 0)
		has |= take_number(&r, sizeof(uint32_t)) == VERSION_2;
	return has && !r.bad;
}

static bool
lists_version_2(struct reader r)
{
	while (r.left > 0) {
		uint64_t id = take_varint(&r);
		struct reader value = take_part(&r, take_varint(&r));

		if (!r.bad && id == PARAMETER_VERSIONS)
			return has_version_2(value);
	}
	return false;
}

/* What the extensions hold, each as it stands. */
struct extensions {
	struct reader groups;
	struct reader shares;
	struct reader parameters;
	bool early_data;
};

/* The extensions of a message, its last part (RFC 8446 4.2).  One that is there
 * twice is refused by GnuTLS: which is taken does not matter. */
static int
read_extensions(struct reader *r, struct extensions *ret)
{
	struct reader all = take_vector(r, 2);

	while (all.left > 0) {
		uint64_t type = take_number(&all, 2);
		struct reader body = take_vector(&all, 2);

		if (type == EXT_SUPPORTED_GROUPS)
			ret->groups = take_vector(&body, 2);
		else if (type == EXT_KEY_SHARE)
			ret->shares = take_vector(&body, 2);
		else if (type == EXT_TRANSPORT_PARAMETERS)
			ret->parameters = body;
		else if (type == EXT_EARLY_DATA)
			ret->early_data = true;
	}
	return all.bad || r->bad || r->left > 0 ? -EBADMSG : 0;
}

/* ------------------------------------------------------------- groups -- */

static bool
is_one_of(uint64_t group, const uint16_t *groups, size_t ngroups)
{
	for (size_t i = 0; i < ngroups; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The first group of a list that is one of ours; 0, which is none, if no group
 * is. */
static uint64_t
find_first_group(struct reader r, const uint16_t *groups, size_t ngroups)
{
	while (r.left > 0) {
		uint64_t group = take_number(&r, 2);

		if (!r.bad && is_one_of(group, groups, ngroups))
			return group;
	}
	return 0;
}

static bool
has_share(struct reader r, uint64_t group)
{
	while (r.left > 0) {
		uint64_t of = take_number(&r, 2);

		(void)take_vector(&r, 2);
		if (!r.bad && of == group)
			return true;
	}
	return false;
}

/* ----------------------------------------------------------- messages -- */

int
quic_hello_read(const uint8_t *msg, size_t len, const uint16_t *groups,
    size_t ngroups, struct quic_hello *ret_hello)
{
	struct reader r = {.p = msg, .left = len};
	struct extensions e = {.groups = {.left = 0}};
	struct quic_hello h = {.has_session_id = false};
	uint64_t first;

	(void)take(&r, sizeof(uint16_t) + RANDOM_LEN); /* legacy_version */
	h.has_session_id = take_vector(&r, 1).left > 0;
	(void)take_vector(&r, 2); /* cipher_suites */
	(void)take_vector(&r, 1); /* legacy_compression_methods */
	if (r.bad || read_extensions(&r, &e) != 0)
		return -EBADMSG;
	first = find_first_group(e.groups, groups, ngroups);
	h.has_key_share_for_first_group =
	    first != 0 && has_share(e.shares, first);
	h.has_early_data = e.early_data;
	h.repeats_parameter = repeats_parameter(e.parameters);
	h.lists_version_2 = lists_version_2(e.parameters);
	*ret_hello = h;
	return 0;
}

bool
quic_hello_server_repeats_parameter(const uint8_t *msg, size_t len)
{
	struct reader r = {.p = msg, .left = len};
	struct extensions e = {.groups = {.left = 0}};

	return read_extensions(&r, &e) == 0 && repeats_parameter(e.parameters);
}
