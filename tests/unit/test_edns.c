/* SPDX-License-Identifier: BSD-2-Clause */
/* OPT records read and written; padding in every size. */
#include "dns/edns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dnsmsg.h"
#include "tests/unit/unit.h"

enum {
	ANSWER_BLOCK = 468,
	ROUNDS = 20000,
	PADDING = 12,
	EDE = 15
};

/* A message with a question of `name_len` octets and an OPT, ready for more. */
static size_t
start_opt(struct dns_buf *out, uint8_t *data, size_t size, size_t name_len)
{
	struct dns_opt opt = {.rcode = 0x123, .is_do = true};
	struct dnsmsg m;
	size_t at = 0;

	dnsmsg_start(&m, 0, 0x8180);
	dnsmsg_u8(&m, (unsigned)name_len);
	dnsmsg_fill(&m, 'q', name_len);
	dnsmsg_u8(&m, 0);
	dnsmsg_u16(&m, 1);
	dnsmsg_u16(&m, 1);
	dnsmsg_count(&m, IN_QUESTION);
	*out = (struct dns_buf){.data = data, .size = size, .len = m.len};
	memcpy(data, m.data, m.len);
	CU_ASSERT_FATAL(dns_opt_start(out, &opt, &at) == 0);
	CU_ASSERT(at == m.len);
	return at;
}

static void
test_next(void)
{
	static const uint8_t options[] = {
	    0, 15, 0, 2, 0, 9, 0xfd, 0xe9, 0, 0, 0, 12, 0, 1, 7};
	struct dns_option opt = {0};
	uint8_t *data;
	size_t pos = 0;
	size_t len;
	int rc;

	data = dnsmsg_exact(options, sizeof(options));
	CU_ASSERT(dns_option_next(data, sizeof(options), &pos, &opt) == 1);
	CU_ASSERT(opt.code == 15 && opt.len == 2 && opt.data[1] == 9);
	CU_ASSERT(dns_option_next(data, sizeof(options), &pos, &opt) == 1);
	CU_ASSERT(opt.code == 65001 && opt.len == 0);
	CU_ASSERT(dns_option_next(data, sizeof(options), &pos, &opt) == 1);
	CU_ASSERT(opt.code == 12 && opt.len == 1 && opt.data[0] == 7);
	CU_ASSERT(dns_option_next(data, sizeof(options), &pos, &opt) == 0);
	CU_ASSERT(pos == sizeof(options));
	free(data);
	for (len = 0; len < sizeof(options); len++) {
		data = dnsmsg_exact(options, len);
		pos = 0;
		do {
			rc = dns_option_next(data, len, &pos, &opt);
		} while (rc > 0);
		CU_ASSERT(
		    rc == (len == 0 || len == 6 || len == 10 ? 0 : -EBADMSG));
		free(data);
	}
}

static void
test_write(void)
{
	static const uint8_t raw[] = {0, 3, 0, 1, 'x'};
	uint8_t data[512];
	struct dns_buf out;
	size_t at = start_opt(&out, data, sizeof(data), 7);

	CU_ASSERT(out.len == at + DNS_OPT_SIZE);
	CU_ASSERT(data[at] == 0 && dnsmsg_get16(data, at + 1) == 41);
	CU_ASSERT(dnsmsg_get16(data, at + 3) == DNS_EDNS_SIZE);
	CU_ASSERT(data[at + 5] == 0x12 && data[at + 6] == 0);
	CU_ASSERT(dnsmsg_get16(data, at + 7) == 0x8000);
	CU_ASSERT(dnsmsg_get16(data, at + 9) == 0);
	CU_ASSERT(dnsmsg_get16(data, 10) == 1);
	CU_ASSERT(dns_opt_add(&out, at, 65001, NULL, 0) == 0);
	CU_ASSERT(dns_opt_add_raw(&out, at, raw, sizeof(raw)) == 0);
	CU_ASSERT(dns_opt_add_ede(&out, at, 22, "no answer") == 0);
	CU_ASSERT(dns_opt_add_ede(&out, at, 0, NULL) == 0);
	CU_ASSERT(dnsmsg_options(data, out.len, EDE) == 2);
	CU_ASSERT(dnsmsg_options(data, out.len, 3) == 1);
	CU_ASSERT(dnsmsg_options(data, out.len, 65001) == 1);
}

/* EXTRA-TEXT is cut, not the message. */
static void
test_ede_text(void)
{
	uint8_t data[512];
	char text[200];
	struct dns_buf out;
	size_t before;
	size_t at;
	size_t len;

	for (len = 0; len < sizeof(text); len++) {
		memset(text, 't', len);
		text[len] = '\0';
		at = start_opt(&out, data, sizeof(data), 7);
		before = out.len;
		CU_ASSERT(dns_opt_add_ede(&out, at, 18, text) == 0);
		CU_ASSERT(
		    out.len - before ==
		    6 + (len < DNS_EDE_TEXT_MAX ? len : DNS_EDE_TEXT_MAX));
		CU_ASSERT(dnsmsg_options(data, out.len, EDE) == 1);
	}
	PROVE("FWD-088", out.len - before == 6 + DNS_EDE_TEXT_MAX);
}

static void
test_no_room(void)
{
	struct dns_opt opt = {0};
	struct dns_buf out;
	uint8_t *data;
	uint8_t big[512];
	size_t least = start_opt(&out, big, sizeof(big), 7);
	size_t room;
	size_t at;

	for (room = 0; room < 40; room++) {
		data = malloc(least + room);
		CU_ASSERT_FATAL(data != NULL);
		memcpy(data, big, least);
		out = (struct dns_buf){
		    .data = data, .size = least + room, .len = least};
		at = 0;
		CU_ASSERT((dns_opt_start(&out, &opt, &at) == 0) ==
			  (room >= DNS_OPT_SIZE));
		if (at == 0) {
			CU_ASSERT(out.len == least);
		} else {
			CU_ASSERT((dns_opt_add_ede(&out, at, 1, "text") == 0) ==
				  (room >= DNS_OPT_SIZE + 10));
			CU_ASSERT((dns_opt_add_raw(&out, at, big, 9) == 0) ==
				  (room >= DNS_OPT_SIZE + 19 ||
				      room == DNS_OPT_SIZE + 9));
			dns_opt_pad(&out, at, 1000, 1000);
			CU_ASSERT(out.len <= out.size);
		}
		free(data);
	}
}

/* Zeros at the end, whole blocks, and never more than there is room for. */
static void
test_pad(void)
{
	static uint8_t data[DNS_MESSAGE_MAX];
	static const uint8_t filler[2 * ANSWER_BLOCK];
	struct dns_buf out;
	size_t before;
	size_t name;
	size_t at;
	size_t i;
	bool is_least = true;
	bool is_zero;

	for (name = 1; name < 64; name++) {
		memset(data, 0xff, sizeof(data));
		at = start_opt(&out, data, sizeof(data), name);
		CU_ASSERT(dns_opt_add_ede(&out, at, 3, "stale") == 0);
		before = out.len;
		dns_opt_pad(&out, at, ANSWER_BLOCK, DNS_MESSAGE_MAX);
		CU_ASSERT(out.len == ANSWER_BLOCK);
		PROVE("FWD-075",
		    dnsmsg_get16(data, before) == PADDING &&
			before + 4 + dnsmsg_get16(data, before + 2) == out.len);
		is_zero = true;
		for (i = before + 4; i < out.len; i++)
			is_zero = is_zero && data[i] == 0;
		PROVE("FWD-073", is_zero);
		CU_ASSERT(dnsmsg_options(data, out.len, PADDING) == 1);
	}
	/* every length before it: the least multiple that holds an option */
	for (name = 0; name < 2 * ANSWER_BLOCK; name++) {
		at = start_opt(&out, data, sizeof(data), 1);
		CU_ASSERT(dns_opt_add(&out, at, 65001, filler, name) == 0);
		before = out.len;
		dns_opt_pad(&out, at, ANSWER_BLOCK, DNS_MESSAGE_MAX);
		CU_ASSERT(out.len % ANSWER_BLOCK == 0);
		is_least = is_least && out.len >= before + 4 &&
			   out.len < before + 4 + ANSWER_BLOCK;
	}
	PROVE("FWD-076", is_least);
	/* every remainder, and every limit around the wanted size */
	for (name = 1; name < 128; name++) {
		at = start_opt(&out, data, sizeof(data), 1);
		before = out.len;
		dns_opt_pad(&out, at, name, DNS_MESSAGE_MAX);
		CU_ASSERT(out.len % name == 0 && out.len >= before + 4);
		CU_ASSERT(out.len < before + 4 + name);
		at = start_opt(&out, data, sizeof(data), 1);
		dns_opt_pad(&out, at, 128, name);
		CU_ASSERT(out.len == (name < before + 4 ? before : name));
		CU_ASSERT(dnsmsg_is_valid(data, out.len));
	}
}

static void
test_property(void)
{
	uint32_t seed = dnsmsg_seed("edns");
	struct dns_option opt;
	struct dns_record rr;
	struct dns_edns e;
	struct dnsmsg m;
	uint8_t *data;
	size_t good = 0;
	size_t start;
	size_t pos;
	size_t i;
	int round;
	int rc;

	for (round = 0; round < ROUNDS; round++) {
		dnsmsg_query(&m, "example", 1);
		start = m.len;
		dnsmsg_opt_with(&m, 65001, dnsmsg_random(&seed) % 60);
		for (i = start + DNS_OPT_SIZE; i < m.len; i++)
			m.data[i] = dnsmsg_random(&seed) % 4 != 0
					? 0
					: dnsmsg_random(&seed) % 16;
		data = dnsmsg_exact(m.data, m.len);
		CU_ASSERT_FATAL(dns_record_read(data, m.len, start, &rr) == 0);
		dns_edns_read(data, &rr, &e);
		free(data);
		data = dnsmsg_exact(m.data + e.options, e.options_len);
		pos = 0;
		do {
			rc = dns_option_next(data, e.options_len, &pos, &opt);
		} while (rc > 0);
		free(data);
		CU_ASSERT(e.is_broken == (rc < 0));
		CU_ASSERT(pos <= e.options_len);
		good += !e.is_broken;
	}
	CU_ASSERT(good > ROUNDS / 100);
}

void
test_edns_register(void)
{
	CU_pSuite s = unit_suite("edns");

	unit_test(s, "next option", test_next);
	unit_test(s, "write", test_write);
	unit_test(s, "text of EDE", test_ede_text);
	unit_test(s, "no room", test_no_room);
	unit_test(s, "padding", test_pad);
	unit_test(s, "property", test_property);
}
