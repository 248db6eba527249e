/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's session, and the NewSessionTicket message that it comes from:
 * what is read lies within the bytes, and a session that is written again is
 * the same.
 */
#include <stdlib.h>
#include <string.h>

#include "quic/session.h"
#include "tests/fuzz/fuzz.h"
#include "tls/ticket.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1), *again;
	struct quic_session s;
	struct tls_ticket t;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	(void)tls_ticket_read(copy, size, &t);
	if (quic_session_read(copy, size, &s) == 0) {
		if (quic_session_size(&s) != size)
			abort();
		again = malloc(size);
		if (again == NULL)
			abort();
		quic_session_write(&s, again);
		if (memcmp(again, copy, size) != 0)
			abort();
		free(again);
	}
	free(copy);
	return 0;
}
