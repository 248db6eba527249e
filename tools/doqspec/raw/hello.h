/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_HELLO_H
#define RAW_HELLO_H

#include "tools/doqspec/raw/bytes.h"

/*
 * Rewrites a ClientHello, a whole handshake message, by rules separated by
 * ';'.  The server's transcript then differs from ours, so the handshake can
 * only fail: for hellos that a server must refuse.
 *
 *   TYPE:DATA   the extension TYPE has this data; added when it is not there
 *   TYPE+DATA   the data is appended to that of the extension
 *   TYPE^       the last octet of its data is inverted
 *   TYPE-       the extension is taken out
 *   tp-ID       the transport parameter ID is taken out
 *
 * DATA is HEX, or N*HEX for repetition, several joined by '.'.  Returns 0, or
 * -EINVAL when a rule is not understood or what it names is not there.
 */
int raw_hello_rewrite(struct raw_buf *hello, const char *rules);

#endif
