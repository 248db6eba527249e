/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FAKE_EDIT_H
#define TESTS_FAKE_EDIT_H

#include "tests/fake/peer.h"

/*
 * One change of a handshake message on its way to the wire: data is appended
 * to an extension, whose transport parameter of that id, if there is one, is
 * taken out before.  The handshake cannot complete then.
 */
struct edit {
	unsigned message; /* ClientHello or EncryptedExtensions */
	unsigned extension;
	const char *data;
	size_t len;
	bool replaces; /* the parameter that `data` begins with */
};

enum {
	EDIT_PARAMETERS = 57 /* quic_transport_parameters */
};

/* The `rewrite` of a peer whose `arg` is a struct edit. */
size_t edit_apply(struct peer *p, unsigned type, uint8_t *message, size_t len);

#endif
