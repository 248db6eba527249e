/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sums are those of a moment for each counter, not of one moment for all:
 * the workers go on counting.
 */
#include "resolver/ops/report.h"
#include "dns/cache.h"
#include "resolver/certs.h"
#include "resolver/ops/counts.h"
#include "resolver/ops/memory.h"
#include "resolver/own.h"
#include "resolver/recursion.h"
#include "resolver/worker.h"
#include "tls/replay.h"

#include <inttypes.h>

static void
write_accounts(struct log *log, struct worker *const *w, size_t n)
{
	struct evquic_accounts sum = {.connections = 0}, one;

	for (size_t i = 0; i < n; i++) {
		evquic_worker_accounts(w[i]->quic, &one);
		sum.connections += one.connections;
		sum.tombstones += one.tombstones;
		sum.streams += one.streams;
		sum.conn_bytes += one.conn_bytes;
		sum.buffer_bytes += one.buffer_bytes;
	}
	log_info(log, "account connections %" PRIu64, sum.connections);
	log_info(log, "account tombstones %" PRIu64, sum.tombstones);
	log_info(log, "account streams %" PRIu64, sum.streams);
	log_info(log, "account conn_bytes %" PRIu64, sum.conn_bytes);
	log_info(log, "account buffer_bytes %" PRIu64, sum.buffer_bytes);
	for (size_t c = 0; c < counts_number(); c++) {
		struct counts_row row;

		counts_describe(c, &row);
		if (row.layer == COUNTS_SERVICE && row.is_gauge)
			log_info(log, "account %s %" PRIu64, row.name,
			    counts_sum(c, w, n));
	}
}

void
report_write(struct log *log, struct worker *const *w, size_t n)
{
	write_accounts(log, w, n);
	log_info(log, "gauge heap_bytes %" PRIu64, memory_in_use());
	for (size_t c = 0; c < counts_number(); c++) {
		uint64_t v = counts_sum(c, w, n);
		struct counts_row row;

		counts_describe(c, &row);
		if (v != 0)
			log_info(log, "counter %s %" PRIu64, row.name, v);
	}
}

void
report_certs(struct log *log, const struct config *config,
    const struct evquic_cred *cred, int64_t now)
{
	int64_t expiry;

	log_info(log, "gauge certificate_expires_in %" PRId64,
	    certs_expiry(cred) - now);
	for (size_t i = 0; i < evquic_cred_count(cred); i++)
		if (evquic_cred_expiry(cred, i, &expiry) == 0)
			log_info(log, "certificate %s expires in %" PRId64 " s",
			    certs_label(config, i), expiry - now);
}

void
report_seen(
    struct log *log, struct evquic_replay *tokens, struct evquic_replay *early)
{
	log_info(log, "gauge tokens_seen %zu", tls_replay_count(tokens));
	log_info(log, "gauge early_seen %zu", tls_replay_count(early));
}

void
report_local(
    struct log *log, const struct config *config, const struct own *own)
{
	struct own_local_size size = own_local_size(own);

	log_info(log, "gauge local_names %zu", size.names);
	log_info(log, "gauge local_lists %zu", config->local.lists.count);
	log_info(log, "gauge local_bytes %zu", size.octets);
}

void
report_recursion(struct log *log, struct recursion *rn)
{
	log_info(
	    log, "gauge recursion_outstanding %zu", recursion_outstanding(rn));
}

void
report_cache(struct log *log, const struct dns_cache *cache)
{
	struct dns_cache_stats stats;
	struct counts_row row;

	if (cache == NULL)
		return;
	dns_cache_stats(cache, &stats);
	for (size_t i = 0; i < counts_cache_number(); i++) {
		counts_cache_describe(i, &row);
		log_info(log, "%s cache_%s %" PRIu64,
		    row.is_gauge ? "gauge" : "counter", row.name,
		    counts_cache_read(i, &stats));
	}
}
