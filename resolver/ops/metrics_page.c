/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two sources: the tables of counters, and a table here of what is no counter.
 * Nothing else makes a name, so that page, manual and tables agree.
 *
 * Sums are over the workers: who wants one worker has SIGUSR1 and a debugger,
 * and each label multiplies what others store.
 */
#include "resolver/ops/metrics_page.h"
#include "resolver/certs.h"
#include "resolver/ops/counts.h"
#include "resolver/ops/exposition.h"
#include "resolver/own.h"
#include "resolver/worker.h"
#include "tls/replay.h"
#include <config.h>

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#define NAME_LEN 80
#define REASON "reason"

/* ---------------------------------------------------- names of counters -- */

static const char *const layer_prefixes[] = {
    [COUNTS_QUIC] = "quoll_quic_",
    [COUNTS_SERVICE] = "quoll_",
    [COUNTS_BACK] = "quoll_upstream_",
    [COUNTS_CACHE] = "quoll_cache_",
};

/* Rows of one prefix are one family, the rest of the name is the reason; they
 * stand together in their table. */
static const struct group {
	enum counts_layer layer;
	const char *prefix;
	const char *family;
	const char *help;
} groups[] = {
    {COUNTS_QUIC, "drop_", "dropped_datagrams", "datagrams not taken"},
    {COUNTS_QUIC, "refused_", "refused_connections",
	"connections refused at their first packet"},
    {COUNTS_QUIC, "closed_", "closed_connections", "connections that ended"},
    {COUNTS_SERVICE, "doq_bad_", "doq_bad_queries",
	"protocol errors of DNS over QUIC: connections closed"},
    {COUNTS_BACK, "mismatch_", "mismatches",
	"wrong answers, by what does not match"},
};

/* What a counter is called. */
struct naming {
	char family[NAME_LEN];
	const char *help;   /* of the family */
	const char *reason; /* NULL: has none */
};

static const struct group *
find_group(const struct counts_row *row)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].layer == row->layer &&
		    strncmp(row->name, groups[i].prefix,
			strlen(groups[i].prefix)) == 0)
			return &groups[i];
	return NULL;
}

static void
name_counter(const struct counts_row *row, struct naming *ret)
{
	const struct group *group = find_group(row);

	ret->help = group != NULL ? group->help : row->help;
	ret->reason = group != NULL ? row->name + strlen(group->prefix) : NULL;
	(void)snprintf(ret->family, sizeof(ret->family), "%s%s%s",
	    layer_prefixes[row->layer],
	    group != NULL ? group->family : row->name,
	    row->is_gauge ? "" : "_total");
}

static void
write_counters(struct exposition *e, const struct metrics_view *view)
{
	struct naming naming;
	char before[NAME_LEN] = "";

	for (size_t i = 0; i < counts_number(); i++) {
		struct exposition_label label = {.name = REASON};
		struct counts_row row;

		counts_describe(i, &row);
		name_counter(&row, &naming);
		if (strcmp(naming.family, before) != 0)
			exposition_family(e, naming.family,
			    row.is_gauge ? EXPOSITION_GAUGE
					 : EXPOSITION_COUNTER,
			    naming.help);
		(void)strcpy(before, naming.family);
		label.value = naming.reason;
		exposition_sample(e, naming.family, &label,
		    naming.reason != NULL, "%" PRIu64,
		    counts_sum(i, view->workers, view->nworkers));
	}
}

static void
write_cache(struct exposition *e, const struct metrics_view *view)
{
	struct counts_row row;
	struct naming naming;

	for (size_t i = 0; i < counts_cache_number(); i++) {
		counts_cache_describe(i, &row);
		name_counter(&row, &naming);
		exposition_family(e, naming.family,
		    row.is_gauge ? EXPOSITION_GAUGE : EXPOSITION_COUNTER,
		    naming.help);
		exposition_sample(e, naming.family, NULL, 0, "%" PRIu64,
		    counts_cache_read(i, &view->cache));
	}
}

/* --------------------------------------------------------- all the rest -- */

static void
write_number(struct exposition *e, const char *name, uint64_t value)
{
	exposition_sample(e, name, NULL, 0, "%" PRIu64, value);
}

static void
write_build(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	const struct exposition_label labels[] = {
	    {"version", PACKAGE_VERSION},
	    {"ngtcp2", evquic_ngtcp2_version()},
	    {"gnutls", evquic_gnutls_version()},
	    {"libevent", event_get_version()},
	};

	(void)view;
	exposition_sample(
	    e, name, labels, sizeof(labels) / sizeof(labels[0]), "1");
}

static void
write_start(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	exposition_sample(e, name, NULL, 0, "%" PRId64, view->started);
}

static void
write_cpu(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	struct rusage usage;

	(void)view;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		exposition_sample(e, name, NULL, 0, "%.6f",
		    (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec +
				 usage.ru_stime.tv_usec) /
			    1e6);
}

static void
write_heap(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, view->heap_bytes);
}

static void
write_workers(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, view->nworkers);
}

static void
write_tokens(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, tls_replay_count(view->tokens_seen));
}

static void
write_early(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, tls_replay_count(view->early_seen));
}

static void
write_local_names(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, own_local_size(view->own).names);
}

static void
write_local_lists(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, view->config->local.lists.count);
}

static void
write_local_bytes(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, own_local_size(view->own).octets);
}

static void
write_recursing(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	write_number(e, name, view->recursing);
}

static void
write_certificates(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	for (size_t i = 0; i < evquic_cred_count(view->cred); i++) {
		struct exposition_label label = {
		    "certificate", certs_label(view->config, i)};
		int64_t expiry;

		if (evquic_cred_expiry(view->cred, i, &expiry) == 0)
			exposition_sample(
			    e, name, &label, 1, "%" PRId64, expiry - view->now);
	}
}

/* Nobody takes a page that has a sample twice. */
static bool
is_again(const struct config_servers *list, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (strcmp(list->item[before].url, list->item[i].url) == 0)
			return true;
	return false;
}

static void
write_servers(
    struct exposition *e, const char *name, const struct metrics_view *view)
{
	const struct config_servers *list = &view->config->upstream.servers;

	for (size_t i = 0; i < list->count; i++) {
		struct exposition_label label = {"url", list->item[i].url};

		if (!is_again(list, i))
			exposition_sample(e, name, &label, 1, "1");
	}
}

/* What is held, of struct evquic_accounts. */
static const struct account_row {
	const char *name;
	const char *help;
	size_t offset;
} account_rows[] = {
    {"quoll_quic_connections", "connections that are alive",
	offsetof(struct evquic_accounts, connections)},
    {"quoll_quic_tombstones", "closed connections still remembered",
	offsetof(struct evquic_accounts, tombstones)},
    {"quoll_quic_streams", "streams that are open",
	offsetof(struct evquic_accounts, streams)},
    {"quoll_quic_connection_bytes",
	"memory of connections, their TLS sessions and streams",
	offsetof(struct evquic_accounts, conn_bytes)},
    {"quoll_quic_buffer_bytes", "memory of buffers that somebody holds",
	offsetof(struct evquic_accounts, buffer_bytes)},
};

#define ACCOUNT_ROWS (sizeof(account_rows) / sizeof(account_rows[0]))

static const struct other_row {
	const char *name;
	enum exposition_type type;
	const char *label; /* for the manual; NULL: none */
	const char *help;
	void (*write)(struct exposition *e, const char *name,
	    const struct metrics_view *view);
} other_rows[] = {
    {"quoll_build_info", EXPOSITION_GAUGE, "version,ngtcp2,gnutls,libevent",
	"always 1; the labels are the versions of quolld and its libraries",
	write_build},
    {"process_start_time_seconds", EXPOSITION_GAUGE, NULL,
	"when the process started, in Unix time", write_start},
    {"process_cpu_seconds_total", EXPOSITION_COUNTER, NULL,
	"processor time of all threads, the kernel's for them included",
	write_cpu},
    {"quoll_heap_bytes", EXPOSITION_GAUGE, NULL,
	"memory that was allocated and not given back", write_heap},
    {"quoll_workers", EXPOSITION_GAUGE, NULL, "threads that serve",
	write_workers},
    {"quoll_quic_tokens_seen", EXPOSITION_GAUGE, NULL,
	"NEW_TOKEN tokens that are remembered as used", write_tokens},
    {"quoll_quic_early_seen", EXPOSITION_GAUGE, NULL,
	"ClientHellos with early data that are remembered", write_early},
    {"quoll_local_names", EXPOSITION_GAUGE, NULL,
	"names of local data and lists that are in force", write_local_names},
    {"quoll_local_lists", EXPOSITION_GAUGE, NULL,
	"lists of names that are in force", write_local_lists},
    {"quoll_local_bytes", EXPOSITION_GAUGE, NULL,
	"memory of local data and lists", write_local_bytes},
    {"quoll_recursion_outstanding", EXPOSITION_GAUGE, NULL,
	"questions that libunbound has or will get, those that nobody waits "
	"for any longer included",
	write_recursing},
    {"quoll_certificate_expires_in_seconds", EXPOSITION_GAUGE, "certificate",
	"time that a certificate lasts, negative when it is over; the label "
	"is its file",
	write_certificates},
    {"quoll_upstream_server_info", EXPOSITION_GAUGE, "url",
	"always 1, for each server that is configured", write_servers},
};

#define OTHER_ROWS (sizeof(other_rows) / sizeof(other_rows[0]))

/* All members are uint64_t. */
static uint64_t
sum_account(const struct metrics_view *view, size_t offset)
{
	uint64_t sum = 0, one;

	for (size_t i = 0; i < view->nworkers; i++) {
		struct evquic_accounts accounts;

		evquic_worker_accounts(view->workers[i]->quic, &accounts);
		memcpy(&one, (const char *)&accounts + offset, sizeof(one));
		sum += one;
	}
	return sum;
}

int
metrics_page_write(const struct metrics_view *view, struct evbuffer *out)
{
	struct exposition e = {.out = out};

	for (size_t i = 0; i < OTHER_ROWS; i++) {
		const struct other_row *row = &other_rows[i];

		exposition_family(&e, row->name, row->type, row->help);
		row->write(&e, row->name, view);
	}
	for (size_t i = 0; i < ACCOUNT_ROWS; i++) {
		const struct account_row *row = &account_rows[i];

		exposition_family(&e, row->name, EXPOSITION_GAUGE, row->help);
		write_number(&e, row->name, sum_account(view, row->offset));
	}
	write_cache(&e, view);
	write_counters(&e, view);
	return e.failed ? -ENOMEM : 0;
}

/* -------------------------------------------------------------- manual -- */

static void
print_item(FILE *out, const char *name, const char *label, const char *value,
    const char *help)
{
	(void)fprintf(out, ".It Li %s", name);
	if (value != NULL)
		(void)fprintf(out, "{%s=\\(dq%s\\(dq}", label, value);
	else if (label != NULL)
		(void)fprintf(out, "{%s}", label);
	(void)fprintf(out, "\n%c%s.\n",
	    *help >= 'a' && *help <= 'z' ? *help - 'a' + 'A' : *help, help + 1);
}

static void
print_counters(FILE *out)
{
	for (size_t i = 0; i < counts_number(); i++) {
		struct counts_row row;
		struct naming naming;

		counts_describe(i, &row);
		name_counter(&row, &naming);
		print_item(out, naming.family,
		    naming.reason != NULL ? REASON : NULL, naming.reason,
		    row.help);
	}
}

static void
print_cache(FILE *out)
{
	for (size_t i = 0; i < counts_cache_number(); i++) {
		struct counts_row row;
		struct naming naming;

		counts_cache_describe(i, &row);
		name_counter(&row, &naming);
		print_item(out, naming.family, NULL, NULL, row.help);
	}
}

void
metrics_page_print_manual(FILE *out)
{
	(void)fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < OTHER_ROWS; i++)
		print_item(out, other_rows[i].name, other_rows[i].label, NULL,
		    other_rows[i].help);
	for (size_t i = 0; i < ACCOUNT_ROWS; i++)
		print_item(out, account_rows[i].name, NULL, NULL,
		    account_rows[i].help);
	print_cache(out);
	print_counters(out);
	(void)fputs(".El\n", out);
}
