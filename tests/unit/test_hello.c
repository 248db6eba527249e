/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read from a ClientHello before TLS parses it: every answer, messages
 * cut at every octet, lengths that lie, and the bound of what is remembered.
 */
#include "quic/hello.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

enum {
	ROOM = 65536 * 2,
	RANDOM_LEN = 32,
	PARAMETERS = 57
};

/* X25519 and P-256. */
static const uint16_t ours[] = {0x001d, 0x0017};

static uint8_t msg[ROOM];
static size_t msg_len;
static size_t extensions_at; /* 0: none yet */
static struct quic_hello hello;

static void
put(const void *bytes, size_t len)
{
	memcpy(msg + msg_len, bytes, len);
	msg_len += len;
}

static void
put_u16(size_t n)
{
	uint8_t b[] = {(uint8_t)(n >> 8), (uint8_t)n};

	put(b, sizeof(b));
}

/* Everything up to the extensions. */
static void
begin(const char *session_id)
{
	uint8_t id_len = (uint8_t)strlen(session_id);

	msg_len = 0;
	put("\x03\x03", 2);
	memset(msg + msg_len, 'r', RANDOM_LEN);
	msg_len += RANDOM_LEN;
	put(&id_len, 1);
	put(session_id, id_len);
	put("\x00\x02\x13\x01", 4);
	put("\x01\x00", 2);
	extensions_at = msg_len;
	put_u16(0);
}

static void
add(unsigned type, const void *data, size_t len)
{
	size_t all;

	put_u16(type);
	put_u16(len);
	put(data, len);
	all = msg_len - extensions_at - 2;
	msg[extensions_at] = (uint8_t)(all >> 8);
	msg[extensions_at + 1] = (uint8_t)all;
}

#define ADD(type, data) add((type), (data), sizeof(data) - 1)

/* Reads a copy that ends where it ends, for sanitizers to see. */
static int
read_part(size_t len)
{
	uint8_t *copy = malloc(len + 1);
	int rc;

	if (copy == NULL)
		abort();
	memcpy(copy + 1, msg, len);
	rc = quic_hello_read(
	    copy + 1, len, ours, sizeof(ours) / sizeof(ours[0]), &hello);
	free(copy);
	return rc;
}

static int
read_hello(void)
{
	memset(&hello, 0, sizeof(hello));
	return read_part(msg_len);
}

static void
test_session_id(void)
{
	begin("");
	CU_ASSERT(read_hello() == 0 && !hello.has_session_id);
	begin("0123456789abcdef0123456789abcdef");
	CU_ASSERT(read_hello() == 0 && hello.has_session_id);
	begin("0");
	CU_ASSERT(read_hello() == 0 && hello.has_session_id);
}

/* The client's list, its shares, and whether GnuTLS would have to ask. */
static bool
has_share(const char *list, size_t list_len, const char *shares, size_t len)
{
	begin("");
	add(10, list, list_len);
	add(51, shares, len);
	CU_ASSERT(read_hello() == 0);
	return hello.has_key_share_for_first_group;
}

#define HAS_SHARE(list, shares)                                                \
	has_share((list), sizeof(list) - 1, (shares), sizeof(shares) - 1)

#define SHARE_X25519 "\x00\x1d\x00\x02xx"
#define SHARE_P256 "\x00\x17\x00\x02pp"

static void
test_groups(void)
{
	CU_ASSERT(
	    HAS_SHARE("\x00\x04\x00\x1d\x00\x17", "\x00\x06" SHARE_X25519));
	CU_ASSERT(HAS_SHARE(
	    "\x00\x04\x00\x1d\x00\x17", "\x00\x0c" SHARE_P256 SHARE_X25519));
	/* a group that we do not have does not count */
	CU_ASSERT(HAS_SHARE(
	    "\x00\x06\x11\xec\x00\x17\x00\x1d", "\x00\x06" SHARE_P256));
	/* the share is of our second choice: GnuTLS does not take it */
	CU_ASSERT(
	    !HAS_SHARE("\x00\x04\x00\x1d\x00\x17", "\x00\x06" SHARE_P256));
	CU_ASSERT(
	    !HAS_SHARE("\x00\x04\x00\x17\x00\x1d", "\x00\x06" SHARE_X25519));
	CU_ASSERT(!HAS_SHARE("\x00\x04\x00\x1d\x00\x17", "\x00\x00"));
	CU_ASSERT(!HAS_SHARE("\x00\x00", "\x00\x06" SHARE_X25519));
	CU_ASSERT(!HAS_SHARE("\x00\x02\x11\xec", "\x00\x06" SHARE_X25519));
	/* the order of the extensions does not matter */
	begin("");
	ADD(51, "\x00\x06" SHARE_X25519);
	ADD(10, "\x00\x02\x00\x1d");
	CU_ASSERT(read_hello() == 0 && hello.has_key_share_for_first_group);
	/* one of them alone */
	begin("");
	ADD(51, "\x00\x06" SHARE_X25519);
	CU_ASSERT(read_hello() == 0 && !hello.has_key_share_for_first_group);
	/* lists that do not end where they say */
	CU_ASSERT(!HAS_SHARE("\x00\x06\x00\x1d", "\x00\x06" SHARE_X25519));
	CU_ASSERT(!HAS_SHARE("\x00\x02\x00\x1d", "\x00\x06\x00\x1d\x00\x09xx"));
	CU_ASSERT(!HAS_SHARE("\x00\x01\x00", "\x00\x01\x00"));
}

static bool
repeats(const char *parameters, size_t len)
{
	bool server;

	begin("");
	add(PARAMETERS, parameters, len);
	CU_ASSERT(read_hello() == 0);
	/* what a server sends is the same behind another head */
	server = quic_hello_server_repeats_parameter(
	    msg + extensions_at, msg_len - extensions_at);
	CU_ASSERT(server == hello.repeats_parameter);
	return hello.repeats_parameter;
}

#define REPEATS(parameters) repeats((parameters), sizeof(parameters) - 1)

static void
test_parameters(void)
{
	CU_ASSERT(!REPEATS(""));
	CU_ASSERT(!REPEATS("\x04\x01\x05\x05\x01\x05\x0f\x00"));
	CU_ASSERT(REPEATS("\x04\x01\x05\x05\x01\x05\x04\x01\x05"));
	CU_ASSERT(REPEATS("\x0f\x00\x0f\x00"));
	/* the same id, spelled in two octets, four and eight */
	CU_ASSERT(REPEATS("\x04\x01\x05\x40\x04\x01\x05"));
	CU_ASSERT(REPEATS("\x04\x01\x05\x80\x00\x00\x04\x01\x05"));
	CU_ASSERT(
	    REPEATS("\xc0\x00\x00\x00\x00\x00\x00\x04\x40\x01\x05\x04\x00"));
	/* unknown ones, and the only large one that is defined (RFC 9287) */
	CU_ASSERT(REPEATS("\x6a\xb2\x00\x6a\xb2\x00"));
	CU_ASSERT(!REPEATS("\x6a\xb2\x00\x6a\xb3\x00"));
	CU_ASSERT(REPEATS("\x3f\x00\x3f\x00"));
	CU_ASSERT(REPEATS("\x40\x40\x00\x40\x40\x00"));
	/* the highest id: all bits of it count */
	CU_ASSERT(REPEATS("\xff\xff\xff\xff\xff\xff\xff\xff\x00"
			  "\xff\xff\xff\xff\xff\xff\xff\xff\x00"));
	CU_ASSERT(!REPEATS("\xff\xff\xff\xff\xff\xff\xff\xff\x00"
			   "\xfe\xff\xff\xff\xff\xff\xff\xff\x00"));
	/* what is cut is not looked at further: ngtcp2 refuses it */
	CU_ASSERT(!REPEATS("\x04\x01\x05\x04\x02\x05"));
	CU_ASSERT(!REPEATS("\x04\x00\x04"));
	CU_ASSERT(!REPEATS("\x04\x00\x44"));
	CU_ASSERT(!REPEATS("\x04\xff\xff\xff\xff\xff\xff\xff\xff\x04\x00"));
}

static bool
lists_2(const char *parameters, size_t len)
{
	(void)repeats(parameters, len);
	return hello.lists_version_2;
}

#define LISTS_2(parameters) lists_2((parameters), sizeof(parameters) - 1)
#define ONE "\x00\x00\x00\x01"
#define TWO "\x6b\x33\x43\xcf"

static void
test_versions(void)
{
	CU_ASSERT(!LISTS_2(""));
	CU_ASSERT(!LISTS_2("\x11\x00"));
	CU_ASSERT(!LISTS_2("\x11\x08" ONE ONE));
	CU_ASSERT(LISTS_2("\x04\x01\x05\x11\x0c" ONE ONE TWO "\x05\x01\x05"));
	CU_ASSERT(LISTS_2("\x11\x0c" ONE TWO ONE));
	CU_ASSERT(LISTS_2("\x40\x11\x40\x0c" ONE TWO ONE));
	/* chosen, and not listed; or in another's value */
	CU_ASSERT(!LISTS_2("\x11\x08" TWO ONE));
	CU_ASSERT(!LISTS_2("\x11\x04" TWO));
	CU_ASSERT(!LISTS_2("\x12\x08" ONE TWO));
	/* cut, or not of whole numbers */
	CU_ASSERT(!LISTS_2("\x11\x09" ONE TWO "\x00"));
	CU_ASSERT(!LISTS_2("\x11\x0c" ONE TWO));
	CU_ASSERT(!LISTS_2("\x11\x02\x00\x00"));
}

/* Ids from 64 on are remembered up to a bound; those below without one. */
static void
test_bound(void)
{
	uint8_t p[(QUIC_HELLO_PARAMETERS + 3) * 3];
	size_t len = 0;

	for (unsigned i = 0; i < QUIC_HELLO_PARAMETERS + 1; i++) {
		p[len++] = 0x41;
		p[len++] = (uint8_t)i;
		p[len++] = 0;
	}
	CU_ASSERT(!repeats((char *)p, len));
	memcpy(p + len, "\x41\x0f\x00", 3);
	CU_ASSERT(repeats((char *)p, len + 3));
	p[len + 1] = QUIC_HELLO_PARAMETERS;
	CU_ASSERT(!repeats((char *)p, len + 3));
	memcpy(p + len, "\x04\x00\x04\x00", 4);
	CU_ASSERT(repeats((char *)p, len + 4));
}

static void
test_cut(void)
{
	size_t whole;

	begin("id");
	ADD(10, "\x00\x02\x00\x1d");
	ADD(51, "\x00\x06" SHARE_X25519);
	ADD(PARAMETERS, "\x04\x00\x04\x00");
	whole = msg_len;
	CU_ASSERT(read_hello() == 0);
	CU_ASSERT(hello.has_session_id && hello.repeats_parameter);
	for (size_t len = 0; len < whole; len++) {
		hello.has_session_id = false;
		CU_ASSERT(read_part(len) == -EBADMSG);
		CU_ASSERT(!hello.has_session_id); /* untouched */
		CU_ASSERT(
		    !quic_hello_server_repeats_parameter(msg + extensions_at,
			len < extensions_at ? 0 : len - extensions_at));
	}
	put("x", 1); /* more than it says */
	CU_ASSERT(read_hello() == -EBADMSG);
	/* an extension that is longer than all of them */
	begin("");
	ADD(10, "\x00\x02\x00\x1d");
	msg[msg_len - 5]++;
	CU_ASSERT(read_hello() == -EBADMSG);
	/* and one of which nothing is left */
	begin("");
	ADD(10, "");
	ADD(51, "");
	ADD(PARAMETERS, "");
	CU_ASSERT(read_hello() == 0 && !hello.has_key_share_for_first_group);
}

/* As large as it can be, full of parameters: read to its end. */
static void
test_largest(void)
{
	static char p[65000];

	memset(p, 0, sizeof(p));
	for (size_t i = 0; i + 6 <= sizeof(p); i += 6) {
		p[i] = (char)0x80;
		p[i + 1] = 1;
		p[i + 2] = (char)(i >> 8);
		p[i + 3] = (char)i;
	}
	CU_ASSERT(!repeats(p, sizeof(p) - sizeof(p) % 6));
}

void
test_hello_register(void)
{
	CU_pSuite suite = unit_suite("hello");

	unit_test(suite, "session_id", test_session_id);
	unit_test(suite, "groups", test_groups);
	unit_test(suite, "parameters", test_parameters);
	unit_test(suite, "versions", test_versions);
	unit_test(suite, "bound", test_bound);
	unit_test(suite, "cut", test_cut);
	unit_test(suite, "largest", test_largest);
}
