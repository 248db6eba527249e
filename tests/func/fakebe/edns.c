/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scripted backend with DNS cookies (RFC 7873) and Client Subnet (RFC
 * 7871).
 *
 *   cookie       the good answer, with the query's cookie and one of ours
 *   cookiewrong  an answer (A 203.0.113.66) with another client cookie, the
 *                good one 50 ms later
 *   cookielen    the same with a cookie of 9 octets
 *   cookienone   the same without a cookie
 *   needcookie   over UDP BADCOOKIE and our cookie, until the query has it
 *   newcookie    over UDP BADCOOKIE and a new cookie, whatever the query has
 *   ecs N        the good answer, with the query's subnet and scope N (24)
 *   ecsnet N     the same, with A 192.0.2.X for subnet X.X.X.0/24
 *   ecswrong     an answer (A 203.0.113.66) for another subnet, the good one
 *                50 ms later
 *   ecsrefused   REFUSED to a query with a subnet
 */
#include "tests/func/fakebe/fakebe.h"

#include <string.h>

enum {
	OPTION_ECS = 8,
	OPTION_COOKIE = 10,
	OPTION_HEAD = 4,
	CLIENT_LEN = 8,
	SERVER_LEN = 8,
	ILLEGAL_LEN = 9,
	COOKIE_LEN = CLIENT_LEN + SERVER_LEN,
	ECS_FIXED = 4,
	ECS_MAX = 20,
	ECS_SCOPE = 3,
	SCOPE = 24,
	REFUSED = 5,
	BADCOOKIE = 23,
	RIGHT_AFTER_MS = 50,
	OWN_UDP_SIZE = 4000
};

/* The data of an option of the query, or NULL. */
static const uint8_t *
find_option(const struct be_query *q, unsigned code, size_t *ret_len)
{
	size_t at = 0;

	while (at + OPTION_HEAD <= q->opt_len) {
		size_t len = raw_get_u16(q->opt_data + at + 2);

		if (at + OPTION_HEAD + len > q->opt_len)
			break;
		if (raw_get_u16(q->opt_data + at) == code) {
			*ret_len = len;
			return q->opt_data + at + OPTION_HEAD;
		}
		at += OPTION_HEAD + len;
	}
	return NULL;
}

/* The data of a good COOKIE option; false if the query has none. */
static bool
make_cookie(const struct be_query *q, uint8_t ret_data[COOKIE_LEN])
{
	size_t len;
	const uint8_t *data = find_option(q, OPTION_COOKIE, &len);

	if (data == NULL || len < CLIENT_LEN)
		return false;
	memcpy(ret_data, data, CLIENT_LEN);
	memcpy(ret_data + CLIENT_LEN, "serverss", SERVER_LEN);
	return true;
}

/* An OPT with one option, or an empty one. */
static void
put_option(struct raw_buf *b, unsigned rcode, unsigned code,
    const uint8_t *data, size_t len)
{
	struct raw_buf option = {0};

	if (data != NULL) {
		raw_buf_u16(&option, code);
		raw_buf_u16(&option, (unsigned)len);
		raw_buf_add(&option, data, len);
	}
	be_put_opt(b, OWN_UDP_SIZE, (uint32_t)(rcode >> 4) << 24, option.data,
	    option.len);
	raw_buf_done(&option);
}

/* The good answer, with our cookie if the query has one. */
static void
send_good(struct be_job *job, const struct be_query *q, unsigned delay_ms)
{
	struct be_query bare = *q;
	struct raw_buf b = {0};
	uint8_t cookie[COOKIE_LEN];
	bool has_cookie = make_cookie(q, cookie);

	bare.has_opt = false;
	be_put_answer(&b, &bare);
	if (q->has_opt)
		put_option(&b, 0, OPTION_COOKIE, has_cookie ? cookie : NULL,
		    sizeof(cookie));
	be_send(job, &b, delay_ms, BE_SEND);
	raw_buf_done(&b);
}

/* One that must not be believed, with a cookie of that length; then good. */
static void
send_wrong(struct be_job *job, const struct be_query *q, size_t len)
{
	struct be_query bare = *q;
	struct raw_buf b = {0};
	uint8_t cookie[COOKIE_LEN] = {0};

	(void)make_cookie(q, cookie);
	if (len == COOKIE_LEN)
		cookie[0] ^= 1;
	bare.has_opt = false;
	be_put_forged(&b, &bare);
	put_option(&b, 0, OPTION_COOKIE, len > 0 ? cookie : NULL, len);
	if (!q->is_tcp)
		be_send(job, &b, 0, BE_SEND);
	send_good(job, q, RIGHT_AFTER_MS);
	raw_buf_done(&b);
}

static void
send_badcookie(struct be_job *job, const struct be_query *q)
{
	struct raw_buf b = {0};
	uint8_t cookie[COOKIE_LEN];
	bool has_cookie = make_cookie(q, cookie);

	be_put_head(&b, q, BADCOOKIE & 0x0f);
	put_option(&b, BADCOOKIE, OPTION_COOKIE, has_cookie ? cookie : NULL,
	    sizeof(cookie));
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

/* Does the query show what we gave? */
static bool
has_our_cookie(const struct be_query *q)
{
	uint8_t cookie[COOKIE_LEN];
	size_t len;
	const uint8_t *data = find_option(q, OPTION_COOKIE, &len);

	return make_cookie(q, cookie) && len == COOKIE_LEN &&
	       memcmp(data, cookie, COOKIE_LEN) == 0;
}

/* An answer with the query's subnet, or with another. */
static void
send_subnet(struct be_job *job, const struct be_query *q, bool is_forged)
{
	struct be_query bare = *q;
	struct raw_buf b = {0};
	uint8_t ecs[ECS_MAX];
	size_t len = 0;
	const uint8_t *data = find_option(q, OPTION_ECS, &len);
	bool has_subnet = data != NULL && len >= ECS_FIXED && len <= ECS_MAX;

	bare.has_opt = false;
	if (is_forged)
		be_put_forged(&b, &bare);
	else
		be_put_answer(&b, &bare);
	if (strcmp(q->label, "ecsnet") == 0 && len > ECS_FIXED + 2)
		b.data[b.len - 1] = data[ECS_FIXED + 2];
	if (has_subnet) {
		memcpy(ecs, data, len);
		ecs[ECS_SCOPE] = (uint8_t)(q->has_number ? q->number : SCOPE);
		ecs[len - 1] ^= is_forged;
	}
	if (q->has_opt)
		put_option(&b, 0, OPTION_ECS, has_subnet ? ecs : NULL, len);
	be_send(job, &b, is_forged ? 0 : RIGHT_AFTER_MS, BE_SEND);
	raw_buf_done(&b);
}

static void
send_refused(struct be_job *job, const struct be_query *q)
{
	struct raw_buf b = {0};
	size_t len;

	if (find_option(q, OPTION_ECS, &len) == NULL) {
		be_send_right(job, q, 0);
		return;
	}
	be_put_head(&b, q, REFUSED);
	put_option(&b, 0, 0, NULL, 0);
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

/* The labels ecs...; false when it is none of them. */
static bool
behave_subnet(struct be_job *job, const struct be_query *query)
{
	const char *label = query->label;

	if (strcmp(label, "ecs") == 0 || strcmp(label, "ecsnet") == 0) {
		send_subnet(job, query, false);
	} else if (strcmp(label, "ecswrong") == 0) {
		send_subnet(job, query, true);
		send_subnet(job, query, false);
	} else if (strcmp(label, "ecsrefused") == 0) {
		send_refused(job, query);
	} else {
		return false;
	}
	return true;
}

bool
be_behave_edns(struct be_job *job, const struct be_query *query)
{
	const char *label = query->label;

	if (strcmp(label, "cookie") == 0)
		send_good(job, query, 0);
	else if (strcmp(label, "cookiewrong") == 0)
		send_wrong(job, query, COOKIE_LEN);
	else if (strcmp(label, "cookielen") == 0)
		send_wrong(job, query, ILLEGAL_LEN);
	else if (strcmp(label, "cookienone") == 0)
		send_wrong(job, query, 0);
	else if (strcmp(label, "needcookie") == 0 &&
		 (query->is_tcp || has_our_cookie(query)))
		send_good(job, query, 0);
	else if (strcmp(label, "newcookie") == 0 && query->is_tcp)
		send_good(job, query, 0);
	else if (strcmp(label, "needcookie") == 0 ||
		 strcmp(label, "newcookie") == 0)
		send_badcookie(job, query);
	else
		return behave_subnet(job, query);
	return true;
}
