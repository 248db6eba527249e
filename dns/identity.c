/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Version and name of a server.  The names of BIND are those that tools ask
 * for; RFC 4892 gave them others that mean the same.
 */
#include "dns/identity.h"

#include <assert.h>
#include <string.h>

#include "dns/name.h"
#include "dns/put.h"

static bool
find_text(const uint8_t *name, const struct dns_identity *identity,
    const char **ret_text)
{
	const struct {
		const char *name;
		const char *text;
	} rows[] = {
	    {"\7version\4bind", identity->version},
	    {"\7version\6server", identity->version},
	    {"\2id\6server", identity->id},
	    {"\10hostname\4bind", identity->id},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (dns_name_equal(name, (const uint8_t *)rows[i].name)) {
			*ret_text = rows[i].text;
			return true;
		}
	}
	return false;
}

bool
dns_identity_is_asked(const struct dns_query *q,
    const struct dns_identity *identity, const char **ret_text)
{
	/* Hardly anything is of this class. */
	return q->qclass == DNS_CLASS_CH && q->opcode == DNS_OPCODE_QUERY &&
	       q->question_len > 0 &&
	       find_text(q->msg + DNS_HEADER_SIZE, identity, ret_text);
}

/* RFC 4892 2: not to be cached, since the next answer may be another's. */
static int
put_text(const char *text, struct dns_buf *out)
{
	struct dns_head head = {.owner_at = DNS_HEADER_SIZE,
	    .type = DNS_TYPE_TXT,
	    .class = DNS_CLASS_CH};
	uint8_t rdata[1 + DNS_IDENTITY_MAX];
	size_t len = strlen(text);

	assert(len <= DNS_IDENTITY_MAX);
	rdata[0] = (uint8_t)len;
	memcpy(rdata + 1, text, len);
	return dns_put_record(out, DNS_OFF_ANCOUNT, &head, rdata, 1 + len);
}

int
dns_identity_answer(const char *text, const struct dns_query *q,
    const struct dns_hop *hop, struct dns_buf *out)
{
	static const struct dns_error ok = {.ede = DNS_EDE_NONE};
	int rc = dns_answer_start(q, hop, DNS_FLAG_AA | DNS_FLAG_RA, out);

	if (rc == 0 && (q->qtype == DNS_TYPE_TXT || q->qtype == DNS_TYPE_ANY))
		rc = put_text(text, out);
	if (rc == 0)
		rc = dns_answer_finish(q, hop, &ok, out);
	return rc;
}
