/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sum is that of a moment for each counter, not of one moment for all: the
 * workers go on counting.
 */
#include "resolver/ops/counts.h"
#include "dns/cache.h"
#include "resolver/worker.h"

#include <assert.h>
#include <string.h>

#define GAUGE "gauge: "

static const struct counter_row service_rows[] = {
#define ROW(name, help) COUNTER_ROW(struct service_counters, name, help)
    SERVICE_COUNTERS(ROW)
#undef ROW
};

#define SERVICE_ROWS (sizeof(service_rows) / sizeof(service_rows[0]))

size_t
counts_number(void)
{
	return evquic_counter_count() + SERVICE_ROWS + BACK_COUNTER_ROWS;
}

/* Its layer; *i becomes its number there. */
static enum counts_layer
layer_of(size_t *i)
{
	assert(*i < counts_number());
	if (*i < evquic_counter_count())
		return COUNTS_QUIC;
	*i -= evquic_counter_count();
	if (*i < SERVICE_ROWS)
		return COUNTS_SERVICE;
	*i -= SERVICE_ROWS;
	return COUNTS_BACK;
}

void
counts_describe(size_t i, struct counts_row *ret_row)
{
	struct counts_row row = {.layer = layer_of(&i)};

	if (row.layer == COUNTS_QUIC) {
		row.name = evquic_counter_name(i);
		row.help = evquic_counter_help(i);
	} else {
		const struct counter_row *rows = row.layer == COUNTS_SERVICE
						     ? service_rows
						     : back_counter_rows;

		row.name = rows[i].name;
		row.help = rows[i].help;
	}
	if (strncmp(row.help, GAUGE, strlen(GAUGE)) == 0) {
		row.is_gauge = true;
		row.help += strlen(GAUGE);
	}
	*ret_row = row;
}

static uint64_t
read_one(enum counts_layer layer, size_t i, const struct worker *w)
{
	switch (layer) {
	case COUNTS_QUIC:
		return evquic_worker_counter(w->quic, i);
	case COUNTS_SERVICE:
		return counter_read(&service_rows[i], &w->counters);
	case COUNTS_BACK:
	case COUNTS_CACHE: /* of no worker */
		break;
	}
	return counter_read(&back_counter_rows[i], &w->back_counters);
}

uint64_t
counts_sum(size_t i, struct worker *const *workers, size_t nworkers)
{
	enum counts_layer layer = layer_of(&i);
	uint64_t sum = 0;

	for (size_t w = 0; w < nworkers; w++)
		sum += read_one(layer, i, workers[w]);
	return sum;
}

/* --------------------------------------------------------------- cache -- */

static const struct counter_row cache_rows[] = {
#define ROW(name, help) COUNTER_ROW(struct dns_cache_stats, name, help)
    DNS_CACHE_GAUGES(ROW) DNS_CACHE_COUNTERS(ROW)
#undef ROW
};

#define CACHE_ROWS (sizeof(cache_rows) / sizeof(cache_rows[0]))

#define ONE(name, help) +1
#define CACHE_GAUGES (0 DNS_CACHE_GAUGES(ONE)) /* the first ones */

size_t
counts_cache_number(void)
{
	return CACHE_ROWS;
}

void
counts_cache_describe(size_t i, struct counts_row *ret_row)
{
	assert(i < CACHE_ROWS);
	*ret_row = (struct counts_row){
	    .layer = COUNTS_CACHE,
	    .name = cache_rows[i].name,
	    .help = cache_rows[i].help,
	    .is_gauge = i < CACHE_GAUGES,
	};
}

uint64_t
counts_cache_read(size_t i, const struct dns_cache_stats *stats)
{
	assert(i < CACHE_ROWS);
	return counter_read(&cache_rows[i], stats);
}
