/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a resolver in our own process found, made into what a backend's answer
 * would look like: then it is relayed as any other (dns/answer.h).
 */
#ifndef DNS_RESOLVED_H
#define DNS_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/message.h"
#include "dns/response.h"

/*
 * Reads the `len` octets at `msg` as the answer to `q`, and changes what is
 * not the resolver's to say: ID, opcode, RD and CD do not matter, AA and TC
 * are clear, RA is set (it recurses), AD is set if and only if `is_secure`.
 * The question must be that of `q`; its case does not matter.  Returns 0, or
 * -EBADMSG for what is no answer to `q` or cannot be parsed.
 */
int dns_resolved_read(const struct dns_query *q, uint8_t *msg, size_t len,
    bool is_secure, struct dns_response *ret_response);

#endif
