/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_TLSRND_H
#define TESTS_FAKE_TLSRND_H

#include <stdint.h>

/*
 * GnuTLS's random numbers, which a simulated world needs to be
 * the same in every run.  The test program defines gnutls_rnd() itself, and
 * the dynamic linker prefers that to the library's.
 */

/* From now on GnuTLS draws from this seed. */
void tlsrnd_seed(uint64_t seed);

/* From now on GnuTLS draws from the kernel again. */
void tlsrnd_stop(void);

#endif
