/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TLS_DATUM_H
#define TLS_DATUM_H

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

/*
 * DATA (LEN octets, below 4 GB) as GnuTLS wants it.  Borrowed; only for
 * parameters that GnuTLS declares const, because the qualifier is lost: the
 * struct has no const member.
 */
static inline gnutls_datum_t
tls_datum(const void *data, size_t len)
{
	const gnutls_datum_t datum = {
	    .data = (unsigned char *)(uintptr_t)data,
	    .size = (unsigned int)len,
	};

	return datum;
}

#endif
