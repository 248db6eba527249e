/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration from text: values, errors with their lines, defaults, the
 * command line's part, what a reload cannot change.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/config.h"
#include "resolver/config_parse.h"
#include "tests/unit/unit.h"

#define ALL_SCHEMES (CONFIG_SCHEME_BIT(CONFIG_SCHEMES) - 1)
#define PIN "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct config_build build = {
    .listen_schemes = ALL_SCHEMES,
    .upstream_schemes = ALL_SCHEMES,
};

static struct config *
load(const char *text)
{
	static struct config_errors errors;
	struct config *config = NULL;

	memset(&errors, 0, sizeof(errors));
	CU_ASSERT_EQUAL(config_load_text("f", text, strlen(text), &build, NULL,
			    &errors, &config),
	    0);
	CU_ASSERT_EQUAL(errors.count, 0);
	if (config == NULL)
		printf("%s\n%s\n", text, errors.text[0]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

/* Loads what must not load; returns the errors, valid until the next call. */
static const struct config_errors *
refuse_bytes(const char *text, size_t len)
{
	static struct config_errors errors;
	struct config *config = NULL;
	char *copy = malloc(len > 0 ? len : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, text, len);
	memset(&errors, 0, sizeof(errors));
	CU_ASSERT(config_load_text(
		      "f", copy, len, &build, NULL, &errors, &config) < 0);
	CU_ASSERT_PTR_NULL(config);
	CU_ASSERT(errors.count > 0);
	free(copy);
	return &errors;
}

static bool
is_refused(const char *text, const char *error)
{
	const struct config_errors *errors = refuse_bytes(text, strlen(text));

	if (errors->count == 1 && strcmp(errors->text[0], error) == 0)
		return true;
	printf("%s\n  expected: %s\n  seen (%zu): %s\n", text, error,
	    errors->count, errors->text[0]);
	return false;
}

static enum access_verdict
check_access(const struct config *config, const char *address)
{
	struct config_addr addr;

	CU_ASSERT_EQUAL_FATAL(config_addr_parse(address, 0, &addr), 0);
	return access_check(
	    config->access.list, (const struct sockaddr *)&addr.ss);
}

static void
check_url(const struct config_listen *listen, const char *url)
{
	char text[CONFIG_URL_LEN];

	config_url_format(
	    listen->scheme, (const struct sockaddr *)&listen->addr.ss, text);
	CU_ASSERT_STRING_EQUAL(text, url);
}

static void
check_defaults(const struct config *config)
{
	CU_ASSERT_EQUAL(config->workers, 0);
	CU_ASSERT_PTR_NULL(config->state);
	CU_ASSERT_EQUAL_FATAL(config->listen.count, 2);
	check_url(&config->listen.item[0], "quic://127.0.0.1:853");
	check_url(&config->listen.item[1], "quic://[::1]:853");
	CU_ASSERT(config->listen.item[0].is_either);
	CU_ASSERT_PTR_NULL(config->tls.cert);
	CU_ASSERT_EQUAL(config->quic.idle_timeout_ms, 30000);
	CU_ASSERT_EQUAL(config->quic.handshake_timeout_ms, 10000);
	CU_ASSERT_EQUAL(config->quic.query_arrival_timeout_ms, 5000);
	CU_ASSERT_EQUAL(config->quic.delivery_timeout_ms, 60000);
	CU_ASSERT_EQUAL(config->quic.max_streams, 100);
	CU_ASSERT_EQUAL(config->quic.stream_window_bytes, 66 * 1024);
	CU_ASSERT_EQUAL(config->quic.connection_window_bytes, 128 * 1024);
	CU_ASSERT_EQUAL(config->quic.connection_window_max_bytes, 1 << 20);
	CU_ASSERT_EQUAL(config->quic.unsent_max_bytes, 1 << 20);
	CU_ASSERT_EQUAL(config->upstream.mode, CONFIG_MODE_RECURSIVE);
	CU_ASSERT_EQUAL(config->upstream.policy, CONFIG_POLICY_FAILOVER);
	CU_ASSERT_EQUAL(config->upstream.servers.count, 0);
	CU_ASSERT_EQUAL(config->upstream.timeout_ms, 2000);
	CU_ASSERT(!config->upstream.randomise_case);
	CU_ASSERT(!config->upstream.prefer_tcp);
	CU_ASSERT(config->tls.tickets);
	CU_ASSERT(!config->quic.early_data);
	CU_ASSERT_EQUAL(config->upstream.avoid_ports.count, 0);
	CU_ASSERT_EQUAL(config->limits.client_connections, 1024);
	CU_ASSERT_EQUAL(config->limits.query_timeout_ms, 4000);
	CU_ASSERT_EQUAL(config->limits.waiters, 1000);
	CU_ASSERT_EQUAL(config->limits.memory_bytes, 0);
	CU_ASSERT_EQUAL(config->cache.bytes, 64 << 20);
	CU_ASSERT_EQUAL(config->cache.min_ttl_ms, 1000);
	CU_ASSERT_EQUAL(config->cache.max_ttl_ms, 86400000);
	CU_ASSERT_EQUAL(config->cache.max_negative_ttl_ms, 3600000);
	CU_ASSERT_EQUAL(config->cache.failure_ttl_ms, 5000);
	CU_ASSERT_EQUAL(config->cache.stale_ms, 0);
	CU_ASSERT_EQUAL(config->cache.stale_client_timeout_ms, 1800);
	CU_ASSERT(!config->cache.prefetch);
	CU_ASSERT(config->cache.rotate);
	CU_ASSERT(!config->cache.nxdomain_cut);
	CU_ASSERT(!config->cache.save);
	CU_ASSERT_EQUAL(config->log.level, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(config->log.format, LOG_FORMAT_TEXT);
	CU_ASSERT_EQUAL(config->metrics.listen.len, 0);
	CU_ASSERT_EQUAL(config->special.forward, 0);
	CU_ASSERT_EQUAL(config->dns64.prefix.bits, 0);
	CU_ASSERT_EQUAL(config->dns64.rules.exclude_count, 1);
	CU_ASSERT_PTR_NULL(config->dns64.for_whom);
}

static void
test_defaults(void)
{
	static const char *const empties[] = {"", "\n", "# nothing\n", "---\n",
	    "{}\n", "tls:\nquic:\nlog: ~\n", "\xef\xbb\xbf# mark\n"};
	struct config *config = NULL;
	struct config_errors errors = {.count = 0};
	size_t i;

	for (i = 0; i < sizeof(empties) / sizeof(empties[0]); i++) {
		config = load(empties[i]);
		check_defaults(config);
		config_unref(config);
	}
	CU_ASSERT_EQUAL_FATAL(
	    config_load(NULL, &build, NULL, &errors, &config), 0);
	check_defaults(config);
	config_unref(config);
}

static void
test_cache(void)
{
	struct config *config = load("cache:\n"
				     "  size: 1M\n"
				     "  min-ttl: 1h\n"
				     "  max-ttl: 7d\n"
				     "  max-negative-ttl: 1d\n"
				     "  failure-ttl: 5m\n"
				     "  stale: 3d\n"
				     "  stale-client-timeout: 100ms\n"
				     "  prefetch: true\n"
				     "  rotate: false\n"
				     "  nxdomain-cut: true\n"
				     "  save: true\n"
				     "limits: {waiters: 2}\n");

	CU_ASSERT_EQUAL(config->cache.bytes, 1 << 20);
	CU_ASSERT_EQUAL(config->cache.min_ttl_ms, 3600000);
	CU_ASSERT_EQUAL(config->cache.max_ttl_ms, 604800000);
	CU_ASSERT_EQUAL(config->cache.max_negative_ttl_ms, 86400000);
	CU_ASSERT_EQUAL(config->cache.failure_ttl_ms, 300000);
	CU_ASSERT_EQUAL(config->cache.stale_ms, 259200000);
	CU_ASSERT_EQUAL(config->cache.stale_client_timeout_ms, 100);
	CU_ASSERT(config->cache.prefetch);
	CU_ASSERT(!config->cache.rotate);
	CU_ASSERT(config->cache.nxdomain_cut);
	CU_ASSERT(config->cache.save);
	CU_ASSERT_EQUAL(config->limits.waiters, 2);
	config_unref(config);
	config = load("cache: {size: 0}\nlimits: {query-timeout: 1s}\n");
	CU_ASSERT_EQUAL(config->cache.bytes, 0);
	config_unref(config);
}

/* RFC 8767 4, 2308 5 and 9520 3.2 say how long at most. */
static void
test_cache_ranges(void)
{
	CU_ASSERT(is_refused("cache: {max-ttl: 604801s}\n",
	    "f:1: cache.max-ttl: \"604801s\" is out of range; from 1s to 7d"));
	CU_ASSERT(is_refused("cache: {max-negative-ttl: 25h}\n",
	    "f:1: cache.max-negative-ttl: \"25h\" is out of range; from 1s "
	    "to 1d"));
	CU_ASSERT(is_refused("cache: {failure-ttl: 6m}\n",
	    "f:1: cache.failure-ttl: \"6m\" is out of range; from 1s to 5m"));
	CU_ASSERT(is_refused("cache: {failure-ttl: 999ms}\n",
	    "f:1: cache.failure-ttl: \"999ms\" is out of range; from 1s to "
	    "5m"));
	CU_ASSERT(is_refused("cache: {stale: 4d}\n",
	    "f:1: cache.stale: \"4d\" is out of range; from 0ms to 3d"));
}

static void
test_default_access(void)
{
	static const char *const refused[] = {"192.0.2.1", "8.8.8.8",
	    "100.128.0.1", "172.32.0.1", "11.0.0.0", "2001:db8::1",
	    "2606:4700::1111", "::", "::2", "::ffff:8.8.8.8", "0.0.0.0",
	    "255.255.255.255", "ff02::1"};
	static const char *const allowed[] = {"10.1.2.3", "192.168.1.1",
	    "172.31.255.255", "169.254.9.9", "100.64.0.1", "fd00::1", "fe80::1",
	    "::ffff:10.0.0.1"};
	struct config *config = load("");
	size_t wrong = 0;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		wrong += check_access(config, refused[i]) != ACCESS_DENY;
	PROVE("FWD-025", wrong == 0);
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		CU_ASSERT_EQUAL(check_access(config, allowed[i]), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check_access(config, "127.8.9.1"), ACCESS_TRUSTED);
	CU_ASSERT_EQUAL(check_access(config, "::1"), ACCESS_TRUSTED);
	config_unref(config);
}

static void
test_values(void)
{
	struct config *config = load("workers: 3\n"
				     "state: \"/var/lib/q\\u00e9\"\n"
				     "tls: {cert: a.pem, key: b.pem}\n"
				     "quic:\n"
				     "  early-data: on\n"
				     "  idle-timeout: 2m\n"
				     "  handshake-timeout: 1500ms\n"
				     "  max-streams: 10000\n"
				     "  stream-window: 65537\n"
				     "  connection-window: 1M\n"
				     "  connection-window-max: 1G\n"
				     "limits: {query-timeout: 100ms}\n"
				     "local: {ttl: 1d}\n"
				     "log: {level: debug, format: json}\n"
				     "special:\n"
				     "  forward: [test, 10.in-addr.arpa]\n");

	CU_ASSERT_EQUAL(config->workers, 3);
	CU_ASSERT_STRING_EQUAL(config->state, "/var/lib/q\xc3\xa9");
	CU_ASSERT_STRING_EQUAL(config->tls.cert, "a.pem");
	CU_ASSERT_STRING_EQUAL(config->tls.key, "b.pem");
	CU_ASSERT_EQUAL(config->quic.idle_timeout_ms, 120000);
	CU_ASSERT_EQUAL(config->quic.handshake_timeout_ms, 1500);
	CU_ASSERT(config->quic.early_data);
	CU_ASSERT_EQUAL(config->quic.max_streams, 10000);
	CU_ASSERT_EQUAL(config->quic.stream_window_bytes, 65537);
	CU_ASSERT_EQUAL(config->quic.connection_window_bytes, 1 << 20);
	CU_ASSERT_EQUAL(config->quic.connection_window_max_bytes, 1 << 30);
	CU_ASSERT_EQUAL(config->limits.query_timeout_ms, 100);
	CU_ASSERT_EQUAL(config->local.ttl_ms, 86400000);
	CU_ASSERT_EQUAL(config->log.level, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(config->log.format, LOG_FORMAT_JSON);
	CU_ASSERT_EQUAL(__builtin_popcountll(config->special.forward), 2);
	config_unref(config);
}

static void
test_dns64(void)
{
	static const struct dns64_net mapped = {
	    .addr = {[10] = 0xff, [11] = 0xff}, .bits = 96};
	static const struct dns64_net other = {
	    .addr = {0x20, 0x01, 0x0d, 0xb8}, .bits = 33};
	struct config *config =
	    load("dns64:\n"
		 "  prefix: 2001:db8:1:300::/56\n"
		 "  exclude: [\"::ffff:0:0/96\", 2001:db8::/33]\n"
		 "  clients: [fd00::/8]\n");
	const struct dns64 *rules = &config->dns64.rules;

	CU_ASSERT_EQUAL(rules->prefix.bits, 56);
	CU_ASSERT_EQUAL(rules->prefix.addr[6], 3);
	CU_ASSERT_EQUAL_FATAL(rules->exclude_count, 2);
	CU_ASSERT(memcmp(&rules->exclude[0], &mapped, sizeof(mapped)) == 0);
	CU_ASSERT(memcmp(&rules->exclude[1], &other, sizeof(other)) == 0);
	CU_ASSERT_PTR_NOT_NULL(config->dns64.for_whom);
	config_unref(config);
}

static void
test_listen(void)
{
	struct config *config = load("listen:\n"
				     "  - quic://127.0.0.1:0\n"
				     "  - quic://127.0.0.1:0\n"
				     "  - quic://[2001:db8::1]:8853/\n"
				     "  - quic://*:853\n"
				     "  - udp://localhost\n"
				     "  - h3://0.0.0.0\n"
				     "  - quic://[fe80::1%1]:65535\n"
				     "  - quic://[::ffff:192.0.2.1]:443\n");

	CU_ASSERT_EQUAL_FATAL(config->listen.count, 10);
	check_url(&config->listen.item[0], "quic://127.0.0.1:0");
	check_url(&config->listen.item[2], "quic://[2001:db8::1]:8853");
	CU_ASSERT(!config->listen.item[2].is_either);
	check_url(&config->listen.item[3], "quic://0.0.0.0:853");
	check_url(&config->listen.item[4], "quic://[::]:853");
	CU_ASSERT(config->listen.item[4].is_either);
	check_url(&config->listen.item[5], "udp://127.0.0.1:53");
	check_url(&config->listen.item[6], "udp://[::1]:53");
	check_url(&config->listen.item[7], "h3://0.0.0.0:443");
	CU_ASSERT_EQUAL(
	    config->listen.item[8].addr.len, sizeof(struct sockaddr_in6));
	check_url(&config->listen.item[9], "quic://[::ffff:192.0.2.1]:443");
	config_unref(config);
	/* One value is a list of one. */
	config = load("listen: quic://127.0.0.1:8853\n");
	CU_ASSERT_EQUAL(config->listen.count, 1);
	config_unref(config);
}

static void
test_servers(void)
{
	struct config *config =
	    load("upstream:\n"
		 "  policy: round-robin\n"
		 "  randomise-case: yes\n"
		 "  prefer-tcp: on\n"
		 "  avoid-ports: [1024-40000, 53]\n"
		 "  servers:\n"
		 "    - udp://192.0.2.53\n"
		 "    - tcp://localhost:5353\n"
		 "    - addresses: [192.0.2.1, 2001:db8::1]\n"
		 "      url: quic://dns.example\n"
		 "      pins: [" PIN "]\n"
		 "      ca: ca.pem\n"
		 "    - {url: \"tls://192.0.2.2\", name: other.example}\n"
		 "    - {url: \"tls://a.example\", name: b.example, addresses: "
		 "192.0.2.3}\n");
	const struct config_server *server = config->upstream.servers.item;

	CU_ASSERT_EQUAL_FATAL(config->upstream.servers.count, 5);
	CU_ASSERT_EQUAL(config->upstream.mode, CONFIG_MODE_FORWARD);
	CU_ASSERT_EQUAL(config->upstream.policy, CONFIG_POLICY_ROUND_ROBIN);
	CU_ASSERT(config->upstream.randomise_case);
	CU_ASSERT(config->upstream.prefer_tcp);
	CU_ASSERT_EQUAL(config->upstream.avoid_ports.count, 2);
	CU_ASSERT_EQUAL(config->upstream.avoid_ports.item[0].first, 1024);
	CU_ASSERT_EQUAL(config->upstream.avoid_ports.item[0].last, 40000);
	CU_ASSERT_EQUAL(config->upstream.avoid_ports.item[1].last, 53);
	CU_ASSERT_STRING_EQUAL(server[0].url, "udp://192.0.2.53");
	CU_ASSERT_EQUAL(server[0].scheme, CONFIG_UDP);
	CU_ASSERT_EQUAL(server[0].port, 53);
	CU_ASSERT_EQUAL(server[0].addresses.count, 1);
	CU_ASSERT_PTR_NULL(server[0].name);
	CU_ASSERT_EQUAL(server[1].addresses.count, 2);
	CU_ASSERT_EQUAL(server[1].port, 5353);
	CU_ASSERT_EQUAL(server[2].scheme, CONFIG_QUIC);
	CU_ASSERT_EQUAL_FATAL(server[2].addresses.count, 2);
	check_url(&(struct config_listen){.scheme = CONFIG_QUIC,
		      .addr = server[2].addresses.item[1]},
	    "quic://[2001:db8::1]:853");
	CU_ASSERT_STRING_EQUAL(server[2].name, "dns.example");
	CU_ASSERT_STRING_EQUAL(server[2].pins.item[0], PIN);
	CU_ASSERT_STRING_EQUAL(server[2].ca, "ca.pem");
	CU_ASSERT_STRING_EQUAL(server[3].name, "other.example");
	CU_ASSERT_EQUAL(server[3].port, 853);
	CU_ASSERT_STRING_EQUAL(server[4].name, "b.example");
	config_unref(config);
}

/* RFC 9250 4.1.1: not on port 53, even if both ends agree. */
static void
test_port_53(void)
{
	PROVE("DOQ-005",
	    is_refused("listen: [quic://127.0.0.1:53]\n",
		"f:1: listen: \"quic://127.0.0.1:53\": port 53 must not be "
		"used for DNS over QUIC (RFC 9250 4.1.1)") &&
		is_refused("upstream:\n  servers: [quic://192.0.2.1:53]\n",
		    "f:2: upstream.servers: \"quic://192.0.2.1:53\": port 53 "
		    "must not be used for DNS over QUIC (RFC 9250 4.1.1)") &&
		is_refused("upstream:\n  servers:\n  - addresses: 192.0.2.1\n"
			   "    url: quic://dns.example:053\n",
		    "f:4: upstream.servers[].url: \"quic://dns.example:053\": "
		    "port 53 must not be used for DNS over QUIC (RFC 9250 "
		    "4.1.1)"));
}

static void
test_errors(void)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
	    {"workers: x\n", "f:1: workers: \"x\" is no whole number"},
	    {"workers: -1\n", "f:1: workers: \"-1\" is no whole number"},
	    {"workers: 0x10\n", "f:1: workers: \"0x10\" is no whole number"},
	    {"workers: 257\n",
		"f:1: workers: \"257\" is out of range; from 0 to 256"},
	    {"workers: 99999999999999999999999\n",
		"f:1: workers: \"99999999999999999999999\" is out of range; "
		"from 0 to 256"},
	    {"workers: 4294967296\n",
		"f:1: workers: \"4294967296\" is out of range; from 0 to 256"},
	    {"\nworkers: [1]\n", "f:2: workers: a single value is needed here"},
	    {"workers: {a: 1}\n",
		"f:1: workers: a single value is needed here"},
	    {"workers:\n", "f:1: workers: has no value"},
	    {"state: ''\n", "f:1: state: \"\" is empty"},
	    {"state: \"a\\0b\"\n", "f:1: state: a NUL character in the value"},
	    {"workers: 1\n\nworkers: 1\n",
		"f:3: workers: was given before, in line 1"},
	    {"log: {level: info}\nlog: {format: json}\n",
		"f:2: log: was given before, in line 1"},
	    {"log:\n  level: info\n  level: info\n",
		"f:3: log.level: was given before, in line 2"},
	    {"log: info\n", "f:1: log: a mapping of keys is needed here"},
	    {"log: [level]\n", "f:1: log: a mapping of keys is needed here"},
	    {"[a]: 1\n", "f:1: a key must be a single word"},
	    {"workers\n", "f:1: a mapping of keys is needed here, such as "
			  "\"workers: 2\""},
	    {"- workers\n", "f:1: a mapping of keys is needed here, such as "
			    "\"workers: 2\""},
	    {"cash: {}\n",
		"f:1: unknown key \"cash\"; there are: workers, state, "
		"listen, tls, quic, upstream, cache, ecs, access, "
		"limits, transfer, log, metrics, dns64, local, special, ddr"},
	    {"log:\n  colour: no\n",
		"f:2: unknown key \"colour\" in log; there are: level, format"},
	    {"log.level: info\n",
		"f:1: unknown key \"log.level\"; there are: workers, state, "
		"listen, tls, quic, upstream, cache, ecs, access, "
		"limits, transfer, log, metrics, dns64, local, special, ddr"},
	    {"log: {level: loud}\n", "f:1: log.level: \"loud\" is none of "
				     "error, warning, info, debug"},
	    {"upstream: {prefer-tcp: 1}\n",
		"f:1: upstream.prefer-tcp: \"1\" is neither true nor false"},
	    {"dns64: {prefix: 2001:db8::/95}\n",
		"f:1: dns64.prefix: \"2001:db8::/95\" is no prefix for NAT64, "
		"such as 64:ff9b::/96; it has 32, 40, 48, 56, 64 or 96 bits, "
		"and 0 in bits 64 to 71"},
	    {"dns64: {prefix: 10.0.0.0/8}\n",
		"f:1: dns64.prefix: \"10.0.0.0/8\" is no prefix for NAT64, "
		"such as 64:ff9b::/96; it has 32, 40, 48, 56, 64 or 96 bits, "
		"and 0 in bits 64 to 71"},
	    {"special: {forward: [example]}\n",
		"f:1: special.forward: \"example\" is no special zone"},
	    {"special: {forward: onion}\n",
		"f:1: special.forward: \"onion\" is never asked upstream"},
	    {"tls: {cert: a}\n",
		"f:1: tls.cert: needs tls.key, the private key"},
	    {"tls:\n  key: a\n",
		"f:2: tls.key: needs tls.cert, the certificate"},
	    {"tls: {tickets: off}\nquic: {early-data: on}\n",
		"f:2: quic.early-data: needs tls.tickets"},
	    {"cache: {size: 1023K}\n",
		"f:1: cache.size: must be 0, or at least 1M"},
	    {"cache: {min-ttl: 500ms}\n",
		"f:1: cache.min-ttl: must be whole seconds"},
	    {"cache: {max-ttl: 1001ms}\n",
		"f:1: cache.max-ttl: must be whole seconds"},
	    {"cache: {max-negative-ttl: 1999ms}\n",
		"f:1: cache.max-negative-ttl: must be whole seconds"},
	    {"cache: {failure-ttl: 1500ms}\n",
		"f:1: cache.failure-ttl: must be whole seconds"},
	    {"cache: {max-ttl: 1m,\n  stale: 999ms}\n",
		"f:2: cache.stale: must be whole seconds"},
	    {"cache:\n  min-ttl: 10m\n  max-ttl: 9m\n",
		"f:2: cache.min-ttl: is more than max-ttl"},
	    {"cache:\n  max-negative-ttl: 1m\n  min-ttl: 61s\n",
		"f:3: cache.min-ttl: is more than max-negative-ttl"},
	    {"limits: {query-timeout: 1800ms}\ncache: {stale: 1d}\n",
		"f:2: cache.stale: stale-client-timeout must be less than "
		"limits.query-timeout"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(is_refused(rows[i].text, rows[i].error));
}

static void
test_amount_errors(void)
{
	static const char *const durations[] = {"30", "30x", "1.5s", "s",
	    "30 s", "-1s", "+1s", "30S", "30sec", "1h30m"};
	static const char *const sizes[] = {
	    "64k", "64KB", "M", "1.5M", "-1", "64 K"};
	char text[128];
	char error[256];
	size_t i;

	for (i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "quic:\n  idle-timeout: %s\n", durations[i]);
		(void)snprintf(error, sizeof(error),
		    "f:2: quic.idle-timeout: \"%s\" is no duration; write a "
		    "whole number with ms, s, m, h or d, such as 30s",
		    durations[i]);
		CU_ASSERT(is_refused(text, error));
	}
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "quic: {unsent-max: %s}\n", sizes[i]);
		(void)snprintf(error, sizeof(error),
		    "f:1: quic.unsent-max: \"%s\" is no size; write a whole "
		    "number, or one with K, M or G, such as 64M",
		    sizes[i]);
		CU_ASSERT(is_refused(text, error));
	}
	CU_ASSERT(is_refused("quic: {idle-timeout: 61m}\n",
	    "f:1: quic.idle-timeout: \"61m\" is out of range; from 1s to 1h"));
	CU_ASSERT(is_refused("quic: {idle-timeout: 18446744073709551615h}\n",
	    "f:1: quic.idle-timeout: \"18446744073709551615h\" is out of "
	    "range; from 1s to 1h"));
	CU_ASSERT(is_refused("quic: {idle-timeout: 5124095576030432h}\n",
	    "f:1: quic.idle-timeout: \"5124095576030432h\" is out of range; "
	    "from 1s to 1h"));
	CU_ASSERT(is_refused("quic: {stream-window: 65536}\n",
	    "f:1: quic.stream-window: \"65536\" is out of range; from 65537 "
	    "to 16M"));
}

static void
test_url_errors(void)
{
	static const struct {
		const char *url;
		const char *what;
	} rows[] = {
	    {"127.0.0.1", "no URL; write SCHEME://HOST[:PORT]"},
	    {"doq://127.0.0.1",
		"unknown scheme; there are quic, udp, tcp, tls and h3"},
	    {"QUIC://127.0.0.1",
		"unknown scheme; there are quic, udp, tcp, tls and h3"},
	    {"://127.0.0.1",
		"unknown scheme; there are quic, udp, tcp, tls and h3"},
	    {"quic://", "no host"},
	    {"quic://:853", "no host"},
	    {"quic://[]", "no host"},
	    {"quic://[::1", "a bracket is not closed"},
	    {"quic://::1", "an IPv6 address needs brackets: [::1]"},
	    {"quic://[127.0.0.1]", "no IPv6 address between the brackets"},
	    {"quic://[localhost]", "no IPv6 address between the brackets"},
	    {"quic://[::1%nonsense]", "no IPv6 address between the brackets"},
	    {"quic://127.0.0.1:", "the port is no number up to 65535"},
	    {"quic://127.0.0.1:65536", "the port is no number up to 65535"},
	    {"quic://127.0.0.1:0000853", "the port is no number up to 65535"},
	    {"quic://127.0.0.1:8x", "the port is no number up to 65535"},
	    {"quic://127.0.0.1:-1", "the port is no number up to 65535"},
	    {"quic://[::1]8853", "something follows the host and the port"},
	    {"quic://127.0.0.1/x", "something follows the host and the port"},
	    {"quic://127.0.0.1?x",
		"\"127.0.0.1?x\" is no address, localhost or *"},
	    {"quic://u@127.0.0.1",
		"\"u@127.0.0.1\" is no address, localhost or *"},
	    {"quic://127.1", "\"127.1\" is no address, localhost or *"},
	    {"quic://dns.example",
		"\"dns.example\" is no address, localhost or *"},
	};
	char text[128];
	char error[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "listen:\n- '%s'\n", rows[i].url);
		(void)snprintf(error, sizeof(error), "f:2: listen: \"%s\": %s",
		    rows[i].url, rows[i].what);
		CU_ASSERT(is_refused(text, error));
	}
	CU_ASSERT(is_refused("listen: []\n", "f:1: listen: nothing to listen "
					     "on"));
	CU_ASSERT(is_refused("listen: ['quic://*:853', quic://0.0.0.0]\n",
	    "f:1: listen: quic://0.0.0.0:853 is given twice"));
}

static void
test_server_errors(void)
{
	static const struct {
		const char *item;
		const char *error;
	} rows[] = {
	    {"udp://dns.example",
		"f:2: upstream.servers: \"udp://dns.example\" needs "
		"\"addresses\": names are not looked up"},
	    {"udp://192.0.2.1:0",
		"f:2: upstream.servers: \"udp://192.0.2.1:0\": port 0 cannot "
		"be asked"},
	    {"'udp://*'", "f:2: upstream.servers: \"udp://*\": \"*\" is no "
			  "address and no host name"},
	    {"udp://192.0.2.300",
		"f:2: upstream.servers: \"udp://192.0.2.300\": "
		"\"192.0.2.300\" is no address and no host name"},
	    {"udp://a..b", "f:2: upstream.servers: \"udp://a..b\": \"a..b\" is "
			   "no address and no host name"},
	    {"{name: a.example}",
		"f:2: upstream.servers: a server without url"},
	    {"{url: udp://192.0.2.1, name: a.example}",
		"f:2: upstream.servers: \"udp://192.0.2.1\" is not encrypted: "
		"it has no name, pins or ca to check"},
	    {"{url: tls://192.0.2.1, addresses: [192.0.2.2]}",
		"f:2: upstream.servers: \"tls://192.0.2.1\" has an address "
		"already, \"addresses\" gives others"},
	    {"{url: tls://192.0.2.1, name: 'a b'}",
		"f:2: upstream.servers: \"a b\" is no name of a host"},
	    {"{url: tls://a.example, addresses: [b.example]}",
		"f:2: upstream.servers[].addresses: \"b.example\" is no IPv4 "
		"or IPv6 address"},
	    {"{url: tls://192.0.2.1, pins: ['AAAA']}",
		"f:2: upstream.servers[].pins: \"AAAA\" is no pin; write the "
		"SHA-256 of the SPKI in base64, 44 characters"},
	    {"{url: tls://192.0.2.1, url: tls://192.0.2.1}",
		"f:2: upstream.servers[].url: was given before, in line 2"},
	    {"{url: tls://192.0.2.1, port: 1}",
		"f:2: unknown key \"port\" in upstream.servers; there are: "
		"url, addresses, name, pins, ca, proxy-protocol"},
	    {"{url: tls://192.0.2.1, proxy-protocol: yes}",
		"f:2: upstream.servers: \"tls://192.0.2.1\" is encrypted: "
		"proxy-protocol is for udp and tcp"},
	    {"[udp://192.0.2.1]",
		"f:2: upstream.servers: a single value is needed here"},
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "upstream:\n  servers: [%s, udp://192.0.2.9]\n",
		    rows[i].item);
		CU_ASSERT(is_refused(text, rows[i].error));
	}
}

static void
test_mode_errors(void)
{
	CU_ASSERT(is_refused("upstream: {mode: forward}\n",
	    "f:1: upstream.mode: forward needs upstream.servers"));
	CU_ASSERT(
	    is_refused("upstream:\n  mode: none\n  servers: udp://192.0.2.1\n",
		"f:2: upstream.mode: with upstream.servers it must be "
		"forward"));
	CU_ASSERT(is_refused("upstream:\n  mode: recursive\n"
			     "  servers: udp://192.0.2.1\n",
	    "f:2: upstream.mode: with upstream.servers it must be forward"));
	CU_ASSERT(is_refused("quic: {connection-window-max: 65537}\n",
	    "f:1: quic.connection-window-max: is less than "
	    "connection-window"));
	CU_ASSERT(is_refused("quic: {stream-window: 256K, connection-window: "
			     "128K}\n",
	    "f:1: quic.connection-window: is less than stream-window"));
	CU_ASSERT(is_refused("upstream:\n  avoid-ports: [1024-65000]\n",
	    "f:2: upstream.avoid-ports: leaves 535 ports, at least 1024 are "
	    "needed"));
}

static void
test_list_errors(void)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
	    {"access: {allow: [192.0.2.1/24]}\n",
		"f:1: access.allow: \"192.0.2.1/24\" has bits set beyond its "
		"prefix"},
	    {"access: {deny: [192.0.2.0/33]}\n",
		"f:1: access.deny: \"192.0.2.0/33\" has too long a prefix"},
	    {"access:\n  trusted:\n  - example\n",
		"f:3: access.trusted: \"example\" is no address or prefix, "
		"such as 192.0.2.0/24"},
	    {"upstream: {avoid-ports: [5-4]}\n",
		"f:1: upstream.avoid-ports: \"5-4\" is no port or range of "
		"ports, such as 8000-8999"},
	    {"upstream: {avoid-ports: [0]}\n",
		"f:1: upstream.avoid-ports: \"0\" is no port or range of "
		"ports, such as 8000-8999"},
	    {"upstream: {avoid-ports: [1-65536]}\n",
		"f:1: upstream.avoid-ports: \"1-65536\" is no port or range "
		"of ports, such as 8000-8999"},
	    {"upstream: {avoid-ports: [1-]}\n",
		"f:1: upstream.avoid-ports: \"1-\" is no port or range of "
		"ports, such as 8000-8999"},
	    {"access: {allow: }\n", "f:1: access.allow: has no value"},
	    {"access: {allow: {a: b}}\n",
		"f:1: access.allow: a single value is needed here"},
	};
	struct config *config;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(is_refused(rows[i].text, rows[i].error));
	/* A list replaces the default; an empty one is a list. */
	config = load("access: {allow: [192.0.2.0/24], trusted: []}\n");
	CU_ASSERT_EQUAL(check_access(config, "192.0.2.77"), ACCESS_ALLOW);
	CU_ASSERT_EQUAL(check_access(config, "10.0.0.1"), ACCESS_DENY);
	CU_ASSERT_EQUAL(check_access(config, "127.0.0.1"), ACCESS_DENY);
	config_unref(config);
}

static void
test_hostile_yaml(void)
{
	const struct config_errors *errors;

	CU_ASSERT(is_refused(
	    "a: &x [1]\nb: *x\n", "f:1: no anchor is allowed here (\"x\")"));
	CU_ASSERT(is_refused(
	    "workers: *x\n", "f:1: no alias is allowed here (\"x\")"));
	CU_ASSERT(is_refused("workers: !!int 1\n",
	    "f:1: no tag is allowed here (\"tag:yaml.org,2002:int\")"));
	CU_ASSERT(is_refused("workers: 1\n---\nworkers: 2\n",
	    "f:2: a second document begins here; a file is one"));
	CU_ASSERT(is_refused("a: [[[[[[[[[[[[[[[[\n",
	    "f:1: lists and mappings are nested too deeply"));
	CU_ASSERT(is_refused("workers: 1\nstate: '\xff'\n",
	    "f:2: this is no YAML in UTF-8: invalid leading UTF-8 octet"));
	CU_ASSERT(is_refused("workers: 1\n\nstate: \x01\n",
	    "f:3: this is no YAML in UTF-8: control characters are not "
	    "allowed"));
	errors = refuse_bytes(
	    "workers: [1\nstate: x\n", strlen("workers: [1\nstate: x\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(errors->text[0], "f:2: this is no YAML"));
	errors = refuse_bytes("workers:\n\t1\n", strlen("workers:\n\t1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(errors->text[0], "f:2: this is no YAML"));
	/* The words of UTF-16 are not taken for it. */
	errors = refuse_bytes("\xff\xfew\0:\0", 6);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors->text[0], "UTF-8"));
	/* What an error quotes cannot reach a terminal. */
	errors = refuse_bytes(
	    "\"\\e[2J\\n\\u00e9\": 1\n", strlen("\"\\e[2J\\n\\u00e9\": 1\n"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(errors->text[0], "unknown key \"?[2J???\""));
}

static void
test_large_files(void)
{
	size_t len = 1024 * 1024 + 1;
	const struct config_errors *errors;
	char *text = malloc(len);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, '#', len);
	errors = refuse_bytes(text, len);
	CU_ASSERT_STRING_EQUAL(errors->text[0], "f: is larger than 1 MiB");
	memset(text, '[', len - 1);
	errors = refuse_bytes(text, len - 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors->text[0], "nested too deeply"));
	/* Half a million unknown keys end after a few. */
	for (i = 0; i + 5 <= len - 1; i += 5)
		memcpy(text + i, "a: b\n", 5);
	errors = refuse_bytes(text, i);
	CU_ASSERT_EQUAL(errors->count, CONFIG_ERRORS_MAX);
	CU_ASSERT(errors->dropped > 0);
	/* Too long a list. */
	(void)snprintf(text, len, "listen:\n");
	for (i = 0; i <= CONFIG_URLS_MAX; i++)
		(void)strcat(text, "- quic://127.0.0.1:0\n");
	errors = refuse_bytes(text, strlen(text));
	CU_ASSERT_STRING_EQUAL(
	    errors->text[0], "f:66: listen: more than 64 items");
	free(text);
}

static void
test_all_errors_are_told(void)
{
	const char *text = "workers: x\n"
			   "listen: [quic://127.0.0.1:53, doq://x]\n"
			   "upstream:\n"
			   "  servers:\n"
			   "    - {url: quic://192.0.2.1:53, ca: ''}\n"
			   "tls: {cert: a}\n"
			   "nonsense: 1\n";
	const struct config_errors *errors = refuse_bytes(text, strlen(text));
	static const char *const begins[] = {"f:1: workers:", "f:2: listen:",
	    "f:2: listen:", "f:5: upstream.servers[].url:",
	    "f:5: upstream.servers[].ca:", "f:7: unknown key \"nonsense\"",
	    "f:6: tls.cert:"};
	size_t i;

	CU_ASSERT_EQUAL_FATAL(
	    errors->count, sizeof(begins) / sizeof(begins[0]));
	for (i = 0; i < errors->count; i++)
		CU_ASSERT_EQUAL(
		    strncmp(errors->text[i], begins[i], strlen(begins[i])), 0);
}

static void
test_build(void)
{
	static const struct config_build small = {
	    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
	    .upstream_schemes = CONFIG_SCHEME_BIT(CONFIG_UDP),
	};
	static const char text[] = "listen: [udp://127.0.0.1]\n"
				   "upstream: {servers: [tls://192.0.2.1]}\n";
	struct config_errors errors = {.count = 0};
	static const char with_ecs[] = "upstream: {mode: recursive}\n"
				       "ecs: {mode: add}\n";
	struct config *config = NULL;

	CU_ASSERT_EQUAL(config_load_text("f", text, strlen(text), &small, NULL,
			    &errors, &config),
	    -EINVAL);
	CU_ASSERT_EQUAL(errors.count, 2);
	CU_ASSERT_STRING_EQUAL(errors.text[0],
	    "f:1: listen: \"udp://127.0.0.1\": this version of quolld cannot "
	    "listen on udp");
	CU_ASSERT_STRING_EQUAL(errors.text[1],
	    "f:2: upstream.servers: \"tls://192.0.2.1\": this version of "
	    "quolld cannot ask by tls");
	/* Recursion could not send one. */
	errors.count = 0;
	CU_ASSERT_EQUAL(config_load_text("f", with_ecs, strlen(with_ecs),
			    &small, NULL, &errors, &config),
	    -EINVAL);
	CU_ASSERT_EQUAL(errors.count, 1);
	CU_ASSERT_STRING_EQUAL(errors.text[0],
	    "f:2: ecs.mode: must be strip with upstream.mode recursive");
}

static void
test_recursive(void)
{
	struct config *config = load(
	    "upstream:\n"
	    "  recursive:\n"
	    "    root-hints: /etc/hints\n"
	    "    trust-anchor: /etc/anchor\n"
	    "    validate: false\n"
	    "    cache-size: 2M\n"
	    "    options:\n"
	    "      prefetch: true\n"
	    "      private-address: [10.0.0.0/8, \"::ffff:0:0/96\"]\n"
	    "    stubs:\n"
	    "    - {zone: corp.example, addresses: 192.0.2.1, port: 5353}\n"
	    "    forwards:\n"
	    "    - {zone: ., addresses: [192.0.2.2, \"2001:db8::2\"]}\n");
	const struct config_options *o;
	const struct config_stub *s;

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->upstream.mode, CONFIG_MODE_RECURSIVE);
	CU_ASSERT_STRING_EQUAL(
	    config->upstream.recursive.root_hints, "/etc/hints");
	CU_ASSERT_EQUAL(config->upstream.recursive.root_hints_line, 3);
	CU_ASSERT_STRING_EQUAL(
	    config->upstream.recursive.trust_anchor, "/etc/anchor");
	CU_ASSERT_EQUAL(config->upstream.recursive.trust_anchor_line, 4);
	CU_ASSERT(!config->upstream.recursive.validate);
	CU_ASSERT_EQUAL(config->upstream.recursive.cache_bytes, 2097152);
	o = &config->upstream.recursive.options;
	CU_ASSERT_EQUAL_FATAL(o->count, 3);
	CU_ASSERT_STRING_EQUAL(o->item[0].name, "prefetch");
	CU_ASSERT_STRING_EQUAL(o->item[0].value, "yes");
	CU_ASSERT_EQUAL(o->item[0].line, 8);
	CU_ASSERT_STRING_EQUAL(o->item[2].name, "private-address");
	CU_ASSERT_STRING_EQUAL(o->item[2].value, "::ffff:0:0/96");
	CU_ASSERT_EQUAL_FATAL(config->upstream.recursive.stubs.count, 1);
	s = config->upstream.recursive.stubs.item;
	CU_ASSERT_STRING_EQUAL(s->zone, "corp.example");
	CU_ASSERT_EQUAL(s->port, 5353);
	CU_ASSERT_EQUAL(s->line, 11);
	CU_ASSERT_EQUAL_FATAL(config->upstream.recursive.forwards.count, 1);
	s = config->upstream.recursive.forwards.item;
	CU_ASSERT_STRING_EQUAL(s->zone, ".");
	CU_ASSERT_EQUAL(s->addresses.count, 2);
	CU_ASSERT_EQUAL(s->port, 0);
	config_unref(config);
}

static void
test_recursive_errors(void)
{
	static const struct {
		const char *text; /* below `recursive:`, in line 3 */
		const char *error;
	} rows[] = {
	    {"options: {verbosity: 5}",
		"f:3: upstream.recursive.options: \"verbosity: 5\" is no "
		"option that can be set here"},
	    {"options: [prefetch]",
		"f:3: upstream.recursive.options: \"prefetch\" is no NAME: "
		"VALUE"},
	    {"options: {outgoing-interface: eth0}",
		"f:3: upstream.recursive.options: \"outgoing-interface: "
		"eth0\" needs an address"},
	    {"options: {prefetch: }",
		"f:3: upstream.recursive.options: has no value"},
	    {"stubs: [a.example]",
		"f:3: upstream.recursive.stubs: \"a.example\" is no zone; "
		"write {zone: NAME, addresses: [ADDRESS]}"},
	    {"stubs: [{zone: a.example}]",
		"f:3: upstream.recursive.stubs: a zone without addresses"},
	    {"stubs: [{addresses: 192.0.2.1}]",
		"f:3: upstream.recursive.stubs: a zone without name"},
	    {"forwards: [{zone: a..b, addresses: 192.0.2.1}]",
		"f:3: upstream.recursive.forwards: \"a..b\" is no domain "
		"name"},
	    {"forwards: [{zone: a, addresses: 192.0.2.1, port: 0}]",
		"f:3: upstream.recursive.forwards[].port: \"0\" is out of "
		"range; from 1 to 65535"},
	    {"cache-size: 1",
		"f:3: upstream.recursive.cache-size: \"1\" is out of range; "
		"from 1M to 1024G"},
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "upstream:\n  recursive:\n    %s\n", rows[i].text);
		CU_ASSERT(is_refused(text, rows[i].error));
	}
}

static void
check_cert(const struct config *config, size_t i, const char *cert,
    const char *key, size_t line)
{
	const struct config_cert *item = &config->tls.certificates.item[i];

	CU_ASSERT_STRING_EQUAL(item->cert, cert);
	CU_ASSERT_STRING_EQUAL(item->key, key);
	CU_ASSERT_EQUAL(item->line, line);
}

/* The short form is the first, wherever it stands. */
static void
test_certificates(void)
{
	struct config *config = load("tls:\n"
				     "  certificates:\n"
				     "    - cert: b.pem\n"
				     "      key: b.key\n"
				     "    - {key: c.key, cert: c.pem}\n"
				     "  key: a.key\n"
				     "  cert: a.pem\n");

	CU_ASSERT_EQUAL_FATAL(config->tls.certificates.count, 3);
	check_cert(config, 0, "a.pem", "a.key", 7);
	check_cert(config, 1, "b.pem", "b.key", 3);
	check_cert(config, 2, "c.pem", "c.key", 5);
	CU_ASSERT_STRING_EQUAL(config->file, "f");
	config_unref(config);
	config = load("tls: {certificates: {cert: b, key: b}}\n");
	CU_ASSERT_EQUAL_FATAL(config->tls.certificates.count, 1);
	check_cert(config, 0, "b", "b", 1);
	CU_ASSERT_PTR_NULL(config->tls.cert);
	config_unref(config);
	config = load("tls: {certificates: []}\n");
	CU_ASSERT_EQUAL(config->tls.certificates.count, 0);
	config_unref(config);
}

static void
test_certificate_errors(void)
{
	static const struct {
		const char *item;
		const char *error;
	} rows[] = {
	    {"{cert: a}", "f:3: tls.certificates: a certificate without key"},
	    {"{key: a}", "f:3: tls.certificates: a certificate without cert"},
	    {"{}", "f:3: tls.certificates: a certificate without cert"},
	    {"a.pem", "f:3: tls.certificates: \"a.pem\" is no certificate; "
		      "write {cert: FILE, key: FILE}"},
	    {"[a]", "f:3: tls.certificates: a single value is needed here"},
	    {"{cert: a, key: b, cert: a}",
		"f:3: tls.certificates[].cert: was given before, in line 3"},
	    {"{cert: a, key: ''}",
		"f:3: tls.certificates[].key: \"\" is empty"},
	    {"{cert: a, key: b, name: c}",
		"f:3: unknown key \"name\" in tls.certificates; there are: "
		"cert, key"},
	    {"{cert: first, key: b}",
		"f:3: tls.certificates: first is given twice"},
	    {"{cert: last, key: b}",
		"f:4: tls.certificates: last is given twice"},
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "tls:\n  certificates:\n    - %s\n"
		    "    - {cert: last, key: c}\n"
		    "  cert: first\n  key: d\n",
		    rows[i].item);
		CU_ASSERT(is_refused(text, rows[i].error));
	}
}

static void
test_local(void)
{
	struct config *config =
	    load("local:\n"
		 "  records: [printer.lan. 300 IN A 192.0.2.7]\n"
		 "  hosts: /etc/hosts\n"
		 "  lists:\n"
		 "    - {file: a, format: hosts, subdomains: true, name: ads}\n"
		 "    - {file: b, format: rpz, answer: allow, ede: filtered}\n"
		 "    - {file: c, addresses: [192.0.2.1, 2001:db8::1]}\n"
		 "  ttl: 10s\n");
	const struct config_list *list = config->local.lists.item;

	CU_ASSERT_EQUAL_FATAL(config->local.lists.count, 3);
	CU_ASSERT_EQUAL(config->local.records.count, 1);
	CU_ASSERT_STRING_EQUAL(config->local.hosts.item[0], "/etc/hosts");
	CU_ASSERT_EQUAL(config->local.ttl_ms, 10000);
	CU_ASSERT_STRING_EQUAL(list[0].file, "a");
	CU_ASSERT_EQUAL(list[0].format, CONFIG_LIST_HOSTS);
	CU_ASSERT(list[0].subdomains && list[0].line == 5);
	CU_ASSERT_STRING_EQUAL(list[0].name, "ads");
	CU_ASSERT_EQUAL(list[1].answer, CONFIG_LIST_ALLOW);
	CU_ASSERT_EQUAL(list[1].ede, CONFIG_LIST_FILTERED);
	CU_ASSERT(!list[2].subdomains && list[2].addresses.count == 2);
	config_unref(config);
}

static void
test_local_errors(void)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
	    {"local: {records: [x.lan. A 1.2.3]}\n",
		"f:1: local.records: \"x.lan. A 1.2.3\" is no record, such as "
		"\"printer.lan. 300 IN A 192.0.2.7\": Syntax error, could not "
		"parse the RR's rdata"},
	    {"local:\n  lists:\n    - {format: rpz}\n",
		"f:3: local.lists: a list without file"},
	    {"local:\n  lists: [blocked.txt]\n",
		"f:2: local.lists: \"blocked.txt\" is no list; write {file: "
		"FILE}"},
	    {"local: {lists: {file: a, answer: nodata, addresses: "
	     "192.0.2.1}}\n",
		"f:1: local.lists: a list has either answer or addresses"},
	    {"local: {lists: {file: a, format: rpz, subdomains: true}}\n",
		"f:1: local.lists: a policy zone says itself, by \"*\", where "
		"it means subdomains"},
	    {"local: {lists: {file: a, name: "
	     "0123456789012345678901234567890123456789012345678901234567890123"
	     "4}}\n",
		"f:1: local.lists: a name longer than 64 octets"},
	    {"local: {lists: {file: a, ede: 15}}\n",
		"f:1: local.lists[].ede: \"15\" is none of blocked, censored, "
		"filtered, none"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT(is_refused(rows[i].text, rows[i].error));
}

static void
test_override(void)
{
	static const char text[] = "workers: 2\n"
				   "state: /a\n"
				   "listen: [quic://127.0.0.1:1]\n"
				   "tls: {cert: a, key: b,\n"
				   " certificates: {cert: e, key: f}}\n"
				   "upstream: {mode: none}\n"
				   "log: {level: error}\n";
	const struct config_override over = {
	    .listen = {"quic://*:2"},
	    .listen_count = 1,
	    .upstream = {"udp://192.0.2.1", "udp://192.0.2.2"},
	    .upstream_count = 2,
	    .cert = "c",
	    .key = "d",
	    .state = "/b",
	    .workers = 4,
	    .verbosity = 1,
	};
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;

	CU_ASSERT_EQUAL_FATAL(config_load_text("f", text, strlen(text), &build,
				  &over, &errors, &config),
	    0);
	CU_ASSERT_EQUAL(config->workers, 4);
	CU_ASSERT_STRING_EQUAL(config->state, "/b");
	CU_ASSERT_EQUAL_FATAL(config->listen.count, 2);
	check_url(&config->listen.item[1], "quic://[::]:2");
	CU_ASSERT_EQUAL_FATAL(config->tls.certificates.count, 1);
	check_cert(config, 0, "c", "d", 0);
	CU_ASSERT_EQUAL(config->upstream.mode, CONFIG_MODE_FORWARD);
	CU_ASSERT_EQUAL(config->upstream.servers.count, 2);
	CU_ASSERT_EQUAL(config->log.level, LOG_LEVEL_DEBUG);
	config_unref(config);
	config = NULL;
	/* What is wrong in the file stays wrong. */
	CU_ASSERT_EQUAL(
	    config_load_text("f", "listen: [x]\n", strlen("listen: [x]\n"),
		&build, &over, &errors, &config),
	    -EINVAL);
	CU_ASSERT_PTR_NULL(config);
}

static void
test_restart_keys(void)
{
	struct config *a = load("");
	struct config *b = load("workers: 1\nstate: /x\n"
				"listen: quic://127.0.0.1\n"
				"quic: {idle-timeout: 1m}\n");
	const char *keys[8];

	CU_ASSERT_EQUAL(config_restart_keys(a, a, keys, 8), 0);
	CU_ASSERT_EQUAL_FATAL(config_restart_keys(a, b, keys, 8), 3);
	CU_ASSERT_STRING_EQUAL(keys[0], "workers");
	CU_ASSERT_STRING_EQUAL(keys[1], "state");
	CU_ASSERT_STRING_EQUAL(keys[2], "listen");
	CU_ASSERT_EQUAL(config_restart_keys(a, b, keys, 2), 2);
	config_unref(a);
	config_unref(b);
}

static void
test_files(void)
{
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;

	CU_ASSERT_EQUAL(
	    config_load("/nonexistent/f", &build, NULL, &errors, &config),
	    -ENOENT);
	CU_ASSERT_STRING_EQUAL(
	    errors.text[0], "/nonexistent/f: No such file or directory");
	CU_ASSERT_EQUAL(
	    config_load("/tmp", &build, NULL, &errors, &config), -EISDIR);
	CU_ASSERT_STRING_EQUAL(errors.text[1], "/tmp: Is a directory");
	CU_ASSERT_EQUAL(
	    config_load("/dev/zero", &build, NULL, &errors, &config), -EFBIG);
	CU_ASSERT_STRING_EQUAL(
	    errors.text[2], "/dev/zero: is larger than 1 MiB");
	CU_ASSERT_PTR_NULL(config);
	errors.count = 0;
	CU_ASSERT_EQUAL_FATAL(
	    config_load("/dev/null", &build, NULL, &errors, &config), 0);
	check_defaults(config);
	config_unref(config);
	config_unref(NULL);
}

static void *
turn_references(void *arg)
{
	int i;

	for (i = 0; i < 10000; i++)
		config_unref(config_ref(arg));
	config_unref(arg);
	return NULL;
}

static void
test_references(void)
{
	struct config *config = load("");
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(
	    pthread_create(&thread, NULL, turn_references, config_ref(config)),
	    0);
	(void)turn_references(config);
	CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
}

static void
check_metrics(const char *text, const char *url)
{
	struct config *config = load(text);
	char seen[CONFIG_URL_LEN];

	CU_ASSERT(config->metrics.listen.len > 0);
	config_url_format(CONFIG_TCP,
	    (const struct sockaddr *)&config->metrics.listen.ss, seen);
	CU_ASSERT_STRING_EQUAL(seen, url);
	config_unref(config);
}

static bool
is_no_address(const char *text)
{
	char line[CONFIG_ERROR_LEN], error[CONFIG_ERROR_LEN];

	(void)snprintf(line, sizeof(line), "metrics:\n  listen: '%s'\n", text);
	(void)snprintf(error, sizeof(error),
	    "f:2: metrics.listen: \"%s\" is no ADDRESS:PORT, such as "
	    "127.0.0.1:9853 or [::1]:9853",
	    text);
	return is_refused(line, error);
}

static void
test_metrics(void)
{
	static const char *const wrong[] = {"nobody:1", "127.0.0.1", "::1:80",
	    "[127.0.0.1]:80", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:-1",
	    "[::1]", "[::1", "[]:1", ":1", "1:2:3", "[::1]:x", "65536", "x",
	    "http://127.0.0.1:80", "127.0.0.1:80/metrics", "[:1", "]:1",
	    "1111111111111111111111111111111111111111111111111111111111111:1"};

	check_metrics(
	    "metrics: {listen: 127.0.0.1:9853}", "tcp://127.0.0.1:9853");
	check_metrics("metrics: {listen: '[::1]:1'}", "tcp://[::1]:1");
	check_metrics("metrics: {listen: 9853}", "tcp://127.0.0.1:9853");
	check_metrics("metrics: {listen: 0.0.0.0:0}", "tcp://0.0.0.0:0");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT(is_no_address(wrong[i]));
	CU_ASSERT(is_refused("metrics: {listen: ''}",
	    "f:1: metrics.listen: \"\" is no ADDRESS:PORT, such as "
	    "127.0.0.1:9853 or [::1]:9853"));
	CU_ASSERT(is_refused(
	    "metrics: 1", "f:1: metrics: a mapping of keys is needed here"));
}

/* They are told in one string of 255 octets. */
static void
test_identity(void)
{
	static const char *const keys[] = {"version", "id"};
	char text[400];
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(
		    text, sizeof(text), "special: {%s: %0255d}\n", keys[i], 0);
		config_unref(load(text));
		(void)snprintf(
		    text, sizeof(text), "special: {%s: %0256d}\n", keys[i], 0);
		CU_ASSERT(is_refused(text,
		    i == 0 ? "f:1: special.version: is longer than 255 octets"
			   : "f:1: special.id: is longer than 255 octets"));
	}
}

void
test_config_register(void)
{
	CU_pSuite suite = unit_suite("config");

	unit_test(suite, "identity", test_identity);
	unit_test(suite, "defaults", test_defaults);
	unit_test(suite, "cache", test_cache);
	unit_test(suite, "cache_ranges", test_cache_ranges);
	unit_test(suite, "default_access", test_default_access);
	unit_test(suite, "values", test_values);
	unit_test(suite, "dns64", test_dns64);
	unit_test(suite, "listen", test_listen);
	unit_test(suite, "servers", test_servers);
	unit_test(suite, "port_53", test_port_53);
	unit_test(suite, "errors", test_errors);
	unit_test(suite, "amount_errors", test_amount_errors);
	unit_test(suite, "url_errors", test_url_errors);
	unit_test(suite, "server_errors", test_server_errors);
	unit_test(suite, "mode_errors", test_mode_errors);
	unit_test(suite, "list_errors", test_list_errors);
	unit_test(suite, "hostile_yaml", test_hostile_yaml);
	unit_test(suite, "large_files", test_large_files);
	unit_test(suite, "all_errors_are_told", test_all_errors_are_told);
	unit_test(suite, "build", test_build);
	unit_test(suite, "recursive", test_recursive);
	unit_test(suite, "recursive_errors", test_recursive_errors);
	unit_test(suite, "certificates", test_certificates);
	unit_test(suite, "certificate_errors", test_certificate_errors);
	unit_test(suite, "local", test_local);
	unit_test(suite, "local_errors", test_local_errors);
	unit_test(suite, "metrics", test_metrics);
	unit_test(suite, "override", test_override);
	unit_test(suite, "restart_keys", test_restart_keys);
	unit_test(suite, "files", test_files);
	unit_test(suite, "references", test_references);
}
