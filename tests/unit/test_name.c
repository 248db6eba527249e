/* SPDX-License-Identifier: BSD-2-Clause */
/* Wire names: what is refused, how much work is done, what is alike. */
#include "dns/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"
#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	ROUNDS = 20000,
	SMALL = 300,
	CHAIN = 10000
};

/* Skips and copies the name at `pos`; both must agree. */
static int
read_at(const struct dnsmsg *m, size_t pos, uint8_t name[DNS_NAME_MAX])
{
	uint8_t *data = dnsmsg_exact(m->data, m->len);
	size_t len = 0;
	size_t end = 0;
	int skipped = dns_name_skip(data, m->len, pos, &end);
	int copied = dns_name_copy(data, m->len, pos, name, &len);

	free(data);
	CU_ASSERT(skipped == copied);
	if (copied == 0) {
		CU_ASSERT(end > pos && end <= m->len);
		CU_ASSERT(len == dns_name_length(name));
	}
	return copied;
}

static int
text_of_len(uint8_t name[DNS_NAME_MAX], size_t wire_len)
{
	struct dnsmsg m;
	size_t label;

	dnsmsg_start(&m, 0, 0);
	wire_len--;
	while (wire_len > 0) {
		label = wire_len > 64 ? 63 : wire_len - 1;
		if (wire_len == 65)
			label = 62;
		dnsmsg_u8(&m, (unsigned)label);
		dnsmsg_fill(&m, 'a', label);
		wire_len -= 1 + label;
	}
	dnsmsg_u8(&m, 0);
	return read_at(&m, DNS_HEADER_SIZE, name);
}

static void
test_limits(void)
{
	struct dnsmsg m;
	uint8_t name[DNS_NAME_MAX];
	bool is_ok;
	size_t n;

	/* Every length there is, and the first that is too long. */
	for (n = 2; n <= DNS_NAME_MAX; n++)
		CU_ASSERT(n == 1 || text_of_len(name, n) == 0);
	is_ok = text_of_len(name, DNS_NAME_MAX) == 0 &&
		dns_name_length(name) == DNS_NAME_MAX;
	PROVE("FWD-020",
	    is_ok && text_of_len(name, DNS_NAME_MAX + 1) == -EBADMSG);

	/* 0x3f is a label, 0x40 and 0x80 are other types */
	for (n = 0; n < 256; n++) {
		dnsmsg_start(&m, 0, 0);
		dnsmsg_u8(&m, (unsigned)n);
		dnsmsg_fill(&m, 'x', n);
		dnsmsg_u8(&m, 0);
		is_ok = read_at(&m, DNS_HEADER_SIZE, name) == 0;
		PROVE("FWD-020", is_ok == (n <= DNS_LABEL_MAX));
	}
	/* 255 by way of a pointer, and 256 */
	for (n = 0; n < 2; n++) {
		dnsmsg_start(&m, 0, 0);
		dnsmsg_u8(&m, 63);
		dnsmsg_fill(&m, 'a', 63);
		dnsmsg_u8(&m, 63);
		dnsmsg_fill(&m, 'b', 63);
		dnsmsg_u8(&m, 63);
		dnsmsg_fill(&m, 'c', 63);
		dnsmsg_u8(&m, 0);
		dnsmsg_u8(&m, 61 + (unsigned)n);
		dnsmsg_fill(&m, 'd', 61 + n);
		dnsmsg_u16(&m, 0xc00c);
		is_ok = read_at(&m, DNS_HEADER_SIZE + 193, name) == 0;
		PROVE("FWD-020", is_ok == (n == 0));
	}
}

static void
test_truncated(void)
{
	struct dnsmsg m;
	struct dnsmsg cut;
	uint8_t name[DNS_NAME_MAX];

	dnsmsg_start(&m, 0, 0);
	dnsmsg_name(&m, "www.example.com");
	for (cut = m; cut.len > DNS_HEADER_SIZE; cut.len--)
		CU_ASSERT((read_at(&cut, DNS_HEADER_SIZE, name) == 0) ==
			  (cut.len == m.len));
	CU_ASSERT(read_at(&cut, DNS_HEADER_SIZE, name) == -EBADMSG);
	/* half a pointer */
	dnsmsg_u8(&m, 0xc0);
	CU_ASSERT(read_at(&m, m.len - 1, name) == -EBADMSG);
}

/* Names of which only pointers are wrong. */
static void
test_pointers(void)
{
	struct dnsmsg m;
	uint8_t name[DNS_NAME_MAX];
	uint8_t want[DNS_NAME_MAX];
	size_t len;

	dnsmsg_start(&m, 0, 0);
	dnsmsg_name(&m, "Example.com"); /* 12 */
	dnsmsg_name(&m, "www.@12");	/* 25 */
	dnsmsg_name(&m, "a.@25");	/* 31 */
	CU_ASSERT_FATAL(read_at(&m, 31, name) == 0);
	CU_ASSERT(dns_name_from_text("a.www.Example.com", want, &len) == 0);
	PROVE("FWD-021", dns_name_equal_exact(name, want));

	dnsmsg_name(&m, "@35"); /* 35: itself */
	PROVE("FWD-021", read_at(&m, 35, name) == -EBADMSG);
	dnsmsg_name(&m, "b.@37"); /* 37: its own labels */
	PROVE("FWD-021", read_at(&m, 37, name) == -EBADMSG);
	dnsmsg_name(&m, "@43"); /* 41: forward, and 43 back: a loop of two */
	dnsmsg_name(&m, "@41");
	PROVE("FWD-021", read_at(&m, 41, name) == -EBADMSG);
	PROVE("FWD-021", read_at(&m, 43, name) == -EBADMSG);
	dnsmsg_name(&m, "@0"); /* 45: the header */
	PROVE("FWD-021", read_at(&m, 45, name) == -EBADMSG);
	dnsmsg_name(&m, "@11");
	PROVE("FWD-021", read_at(&m, 47, name) == -EBADMSG);
	dnsmsg_name(&m, "@16383"); /* past the end */
	PROVE("FWD-021", read_at(&m, 49, name) == -EBADMSG);

	/* backwards, but to a label that runs over the pointer itself */
	dnsmsg_u8(&m, 2); /* 51 */
	dnsmsg_u16(&m, 0xc000 | 51);
	dnsmsg_u8(&m, 0);
	PROVE("FWD-021", read_at(&m, 52, name) == -EBADMSG);
	CU_ASSERT(read_at(&m, 51, name) == 0);
}

/* A chain of pointers is followed only so far, however long it is. */
static void
test_chain(void)
{
	struct dnsmsg m;
	uint8_t name[DNS_NAME_MAX];
	size_t n;

	dnsmsg_start(&m, 0, 0);
	dnsmsg_u8(&m, 0);
	for (n = 0; m.len + DNS_POINTER_SIZE < DNS_POINTER_MASK; n++)
		dnsmsg_u16(&m,
		    0xc000 | (unsigned)(n == 0 ? DNS_HEADER_SIZE : m.len - 2));
	CU_ASSERT(n > CHAIN / 2);
	CU_ASSERT(read_at(&m, DNS_HEADER_SIZE + 1 + 2 * 126, name) == 0);
	PROVE("FWD-021", read_at(&m, m.len - 2, name) == -EBADMSG);
	PROVE("FWD-021",
	    read_at(&m, DNS_HEADER_SIZE + 1 + 2 * 127, name) == -EBADMSG);
}

static bool
are_equal(const char *a, const char *b)
{
	uint8_t wire_a[DNS_NAME_MAX];
	uint8_t wire_b[DNS_NAME_MAX];
	uint8_t low_a[DNS_NAME_MAX];
	uint8_t low_b[DNS_NAME_MAX];
	size_t len;
	bool is_equal;

	CU_ASSERT_FATAL(dns_name_from_text(a, wire_a, &len) == 0);
	CU_ASSERT_FATAL(dns_name_from_text(b, wire_b, &len) == 0);
	is_equal = dns_name_equal(wire_a, wire_b);
	/* The key of a table must agree with it. */
	CU_ASSERT(dns_name_lower(wire_a, low_a) == dns_name_length(wire_a));
	(void)dns_name_lower(wire_b, low_b);
	CU_ASSERT(dns_name_equal_exact(low_a, low_b) == is_equal);
	return is_equal;
}

static void
test_case(void)
{
	PROVE("FWD-019", are_equal("wWw.ExAmPlE.CoM", "WwW.eXaMpLe.cOm"));
	PROVE("FWD-019", !are_equal("\\192.example", "\\224.example"));
	PROVE("FWD-019", !are_equal("\\193.example", "\\225.example"));
	PROVE("FWD-019", !are_equal("a\\.b.example", "a.b.example"));
	PROVE("FWD-019", !are_equal("a\\000.example", "a.example"));
	PROVE("FWD-019", !are_equal("a\\000b.example", "a\\000c.example"));
	/* neighbours of the letters: @ and `, [ and { */
	PROVE("FWD-019", !are_equal("\\064", "\\096"));
	PROVE("FWD-019", !are_equal("\\091", "\\123"));
	PROVE("FWD-019", !are_equal("example", "example.com"));
	PROVE("FWD-019", are_equal(".", "."));
}

static bool
is_below(const char *name, const char *parent)
{
	uint8_t a[DNS_NAME_MAX];
	uint8_t b[DNS_NAME_MAX];
	size_t len;

	CU_ASSERT_FATAL(dns_name_from_text(name, a, &len) == 0);
	CU_ASSERT_FATAL(dns_name_from_text(parent, b, &len) == 0);
	return dns_name_is_subdomain(a, b);
}

static void
test_subdomain(void)
{
	CU_ASSERT(is_below("localhost", "localhost"));
	CU_ASSERT(is_below("a.b.LOCALHOST", "localhost"));
	CU_ASSERT(!is_below("notlocalhost", "localhost"));
	CU_ASSERT(!is_below("localhost.example", "localhost"));
	CU_ASSERT(!is_below("com", "example.com"));
	CU_ASSERT(is_below("com", "."));
	CU_ASSERT(is_below(".", "."));
	CU_ASSERT(!is_below(".", "com"));
	/* octets that look like the labels of the parent, off the border */
	CU_ASSERT(!is_below("x\\003com", "com"));
}

static void
test_text(void)
{
	uint8_t name[DNS_NAME_MAX];
	char text[DNS_NAME_TEXT_MAX];
	char small[8];
	size_t len;
	size_t i;

	CU_ASSERT(dns_name_from_text("", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text("..", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text(".a", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text("a..b", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text("a\\", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text("a\\25", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text("a\\256", name, &len) == -EINVAL);
	CU_ASSERT(dns_name_from_text(".", name, &len) == 0 && len == 1);
	CU_ASSERT(dns_name_to_text(name, text, sizeof(text)) == 1);
	CU_ASSERT_STRING_EQUAL(text, ".");
	CU_ASSERT(dns_name_from_text("a\\.\\010\\255 .b", name, &len) == 0);
	(void)dns_name_to_text(name, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "a\\046\\010\\255\\032.b.");
	CU_ASSERT(dns_name_to_text(name, small, sizeof(small)) == 5);
	CU_ASSERT_STRING_EQUAL(small, "a\\046");
	CU_ASSERT(dns_name_to_text(name, small, 1) == 0 && small[0] == '\0');

	/* the longest text of all fits exactly */
	memset(text, 'a', 63);
	text[63] = '\0';
	CU_ASSERT(dns_name_from_text(text, name, &len) == 0 && len == 65);
	text[63] = 'a';
	text[64] = '\0';
	CU_ASSERT(dns_name_from_text(text, name, &len) == -EINVAL);
	for (i = 0; i < DNS_NAME_MAX; i++)
		name[i] = i % 2 == 0 ? 1 : 0xff;
	name[DNS_NAME_MAX - 1] = 0;
	CU_ASSERT(dns_name_to_text(name, text, sizeof(text)) == 127 * 5);
	CU_ASSERT(dns_name_from_text(text, name, &len) == 0);
	CU_ASSERT(len == DNS_NAME_MAX);
	text[127 * 5 - 1] = '\0';
	strcat(text, "x.");
	CU_ASSERT(dns_name_from_text(text, name, &len) == -EINVAL);
}

static void
test_random_case(void)
{
	static const char mixed[] = "abcdefghijklmnopqrstuvwxyz.\\192\\224-1@";
	uint8_t bits[DNS_NAME_CASE_BITS];
	uint8_t name[DNS_NAME_MAX];
	uint8_t before[DNS_NAME_MAX];
	size_t len;
	size_t i;

	CU_ASSERT_FATAL(dns_name_from_text(mixed, before, &len) == 0);
	memcpy(name, before, len);
	memset(bits, 0, sizeof(bits));
	dns_name_randomize_case(name, bits);
	CU_ASSERT(memcmp(name, before, len) == 0);
	memset(bits, 0xff, sizeof(bits));
	dns_name_randomize_case(name, bits);
	CU_ASSERT(memcmp(name + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 26) == 0);
	CU_ASSERT(memcmp(name + 27, before + 27, len - 27) == 0);
	CU_ASSERT(dns_name_equal(name, before));
	/* each bit is used for one octet */
	for (i = 1; i <= 26; i++) {
		memset(bits, 0, sizeof(bits));
		bits[i / 8] = (uint8_t)(1U << (i % 8));
		dns_name_randomize_case(name, bits);
		CU_ASSERT(name[i] == before[i] - 32);
		name[i] = before[i];
		CU_ASSERT(memcmp(name, before, len) == 0);
	}
}

/* Whatever comes: the functions agree with each other and stay inside. */
static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("name");
	uint8_t name[DNS_NAME_MAX];
	uint8_t again[DNS_NAME_MAX];
	char text[DNS_NAME_TEXT_MAX];
	struct dnsmsg m;
	size_t good = 0;
	size_t len;
	size_t pos;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		m.len = 12 + dnsmsg_random(&seed) % SMALL;
		for (pos = 0; pos < m.len; pos++) {
			/* mostly short labels, roots and pointers */
			m.data[pos] = (uint8_t)dnsmsg_random(&seed);
			if (m.data[pos] < 200)
				m.data[pos] %= 4;
		}
		pos = dnsmsg_random(&seed) % m.len;
		if (read_at(&m, pos, name) != 0)
			continue;
		good++;
		(void)dns_name_to_text(name, text, sizeof(text));
		CU_ASSERT_FATAL(dns_name_from_text(text, again, &len) == 0);
		CU_ASSERT_FATAL(dns_name_equal_exact(name, again));
	}
	CU_ASSERT(good > ROUNDS / 100);
}

void
test_name_register(void)
{
	CU_pSuite s = unit_suite("name");

	unit_test(s, "limits", test_limits);
	unit_test(s, "truncated", test_truncated);
	unit_test(s, "pointers", test_pointers);
	unit_test(s, "chain", test_chain);
	unit_test(s, "case", test_case);
	unit_test(s, "subdomain", test_subdomain);
	unit_test(s, "text", test_text);
	unit_test(s, "random case", test_random_case);
	unit_test(s, "property", test_property);
}
