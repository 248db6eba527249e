/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See expire.h.  The linker turns our objects' calls into __wrap_...; the state
 * is static because that function has no argument for it.
 */
#include "tests/fake/expire.h"

#include <ngtcp2/ngtcp2.h>

int __real_ngtcp2_conn_handle_expiry(ngtcp2_conn *qc, ngtcp2_tstamp now);
int __wrap_ngtcp2_conn_handle_expiry(ngtcp2_conn *qc, ngtcp2_tstamp now);

static int next_error;

void
fake_expire_fail(int error)
{
	next_error = error;
}

int
__wrap_ngtcp2_conn_handle_expiry(ngtcp2_conn *qc, ngtcp2_tstamp now)
{
	int error = next_error;

	next_error = 0;
	return error != 0 ? error : __real_ngtcp2_conn_handle_expiry(qc, now);
}
