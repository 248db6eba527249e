/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scripted backend for who remembers answers: lives of records, and
 * answers that change from one time to the next.
 *
 *   ttl N        the good answer with TTL N (0)
 *   alias N      CNAME with TTL N to target.example.org, A with 300
 *   neg N        NXDOMAIN, SOA with TTL 3600 and MINIMUM N
 *   negttl N     NXDOMAIN, SOA with TTL N and MINIMUM 3600
 *   none N       no data, SOA with TTL 3600 and MINIMUM N
 *   only N       A with TTL N; of other types no data as of none N
 *   negmax nonemax   TTL and MINIMUM 2^31 - 1
 *   nosoa nonosoa    NXDOMAIN and no data without SOA
 *   many N       N addresses from 192.0.2.1 on
 *   nth N        A 192.0.2.C with TTL N (300), asked for the Cth time
 *   ede N        NXDOMAIN by even, SERVFAIL by odd N, with EDE N
 *   secure       A, with DO also an RRSIG
 *   srv          SRV whose target is the question's name, uncompressed
 *   slowly N     A 192.0.2.C as of nth after N ms
 *   then         asked for the first time as the next label says, for the
 *                second as the one behind it, and so on, the last before a
 *                label "end" from there on: then.servfail.ok.end.example.org
 *
 * C counts questions for the same name and type, whatever their flags, from
 * the start of the program.  That number of what quolld repeats, too.
 */
#include "tests/func/fakebe/fakebe.h"

#include <string.h>
#include <strings.h>

enum {
	TTL = 300,
	TTL_LONG = 3600,
	TTL_MAX = 0x7fffffff,
	RCODE_SERVFAIL = 2,
	RCODE_NXDOMAIN = 3,
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_RRSIG = 46,
	OPTION_EDE = 15,
	OWN_UDP_SIZE = 4000,
	EDNS_DO = 0x8000,
	OCTET_MAX = 254
};

struct be_count {
	struct be_count *next;
	char name[BE_NAME_MAX];
	unsigned type, count;
};

/* How often this was asked, this time included. */
static unsigned
count_question(struct be_job *job, const struct be_query *q)
{
	struct be_count **at = be_counts(job);

	while (*at != NULL && ((*at)->type != q->qtype ||
				  strcasecmp((*at)->name, q->name) != 0))
		at = &(*at)->next;
	if (*at == NULL) {
		*at = raw_alloc(1, sizeof(**at));
		(*at)->type = q->qtype;
		memcpy((*at)->name, q->name, sizeof(q->name));
	}
	return ++(*at)->count;
}

static void
finish(struct be_job *job, const struct be_query *q, struct raw_buf *b,
    unsigned delay_ms)
{
	if (q->has_opt)
		be_put_opt(
		    b, OWN_UDP_SIZE, q->wants_dnssec ? EDNS_DO : 0, NULL, 0);
	be_send(job, b, delay_ms, BE_SEND);
	raw_buf_done(b);
}

/* An address of 192.0.2.0/24, or of 2001:db8::/120. */
static void
put_address(
    struct raw_buf *b, const struct be_query *q, unsigned last, uint32_t ttl)
{
	uint8_t a[] = {192, 0, 2, (uint8_t)last};
	uint8_t aaaa[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)last};

	if (q->qtype == TYPE_AAAA)
		be_put_record(b, TYPE_AAAA, ttl, aaaa, sizeof(aaaa));
	else if (q->qtype == TYPE_TXT)
		be_put_record(b, TYPE_TXT, ttl, "\002ok", 3);
	else
		be_put_record(b, TYPE_A, ttl, a, sizeof(a));
}

/* The SOA of example.org in the authority section. */
static void
put_soa(struct raw_buf *b, uint32_t ttl, uint32_t minimum)
{
	enum {
		RR_TTL_AT = 4
	};
	static const char owner[] = "example.org";
	struct raw_buf rdata = {0};
	/* Behind the owner, which has one octet more at each end. */
	size_t at = b->len + sizeof(owner) + 1 + RR_TTL_AT;

	be_put_name(&rdata, "ns.example.org");
	be_put_name(&rdata, "nobody.example.org");
	raw_buf_u32(&rdata, 1);
	raw_buf_u32(&rdata, TTL_LONG);
	raw_buf_u32(&rdata, TTL);
	raw_buf_u32(&rdata, TTL_LONG);
	raw_buf_u32(&rdata, minimum);
	be_put_other(b, 2, owner, TYPE_SOA, &rdata);
	for (int i = 0; i < 4; i++)
		b->data[at + (size_t)i] = (uint8_t)(ttl >> (24 - 8 * i));
	raw_buf_done(&rdata);
}

static void
do_ttl(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	put_address(&b, q, 1, q->number);
	finish(job, q, &b, 0);
}

static void
do_alias(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	struct raw_buf target = {0};
	size_t at;

	(void)arg;
	be_put_head(&b, q, 0);
	be_put_name(&target, "target.example.org");
	be_put_record(&b, TYPE_CNAME, q->number, target.data, target.len);
	at = b.len - target.len;
	if (q->qtype != TYPE_CNAME) {
		size_t owner = b.len;

		put_address(&b, q, 1, TTL);
		b.data[owner] = (uint8_t)(0xc0 | at >> 8);
		b.data[owner + 1] = (uint8_t)(at & 0xff);
	}
	raw_buf_done(&target);
	finish(job, q, &b, 0);
}

enum negative {
	NEG_MINIMUM = 1,
	NEG_TTL = 2,
	NEG_MAX = 4,
	NEG_BARE = 8,
	NEG_NODATA = 16
};

static void
do_negative(struct be_job *job, const struct be_query *q, unsigned what)
{
	uint32_t ttl = what & NEG_TTL ? q->number : TTL_LONG;
	uint32_t minimum = what & NEG_MINIMUM ? q->number : TTL_LONG;
	struct raw_buf b = {0};

	if (what & NEG_MAX)
		ttl = minimum = TTL_MAX;
	be_put_head(&b, q, what & NEG_NODATA ? 0 : RCODE_NXDOMAIN);
	if (!(what & NEG_BARE))
		put_soa(&b, ttl, minimum);
	finish(job, q, &b, 0);
}

static void
do_only(struct be_job *job, const struct be_query *q, unsigned arg)
{
	(void)arg;
	if (q->qtype == TYPE_A)
		do_ttl(job, q, 0);
	else
		do_negative(job, q, NEG_NODATA | NEG_MINIMUM);
}

static void
do_many(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	for (unsigned i = 1; i <= q->number && i <= OCTET_MAX; i++)
		put_address(&b, q, i, TTL);
	finish(job, q, &b, 0);
}

static void
do_nth(struct be_job *job, const struct be_query *q, unsigned is_slow)
{
	unsigned count = count_question(job, q);
	struct raw_buf b = {0};

	be_put_head(&b, q, 0);
	put_address(&b, q, count < OCTET_MAX ? count : OCTET_MAX,
	    is_slow || !q->has_number ? TTL : q->number);
	finish(job, q, &b, is_slow ? q->number : 0);
}

static void
do_ede(struct be_job *job, const struct be_query *q, unsigned arg)
{
	uint8_t option[] = {0, OPTION_EDE, 0, 2, 0, (uint8_t)q->number};
	bool is_odd = q->number % 2 != 0;
	struct raw_buf b = {0};

	(void)arg;
	be_put_head(&b, q, is_odd ? RCODE_SERVFAIL : RCODE_NXDOMAIN);
	if (!is_odd)
		put_soa(&b, TTL_LONG, TTL);
	if (q->has_opt)
		be_put_opt(&b, OWN_UDP_SIZE, 0, option, sizeof(option));
	be_send(job, &b, 0, BE_SEND);
	raw_buf_done(&b);
}

/* An RRSIG that only looks like one. */
static void
do_secure(struct be_job *job, const struct be_query *q, unsigned arg)
{
	enum {
		SIG_FIXED = 18,
		SIG_LEN = 64
	};
	struct raw_buf b = {0};
	struct raw_buf rdata = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	put_address(&b, q, 1, TTL);
	if (q->wants_dnssec) {
		raw_buf_u16(&rdata, q->qtype);
		raw_buf_u8(&rdata, 13);
		raw_buf_u8(&rdata, 3);
		raw_buf_u32(&rdata, TTL);
		raw_buf_fill(&rdata, 0x77, SIG_FIXED - 8);
		be_put_name(&rdata, "example.org");
		raw_buf_fill(&rdata, 0x55, SIG_LEN);
		be_put_record(&b, TYPE_RRSIG, TTL, rdata.data, rdata.len);
	}
	raw_buf_done(&rdata);
	finish(job, q, &b, 0);
}

static void
do_srv(struct be_job *job, const struct be_query *q, unsigned arg)
{
	struct raw_buf b = {0};
	struct raw_buf rdata = {0};

	(void)arg;
	be_put_head(&b, q, 0);
	raw_buf_u16(&rdata, 1);
	raw_buf_u16(&rdata, 2);
	raw_buf_u16(&rdata, 853);
	be_put_name(&rdata, q->name);
	be_put_record(&b, TYPE_SRV, TTL, rdata.data, rdata.len);
	raw_buf_done(&rdata);
	finish(job, q, &b, 0);
}

/* The C-th label behind the first, or the last one before "end". */
static void
do_then(struct be_job *job, const struct be_query *q, unsigned arg)
{
	unsigned count = count_question(job, q);
	struct be_query as = *q;
	const char *at = q->name;

	(void)arg;
	while (count-- > 0) {
		const char *next = at + strcspn(at, ".");

		if (*next == '\0' || strncasecmp(next, ".end.", 5) == 0)
			break;
		at = next + 1;
	}
	be_query_call(&as, at);
	be_behave(job, &as);
}

bool
be_behave_remember(struct be_job *job, const struct be_query *query)
{
	static const struct {
		const char *label;
		void (*fn)(struct be_job *, const struct be_query *, unsigned);
		unsigned arg;
		bool needs_number;
	} table[] = {
	    {"ttl", do_ttl, 0, false},
	    {"alias", do_alias, 0, true},
	    {"neg", do_negative, NEG_MINIMUM, true},
	    {"negttl", do_negative, NEG_TTL, true},
	    {"none", do_negative, NEG_NODATA | NEG_MINIMUM, true},
	    {"only", do_only, 0, true},
	    {"negmax", do_negative, NEG_MAX, false},
	    {"nonemax", do_negative, NEG_NODATA | NEG_MAX, false},
	    {"nosoa", do_negative, NEG_BARE, false},
	    {"nonosoa", do_negative, NEG_NODATA | NEG_BARE, false},
	    {"many", do_many, 0, true},
	    {"nth", do_nth, false, false},
	    {"slowly", do_nth, true, true},
	    {"ede", do_ede, 0, true},
	    {"secure", do_secure, 0, false},
	    {"srv", do_srv, 0, false},
	    {"then", do_then, 0, false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].label, query->label) == 0 &&
		    (query->has_number || !table[i].needs_number)) {
			table[i].fn(job, query, table[i].arg);
			return true;
		}
	return false;
}
