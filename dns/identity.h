/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a server says of itself to who asks: version.bind, version.server,
 * id.server and hostname.bind of class CHAOS (RFC 4892).
 */
#ifndef DNS_IDENTITY_H
#define DNS_IDENTITY_H

#include <stdbool.h>

#include "dns/answer.h"
#include "dns/message.h"

/* Longest text: one character-string (RFC 1035 3.3). */
#define DNS_IDENTITY_MAX 255

/* Octets that the record of such an answer takes up at most. */
#define DNS_IDENTITY_RECORDS (2 + 10 + 1 + DNS_IDENTITY_MAX)

/* Texts of at most DNS_IDENTITY_MAX octets; NULL: that is not told. */
struct dns_identity {
	const char *version;
	const char *id;
};

/* Is it a question for one of those names?  Then *ret_text is what to say. */
bool dns_identity_is_asked(const struct dns_query *q,
    const struct dns_identity *identity, const char **ret_text);

/*
 * Makes the answer with this text, which has none for types other than TXT.
 * dns_answer_bound() and DNS_IDENTITY_RECORDS octets are enough.  Returns 0 or
 * -EMSGSIZE.
 */
int dns_identity_answer(const char *text, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out);

#endif
