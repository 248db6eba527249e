/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See visit.h.
 */
#include "tests/fake/visit.h"

void
visit_begin(struct duo *d, struct peer *p, const struct peer_options *o)
{
	struct peer_options honest = {.alpn = "duo"};

	duo_init(d, NULL);
	peer_connect(p, &d->sim, o != NULL ? o : &honest);
	duo_talk(d);
}

bool
visit_end(struct duo *d, struct peer *p)
{
	bool served;

	d->client.n[DUO_OPENED] = 0;
	served = duo_connect(d, NULL) != NULL;
	duo_talk(d);
	served = served && d->client.n[DUO_OPENED] == 1;
	served = duo_end(d) && served;
	peer_done(p);
	duo_done(d);
	return served;
}
