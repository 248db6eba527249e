/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers of the PROXY protocol, version 2, against octets that were written
 * down by hand from proxy-protocol.txt 2.2.
 */
#include "resolver/net/proxyv2.h"

#include <arpa/inet.h>
#include <string.h>

#include "resolver/net/addr.h"
#include "tests/unit/unit.h"

enum {
	CLIENT_PORT = 0xabcd,
	LOCAL_PORT = 853,
	FILL = 0xee,
	SCOPE = 7
};

#define SIGNATURE                                                              \
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 'Q', 'U', 'I', 'T', 0x0a

static union net_addr
address(const char *text, uint16_t port)
{
	union net_addr a = {.in = {.sin_family = AF_INET}};

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_port = htons(port);
		return a;
	}
	a = (union net_addr){.in6 = {.sin6_family = AF_INET6,
				 .sin6_port = htons(port),
				 .sin6_scope_id = SCOPE}};
	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	return a;
}

/* Is this what is written, and nothing behind it? */
static void
expect(const char *client, const char *local, int type, const uint8_t *want,
    size_t len)
{
	union net_addr from;
	union net_addr to;
	uint8_t out[PROXYV2_MAX + 1];
	size_t n;

	memset(out, FILL, sizeof(out));
	if (client != NULL)
		from = address(client, CLIENT_PORT);
	if (local != NULL)
		to = address(local, LOCAL_PORT);
	n = proxyv2_write(client != NULL ? &from.sa : NULL,
	    local != NULL ? &to.sa : NULL, type, out);
	CU_ASSERT_EQUAL_FATAL(n, len);
	CU_ASSERT_EQUAL(memcmp(out, want, len), 0);
	for (; n < sizeof(out); n++)
		CU_ASSERT_EQUAL(out[n], FILL);
}

static const uint8_t v4_dgram[] = {SIGNATURE, 0x21, 0x12, 0, 12, 192, 0, 2, 77,
    127, 0, 0, 1, 0xab, 0xcd, 0x03, 0x55};

static void
test_v4(void)
{
	uint8_t v4_stream[sizeof(v4_dgram)];

	expect(
	    "192.0.2.77", "127.0.0.1", SOCK_DGRAM, v4_dgram, sizeof(v4_dgram));
	memcpy(v4_stream, v4_dgram, sizeof(v4_stream));
	v4_stream[13] = 0x11;
	expect("192.0.2.77", "127.0.0.1", SOCK_STREAM, v4_stream,
	    sizeof(v4_stream));
}

static void
test_v6(void)
{
	uint8_t want[] = {SIGNATURE, 0x21, 0x22, 0, 36,
	    /* 2001:db8::77 */
	    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x77,
	    /* fe80::1, without the scope */
	    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	    /* ports */
	    0xab, 0xcd, 0x03, 0x55};

	expect("2001:db8::77", "fe80::1", SOCK_DGRAM, want, sizeof(want));
	want[13] = 0x21;
	expect("2001:db8::77", "fe80::1", SOCK_STREAM, want, sizeof(want));
}

static void
test_mapped(void)
{
	expect("::ffff:192.0.2.77", "::ffff:127.0.0.1", SOCK_DGRAM, v4_dgram,
	    sizeof(v4_dgram));
	expect("::ffff:192.0.2.77", "127.0.0.1", SOCK_DGRAM, v4_dgram,
	    sizeof(v4_dgram));
	expect("192.0.2.77", "::ffff:127.0.0.1", SOCK_DGRAM, v4_dgram,
	    sizeof(v4_dgram));
}

static void
test_local(void)
{
	static const uint8_t want[] = {SIGNATURE, 0x20, 0x00, 0, 0};

	expect(NULL, NULL, SOCK_DGRAM, want, sizeof(want));
	expect(NULL, "127.0.0.1", SOCK_STREAM, want, sizeof(want));
}

/* Where it came in is not known, or of another family: 0.0.0.0. */
static void
test_no_destination(void)
{
	static const uint8_t other[] = {SIGNATURE, 0x21, 0x12, 0, 12, 192, 0, 2,
	    77, 0, 0, 0, 0, 0xab, 0xcd, 0x03, 0x55};
	uint8_t none[sizeof(other)];

	expect("192.0.2.77", "2001:db8::1", SOCK_DGRAM, other, sizeof(other));
	memcpy(none, other, sizeof(none));
	none[26] = 0;
	none[27] = 0;
	expect("192.0.2.77", NULL, SOCK_DGRAM, none, sizeof(none));
}

void
test_proxyv2_register(void)
{
	CU_pSuite suite = unit_suite("proxyv2");

	unit_test(suite, "v4", test_v4);
	unit_test(suite, "v6", test_v6);
	unit_test(suite, "mapped", test_mapped);
	unit_test(suite, "local", test_local);
	unit_test(suite, "no_destination", test_no_destination);
}
