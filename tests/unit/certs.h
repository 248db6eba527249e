/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_CERTS_H
#define TESTS_UNIT_CERTS_H

/*
 * Certificates for tests, made while they run, so that nothing ever expires
 * in the tree.  Everything here ends the program when it cannot do its
 * work: a test has no use for half of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTS_PATH 512

/* A folder of one test's files. */
struct certs_dir {
	char path[CERTS_PATH];
};

struct certs_spec {
	const char *cn;		/* NULL: none */
	const char *const *dns; /* dNSNames, ends with NULL; NULL: none */
	const char *const *ips; /* iPAddresses as text, likewise */
	const char *issuer;  /* made before, in the same folder; NULL: self */
	const char *key_of;  /* made before: take its key; NULL: a new one */
	const char *purpose; /* an OID; NULL: TLS server */
	int64_t from;	     /* seconds from now; 0 with until 0: -1 hour */
	int64_t until;	     /* 0 with from 0: +1 day */
	bool is_ca;
	bool is_ed25519; /* else ECDSA P-256 */
	bool is_rsa;	 /* RSA of 2048 bits */
};

/* A fresh folder, and its end with all that is in it. */
void certs_dir_init(struct certs_dir *dir);
void certs_dir_done(struct certs_dir *dir);

/* PATH/NAME, written to ROOM (CERTS_PATH octets), which is returned. */
const char *certs_file(
    const struct certs_dir *dir, char *room, const char *name);

/*
 * Makes NAME.crt (its certificate, then those of its issuers but the root)
 * and NAME.key (mode 0600).
 */
void certs_make(const struct certs_dir *dir, const char *name,
    const struct certs_spec *spec);

/* A certificate that nobody has signed, and its files: for servers of clients
 * that do not verify. */
struct certs_pair {
	struct certs_dir dir;
	char cert[CERTS_PATH];
	char key[CERTS_PATH];
};

void certs_pair_init(struct certs_pair *pair);
void certs_pair_done(struct certs_pair *pair);

/* Writes DATA to PATH/NAME; reads it whole, terminated (caller frees). */
void certs_write(const struct certs_dir *dir, const char *name,
    const void *data, size_t len);
char *certs_read(
    const struct certs_dir *dir, const char *name, size_t *ret_len);

#endif
