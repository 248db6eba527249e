/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See tlsrnd.h.  The state is static because gnutls_rnd() has no argument for
 * it; tests run in one thread.
 */
#include "tests/fake/tlsrnd.h"

#include <gnutls/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#include "tests/fake/prng.h"

static struct {
	bool is_seeded;
	struct prng rng;
} state;

void
tlsrnd_seed(uint64_t seed)
{
	state.is_seeded = true;
	state.rng = (struct prng){seed * 2654435761u + 1};
}

void
tlsrnd_stop(void)
{
	state.is_seeded = false;
}

__attribute__((visibility("default"))) int
gnutls_rnd(gnutls_rnd_level_t level, void *data, size_t len)
{
	uint8_t *p = data;

	(void)level;
	if (state.is_seeded) {
		prng_fill(&state.rng, p, len);
		return 0;
	}
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
