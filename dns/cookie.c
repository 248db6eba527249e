/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data of a COOKIE option read and written.  What the octets are worth is
 * for others to say.
 */
#include "dns/cookie.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int
dns_cookie_read(const uint8_t *data, size_t len, struct dns_cookie *ret_cookie)
{
	struct dns_cookie c = {.server_len = 0};

	if (len != DNS_COOKIE_CLIENT &&
	    (len < DNS_COOKIE_CLIENT + DNS_COOKIE_SERVER_MIN ||
		len > DNS_COOKIE_MAX))
		return -EBADMSG;
	memcpy(c.client, data, DNS_COOKIE_CLIENT);
	c.server_len = (uint8_t)(len - DNS_COOKIE_CLIENT);
	memcpy(c.server, data + DNS_COOKIE_CLIENT, c.server_len);
	*ret_cookie = c;
	return 0;
}

size_t
dns_cookie_write(
    const struct dns_cookie *cookie, uint8_t ret_data[DNS_COOKIE_MAX])
{
	assert(cookie->server_len <= DNS_COOKIE_SERVER_MAX);
	memcpy(ret_data, cookie->client, DNS_COOKIE_CLIENT);
	memcpy(
	    ret_data + DNS_COOKIE_CLIENT, cookie->server, cookie->server_len);
	return DNS_COOKIE_CLIENT + (size_t)cookie->server_len;
}
