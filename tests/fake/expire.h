/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_EXPIRE_H
#define TESTS_FAKE_EXPIRE_H

/*
 * ngtcp2's word when a connection's time has come, of the test's choosing: some
 * of its errors no peer can bring about.
 */

/* The next call of ngtcp2_conn_handle_expiry() does nothing and returns
 * `error`, not 0. */
void fake_expire_fail(int error);

#endif
