/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data of a COOKIE option (RFC 7873 4), as the one who asks sees it: eight
 * octets of its own, and what the server gave it to show again.
 */
#ifndef DNS_COOKIE_H
#define DNS_COOKIE_H

#include <stddef.h>
#include <stdint.h>

/* RFC 7873 4: lengths of the two parts; the server's may be missing. */
#define DNS_COOKIE_CLIENT 8
#define DNS_COOKIE_SERVER_MIN 8
#define DNS_COOKIE_SERVER_MAX 32
#define DNS_COOKIE_MAX (DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MAX)

struct dns_cookie {
	uint8_t client[DNS_COOKIE_CLIENT];
	uint8_t server[DNS_COOKIE_SERVER_MAX];
	uint8_t server_len; /* 0: only the client's part */
};

/*
 * Reads the data of an option.  Returns 0, or -EBADMSG for a length that
 * cannot be: neither 8 nor 16 to 40.
 */
int dns_cookie_read(
    const uint8_t *data, size_t len, struct dns_cookie *ret_cookie);

/* Writes the data of an option; returns its length. */
size_t dns_cookie_write(
    const struct dns_cookie *cookie, uint8_t ret_data[DNS_COOKIE_MAX]);

#endif
