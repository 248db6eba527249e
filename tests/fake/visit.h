/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_VISIT_H
#define TESTS_FAKE_VISIT_H

#include "tests/fake/duo.h"
#include "tests/fake/peer.h"

/*
 * A world whose server is visited by one raw client.
 */

/* Makes the world, connects, and runs until all is said; NULL: a client that
 * does as it should. */
void visit_begin(struct duo *d, struct peer *p, const struct peer_options *o);

/* Frees both; true if an honest client was served before, and the world was
 * empty then. */
bool visit_end(struct duo *d, struct peer *p);

#endif
