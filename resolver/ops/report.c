/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sums are those of a moment for each counter, not of one moment for all:
 * the workers go on counting.
 */
#include "resolver/ops/report.h"
#include "resolver/certs.h"
#include "resolver/worker.h"
#include "tls/replay.h"

#include <inttypes.h>
#include <stddef.h>

static const struct counter_row service_rows[] = {
#define ROW(name, help) COUNTER_ROW(struct service_counters, name, help)
    SERVICE_COUNTERS(ROW)
#undef ROW
};

#define SERVICE_ROWS (sizeof(service_rows) / sizeof(service_rows[0]))

/* Gauges among the service's counters: what is held now. */
static const struct counter_row *
find_row(size_t offset)
{
	for (size_t i = 0; i < SERVICE_ROWS; i++)
		if (service_rows[i].offset == offset)
			return &service_rows[i];
	return NULL;
}

static void
write_accounts(struct log *log, struct worker *const *w, size_t n)
{
	static const size_t gauges[] = {
	    offsetof(struct service_counters, queries_now),
	    offsetof(struct service_counters, doq_conns_now),
	    offsetof(struct service_counters, doq_streams_now),
	    offsetof(struct service_counters, doq_held_now),
	};
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
	for (size_t g = 0; g < sizeof(gauges) / sizeof(gauges[0]); g++) {
		const struct counter_row *row = find_row(gauges[g]);
		uint64_t v = 0;

		for (size_t i = 0; i < n; i++)
			v += counter_read(row, &w[i]->counters);
		log_info(log, "account %s %" PRIu64, row->name, v);
	}
}

static void
write_counter(struct log *log, const char *name, uint64_t value)
{
	if (value != 0)
		log_info(log, "counter %s %" PRIu64, name, value);
}

void
report_write(struct log *log, struct worker *const *w, size_t n)
{
	write_accounts(log, w, n);
	for (size_t c = 0; c < evquic_counter_count(); c++) {
		uint64_t v = 0;

		for (size_t i = 0; i < n; i++)
			v += evquic_worker_counter(w[i]->quic, c);
		write_counter(log, evquic_counter_name(c), v);
	}
	for (size_t c = 0; c < SERVICE_ROWS; c++) {
		uint64_t v = 0;

		for (size_t i = 0; i < n; i++)
			v += counter_read(&service_rows[c], &w[i]->counters);
		write_counter(log, service_rows[c].name, v);
	}
	for (size_t c = 0; c < BACK_COUNTER_ROWS; c++) {
		uint64_t v = 0;

		for (size_t i = 0; i < n; i++)
			v += counter_read(
			    &back_counter_rows[c], &w[i]->back_counters);
		write_counter(log, back_counter_rows[c].name, v);
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
