/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ClientHello as GnuTLS's hook gives it.  The same bytes are read as the
 * extensions of a server, too.  An answer is given to what is well-formed only,
 * and does not depend on what stands behind the message.
 */
#include <stdlib.h>
#include <string.h>

#include "quic/hello.h"
#include "tests/fuzz/fuzz.h"

static const uint16_t groups[] = {0x001d, 0x0017, 0x0018};

static int
read_copy(const uint8_t *data, size_t len, struct quic_hello *ret_hello)
{
	uint8_t *copy = malloc(len + 1);
	int rc;

	if (copy == NULL)
		abort();
	/* behind one octet, so that an empty one has an address, too */
	memcpy(copy + 1, data, len);
	rc = quic_hello_read(copy + 1, len, groups,
	    sizeof(groups) / sizeof(groups[0]), ret_hello);
	(void)quic_hello_server_repeats_parameter(copy + 1, len);
	free(copy);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct quic_hello whole = {.has_session_id = false};
	struct quic_hello part;

	if (read_copy(data, len, &whole) != 0) {
		if (whole.has_session_id || whole.repeats_parameter ||
		    whole.lists_version_2 ||
		    whole.has_key_share_for_first_group)
			abort();
		return 0;
	}
	/* whatever is cut off, it is not a ClientHello any more */
	if (read_copy(data, len - 1, &part) == 0)
		abort();
	return 0;
}
