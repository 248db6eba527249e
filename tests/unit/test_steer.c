/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steering: the rule in C against the program for the kernel, run by an
 * interpreter of classic BPF; IDs that fit; and connections that move between
 * workers in the simulated world, where nobody steers but us.
 */
#include "quic/steer.h"

#include <string.h>

#include "quic/internal.h"
#include "tests/fake/duo.h"
#include "tests/fake/prng.h"
#include "tests/unit/unit.h"

enum {
	DATAGRAMS = 20000,
	LONGEST = 40,
	WORKERS = 4,
	REBINDS = 50
};

/* One load of the machine; false beyond the end, where the kernel ends the
 * program with 0. */
static bool
load(const uint8_t *data, size_t len, const struct sock_filter *i, uint32_t *a)
{
	size_t n = BPF_SIZE(i->code) == BPF_W ? 4 : 1;

	if (i->k + n > len)
		return false;
	*a = 0;
	for (size_t b = 0; b < n; b++)
		*a = *a << 8 | data[i->k + b];
	return true;
}

static uint32_t
arithmetic(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + operand;
	case BPF_MUL:
		return a * operand;
	case BPF_MOD:
		return a % operand;
	case BPF_RSH:
		return a >> operand;
	case BPF_XOR:
		return a ^ operand;
	default:
		CU_FAIL("an instruction that the program should not have");
		return 0;
	}
}

/* Runs a program of loads, stores, arithmetic and forward jumps. */
static uint32_t
interpret(const struct sock_filter *p, const uint8_t *data, size_t len)
{
	uint32_t a = 0, x = 0, m[2] = {0, 0};

	for (const struct sock_filter *i = p;; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_MEM)
				a = m[i->k];
			else if (!load(data, len, i, &a))
				return 0;
			break;
		case BPF_LDX:
			x = m[i->k];
			break;
		case BPF_ST:
			m[i->k] = a;
			break;
		case BPF_ALU:
			a = arithmetic(
			    i->code, a, BPF_SRC(i->code) == BPF_X ? x : i->k);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += (a & i->k) != 0 ? i->jt : i->jf;
			break;
		case BPF_MISC:
			x = a;
			break;
		default:
			return a; /* BPF_RET */
		}
	}
}

static void
test_twins(void)
{
	struct sock_filter program[QUIC_STEER_PROGRAM_MAX];
	uint8_t key[QUIC_STEER_KEY_LEN], data[LONGEST];
	struct prng r = {4711};
	unsigned differ = 0, at[WORKERS] = {0};
	struct quic_steer s;

	for (unsigned n = 0; n < DATAGRAMS; n++) {
		size_t len = prng_below(&r, LONGEST + 1);
		uint32_t owner;

		for (size_t i = 0; i < sizeof(key); i++)
			key[i] = (uint8_t)prng_next(&r);
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)prng_next(&r);
		quic_steer_init(&s, key, WORKERS);
		CU_ASSERT(
		    quic_steer_program(&s, program) <= QUIC_STEER_PROGRAM_MAX);
		owner = quic_steer_datagram(&s, data, len);
		CU_ASSERT_FATAL(owner < WORKERS);
		differ += owner != interpret(program, data, len);
		if (len >= 14)
			at[owner]++;
	}
	CU_ASSERT(differ == 0);
	for (unsigned i = 0; i < WORKERS; i++) /* an even spread */
		CU_ASSERT(at[i] > DATAGRAMS / WORKERS / 2);
}

/* The IDs that a worker draws lead back to it. */
static void
test_draw(void)
{
	struct duo_options o = {.workers = WORKERS};
	static struct duo d;

	duo_init(&d, &o);
	for (unsigned w = 0; w < WORKERS; w++) {
		struct quic_router *r = quic_endpoint_router(d.sim.server, w);
		ngtcp2_cid cid;
		uint8_t packet[1 + QUIC_CID_LEN] = {0x40};

		for (int i = 0; i < 100; i++) {
			quic_cid_draw(r, &cid);
			memcpy(packet + 1, cid.data, cid.datalen);
			CU_ASSERT(quic_endpoint_owner(d.sim.server, packet,
				      sizeof(packet)) == r);
		}
	}
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* The client's address changes again and again, so that its packets come to
 * all workers; it keeps its connection and every byte. */
static void
test_rebinds(void)
{
	struct duo_options o = {.workers = WORKERS};
	static struct duo d;
	struct evquic_stream *stream;
	uint64_t bytes = 0;

	duo_init(&d, &o);
	CU_ASSERT_FATAL(duo_open(&d));
	stream = duo_stream(&d.client, true);
	CU_ASSERT_FATAL(stream != NULL);
	for (int i = 0; i < REBINDS; i++) {
		net_rebind(&d.sim.net, sim_fd(d.client.conn));
		CU_ASSERT(duo_write(stream, 100, false) == 0);
		bytes += 100;
		sim_run(&d.sim, 2 * NSEC_PER_SEC);
		CU_ASSERT_FATAL(d.client.conn != NULL);
		CU_ASSERT(d.server.bytes == bytes);
	}
	PROVE("QSV-014", sim_server_count(&d.sim, "handovers") > 0 &&
			     sim_server_count(&d.sim, "handovers_lost") == 0);
	CU_ASSERT(sim_server_count(&d.sim, "conns_accepted") == 1);
	CU_ASSERT(sim_server_count(&d.sim, "path_changes") > 0);
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

void
test_steer_register(void)
{
	CU_pSuite s = unit_suite("steer");

	unit_test(s, "twins", test_twins);
	unit_test(s, "draw", test_draw);
	unit_test(s, "rebinds", test_rebinds);
}
