/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which worker owns a datagram: one rule, in C and as a program for the
 * kernel.
 *
 *	owner = mix32(key, first 8 octets of the destination ID) mod workers
 *
 * for long and short headers alike.  Our own IDs are drawn until they fit, and
 * a client's first ID is what it is, so a connection is found by the worker
 * that accepted it wherever its packets come from.  The key is secret: nobody
 * can aim at one worker, and IDs show no structure.
 */
#ifndef QUIC_STEER_H
#define QUIC_STEER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_STEER_KEY_LEN 16

/* Octets of an ID that decide. */
#define QUIC_STEER_OCTETS 8

/* Enough for the program. */
#define QUIC_STEER_PROGRAM_MAX 32

struct quic_steer {
	uint32_t key[2];
	uint32_t workers;
};

/* Makes the rule for so many workers (at least 1) from a key. */
void quic_steer_init(struct quic_steer *s,
    const uint8_t key[QUIC_STEER_KEY_LEN], uint32_t workers);

/* The worker that owns an ID of at least QUIC_STEER_OCTETS octets. */
uint32_t quic_steer_id(const struct quic_steer *s, const uint8_t *id);

/*
 * The worker that owns a datagram, exactly as the program says: one too short
 * to have the octets falls to worker 0.
 */
uint32_t quic_steer_datagram(
    const struct quic_steer *s, const uint8_t *data, size_t len);

/* Writes the same rule as a classic BPF program over the UDP payload; returns
 * its length. */
size_t quic_steer_program(const struct quic_steer *s,
    struct sock_filter ret_program[QUIC_STEER_PROGRAM_MAX]);

/*
 * Gives the program to the group of sockets that `fd` shares a port with;
 * their order of binding is the workers'.  0 or a negative errno: then the
 * kernel spreads by addresses, and user space hands over.
 */
int quic_steer_attach(const struct quic_steer *s, int fd);

#endif
