/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rule and its twin.  mix32 is a multiply-xorshift finaliser; every step
 * is one that classic BPF has, too.  SO_ATTACH_REUSEPORT_CBPF needs no
 * privilege.  A load beyond the end makes the kernel's program return 0, so the
 * twin says 0 there.
 */
#include "quic/steer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MUL_1 0x9e3779b1u
#define MUL_2 0x85ebca77u
#define MUL_3 0xc2b2ae3du
#define SHIFT_1 15
#define SHIFT_2 13
#define SHIFT_3 16

#define LONG_HEADER 0x80

/* Where the destination ID begins (RFC 8999 5.1, RFC 9000 17.3.1). */
#define LONG_ID 6
#define SHORT_ID 1
#define HALF 4

static uint32_t
load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

void
quic_steer_init(struct quic_steer *s, const uint8_t key[QUIC_STEER_KEY_LEN],
    uint32_t workers)
{
	assert(workers >= 1);
	s->key[0] = load32(key) ^ load32(key + 8);
	s->key[1] = load32(key + 4) ^ load32(key + 12);
	s->workers = workers;
}

uint32_t
quic_steer_id(const struct quic_steer *s, const uint8_t *id)
{
	uint32_t a = load32(id) ^ s->key[0];

	a *= MUL_1;
	a ^= a >> SHIFT_1;
	a += load32(id + HALF) ^ s->key[1];
	a *= MUL_2;
	a ^= a >> SHIFT_2;
	a *= MUL_3;
	a ^= a >> SHIFT_3;
	return a % s->workers;
}

uint32_t
quic_steer_datagram(const struct quic_steer *s, const uint8_t *data, size_t len)
{
	size_t at;

	if (len == 0)
		return 0;
	at = data[0] & LONG_HEADER ? LONG_ID : SHORT_ID;
	return len >= at + QUIC_STEER_OCTETS ? quic_steer_id(s, data + at) : 0;
}

/* A ^= A >> shift, by way of X. */
#define XORSHIFT(shift)                                                        \
	BPF_STMT(BPF_MISC | BPF_TAX, 0),                                       \
	    BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, shift),                        \
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)

size_t
quic_steer_program(const struct quic_steer *s,
    struct sock_filter ret_program[QUIC_STEER_PROGRAM_MAX])
{
	const struct sock_filter program[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, LONG_HEADER, 4, 0),
	    /* short */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SHORT_ID),
	    BPF_STMT(BPF_ST, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SHORT_ID + HALF),
	    BPF_JUMP(BPF_JMP | BPF_JA, 3, 0, 0),
	    /* long */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LONG_ID),
	    BPF_STMT(BPF_ST, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LONG_ID + HALF),
	    /* both: the first word is in M[0], the second in A */
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, s->key[1]),
	    BPF_STMT(BPF_ST, 1),
	    BPF_STMT(BPF_LD | BPF_MEM, 0),
	    BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, s->key[0]),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, MUL_1),
	    XORSHIFT(SHIFT_1),
	    BPF_STMT(BPF_LDX | BPF_MEM, 1),
	    BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, MUL_2),
	    XORSHIFT(SHIFT_2),
	    BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, MUL_3),
	    XORSHIFT(SHIFT_3),
	    BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, s->workers),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	};

	_Static_assert(
	    sizeof(program) / sizeof(program[0]) <= QUIC_STEER_PROGRAM_MAX,
	    "room for the program");
	memcpy(ret_program, program, sizeof(program));
	return sizeof(program) / sizeof(program[0]);
}

int
quic_steer_attach(const struct quic_steer *s, int fd)
{
	struct sock_filter program[QUIC_STEER_PROGRAM_MAX];
	struct sock_fprog p = {.filter = program};

	p.len = (unsigned short)quic_steer_program(s, program);
	return setsockopt(
		   fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof(p)) == 0
		   ? 0
		   : -errno;
}
