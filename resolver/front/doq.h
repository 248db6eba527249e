/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS over dedicated QUIC connections (RFC 9250), server side: an application
 * over QUIC that maps streams to queries.
 */
#ifndef RESOLVER_FRONT_DOQ_H
#define RESOLVER_FRONT_DOQ_H

#include <stddef.h>

#include "quic/evquic.h"

/* RFC 9250 4.3, 8.4. */
enum doq_error {
	DOQ_NO_ERROR = 0x0,
	DOQ_INTERNAL_ERROR = 0x1,
	DOQ_PROTOCOL_ERROR = 0x2,
	DOQ_REQUEST_CANCELLED = 0x3,
	DOQ_EXCESSIVE_LOAD = 0x4,
};

/* The application.  The `data` of its evquic_worker is the struct worker. */
extern const struct evquic_app doq_app;

/* Bytes of a stream's object, for the worker's pool. */
size_t doq_stream_size(void);

#endif
