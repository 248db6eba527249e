/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options: its sections in the order in which they are printed,
 * and what belongs to no other file's.
 */
#include "resolver/config_table.h"

#define WORKERS_MAX 256

static const struct config_key general_keys[] = {
    {.path = "workers",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(workers),
	.max = WORKERS_MAX,
	.initial = "0",
	.is_restart = true,
	.help = "Threads that serve. 0 means one for each processor."},
    {.path = "state",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(state),
	.example = "/var/lib/quoll",
	.is_restart = true,
	.help = "Directory for the secret and the self-made certificate.\n"
		"Without it: $STATE_DIRECTORY, $XDG_STATE_HOME/quoll, or\n"
		"~/.local/state/quoll."},
    {.path = "listen",
	.type = CONFIG_TYPE_LISTENS,
	IN_CONFIG(listen),
	.max = CONFIG_URLS_MAX,
	.initial = "quic://localhost",
	.is_restart = true,
	.help = "Where to serve: SCHEME://HOST[:PORT]. quic is DNS over\n"
		"QUIC, port 853. The host is an IPv4 address, an IPv6\n"
		"address in brackets, localhost (127.0.0.1 and ::1), or *\n"
		"(every address). With port 0 the system chooses one.\n"
		"Port 53 is refused for quic (RFC 9250 4.1.1)."},
    CONFIG_TABLE_END,
};

static const struct config_table general_table = CONFIG_TABLE(general_keys);

static const struct config_key log_keys[] = {
    {.path = "log", .type = CONFIG_TYPE_SECTION, .help = "The log."},
    {.path = "log.level",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(log.level),
	.initial = "info",
	.choices = {"error", "warning", "info", "debug"},
	.help = "How much is written to standard error."},
    {.path = "log.format",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(log.format),
	.initial = "text",
	.choices = {"text", "json"},
	.help = "Lines for people, or JSON objects, one a line."},
    CONFIG_TABLE_END,
};

static const struct config_table log_table = CONFIG_TABLE(log_keys);

static const struct config_key metrics_keys[] = {
    {.path = "metrics",
	.type = CONFIG_TYPE_SECTION,
	.help = "Counters for Prometheus, by HTTP; see quolld-metrics(7)."},
    {.path = "metrics.listen",
	.type = CONFIG_TYPE_ADDRESS,
	IN_CONFIG(metrics.listen),
	.example = "127.0.0.1:9853",
	.help = "Where: ADDRESS:PORT, an IPv6 address in brackets, or a\n"
		"port alone, which is one of 127.0.0.1. Nowhere, unless it\n"
		"is given. Who can reach it can read it; keep it from\n"
		"others. With port 0 the system chooses one."},
    CONFIG_TABLE_END,
};

static const struct config_table metrics_table = CONFIG_TABLE(metrics_keys);

const struct config_table *const config_tables[] = {
    &general_table,
    &config_table_tls,
    &config_table_quic,
    &config_table_upstream,
    &config_table_cache,
    &config_table_ecs,
    &config_table_access,
    &config_table_limits,
    &config_table_transfer,
    &log_table,
    &metrics_table,
    &config_table_dns64,
    &config_table_local,
    &config_table_special,
    &config_table_ddr,
    NULL,
};
