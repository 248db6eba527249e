/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options: who is asked, how, and what is told of clients. */
#include "resolver/config_table.h"

#define SERVERS_MAX 32
#define PINS_MAX 8
#define RANGES_MAX 64
#define TRANSFERS_MAX 1000
#define STUBS_MAX 1024
#define OPTIONS_MAX 256
#define IPV4_BITS 32
#define IPV6_BITS 128

#define IN_SERVER(member) .offset = offsetof(struct config_server, member)
#define IN_STUB(member) .offset = offsetof(struct config_stub, member)

static const struct config_key upstream_keys[] = {
    {.path = "upstream",
	.type = CONFIG_TYPE_SECTION,
	.help = "Who finds the answers to what is asked."},
    {.path = "upstream.mode",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(upstream.mode),
	.initial = "recursive",
	.example = "forward",
	.choices = {"none", "forward", "recursive"},
	.help = "recursive: quolld itself, from the root on. forward: the\n"
		"servers below; implied by them. none: nobody, so that only\n"
		"special names, such as localhost, are answered."},
    {.path = "upstream.policy",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(upstream.policy),
	.initial = "failover",
	.choices = {"failover", "fastest", "round-robin"},
	.help = "Which server is asked first: the first one that works,\n"
		"the fastest one, or each in turn."},
    {.path = "upstream.servers",
	.type = CONFIG_TYPE_SERVERS,
	IN_CONFIG(upstream.servers),
	.max = SERVERS_MAX,
	.example = "udp://192.0.2.53",
	.help = "Servers, each one a URL (udp and tcp: port 53; tls and\n"
		"quic: port 853; h3: port 443), or a mapping with these\n"
		"keys. Which schemes there are depends on the version."},
    {.path = "upstream.servers[].url",
	.type = CONFIG_TYPE_UPSTREAM,
	IN_SERVER(url),
	.example = "tls://dns.example",
	.help = "The URL. A host name in it needs addresses."},
    {.path = "upstream.servers[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_SERVER(addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.example = "192.0.2.54 2001:db8::54",
	.help = "The addresses of the host. Names are not looked up."},
    {.path = "upstream.servers[].name",
	.type = CONFIG_TYPE_TEXT,
	IN_SERVER(name),
	.example = "dns.example",
	.help = "The name that the certificate must be for. By default\n"
		"the host of the URL."},
    {.path = "upstream.servers[].pins",
	.type = CONFIG_TYPE_PINS,
	IN_SERVER(pins),
	.max = PINS_MAX,
	.example = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
	.help = "SHA-256 of the public key (SPKI) in base64; one of them\n"
		"must match, and the name, too, if there is one."},
    {.path = "upstream.servers[].ca",
	.type = CONFIG_TYPE_TEXT,
	IN_SERVER(ca),
	.example = "/etc/quoll/upstream-ca.pem",
	.help = "File with the authorities to trust, in PEM, instead of\n"
		"the system's."},
    {.path = "upstream.servers[].proxy-protocol",
	.type = CONFIG_TYPE_BOOL,
	IN_SERVER(is_proxied),
	.example = "false",
	.help = "Tell the server who asks, by the PROXY protocol, version\n"
		"2. Only for one that expects it: any other will not\n"
		"understand a word. udp and tcp."},
    {.path = "upstream.timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(upstream.timeout_ms),
	.min = SECOND / 10,
	.max = MINUTE,
	.initial = "2s",
	.help = "How long one server is waited for while there is another\n"
		"one to ask. limits.query-timeout bounds the whole."},
    {.path = "upstream.prefer-tcp",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(upstream.prefer_tcp),
	.initial = "false",
	.help = "Ask udp servers by TCP at once (RFC 5625 4.4.1)."},
    {.path = "upstream.randomise-case",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(upstream.randomise_case),
	.initial = "false",
	.help = "Mix upper and lower case in names that are asked for by\n"
		"UDP, against forged answers."},
    {.path = "upstream.cookies",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(upstream.cookies),
	.initial = "true",
	.help = "Show servers a cookie, and believe those that have one of\n"
		"their own only with it (RFC 7873), against forged answers.\n"
		"Not those with proxy-protocol: their cookies are for others."},
    {.path = "upstream.avoid-ports",
	.type = CONFIG_TYPE_PORTS,
	IN_CONFIG(upstream.avoid_ports),
	.max = RANGES_MAX,
	.example = "4789 8000-8999",
	.help = "UDP ports that are not used to ask from (RFC 5452 9.2):\n"
		"a port, or FIRST-LAST."},
    {.path = "upstream.recursive",
	.type = CONFIG_TYPE_SECTION,
	.help = "How quolld resolves by itself, with libunbound. A reload\n"
		"that changes any of it begins with an empty cache."},
    {.path = "upstream.recursive.root-hints",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(upstream.recursive.root_hints),
	.example = "/usr/share/dns/root.hints",
	.help = "File with the names and addresses of the root servers.\n"
		"Without it those that libunbound knows."},
    {.path = "upstream.recursive.validate",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(upstream.recursive.validate),
	.initial = "true",
	.help = "Whether answers are checked by DNSSEC. Those that fail\n"
		"are withheld but from who asks with CD."},
    {.path = "upstream.recursive.trust-anchor",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(upstream.recursive.trust_anchor),
	.example = "/usr/share/dns/root.ds",
	.help = "File with DS or DNSKEY records to begin with. Without it\n"
		"the keys of the root, 20326 and 38696. They are kept up to\n"
		"date (RFC 5011) in a copy in the state directory."},
    {.path = "upstream.recursive.cache-size",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(upstream.recursive.cache_bytes),
	.min = MIB,
	.max = 1024 * 1024 * MIB,
	.initial = "64M",
	.help = "Memory for what was found, about."},
    {.path = "upstream.recursive.stubs",
	.type = CONFIG_TYPE_STUBS,
	IN_CONFIG(upstream.recursive.stubs),
	.max = STUBS_MAX,
	.help = "Zones whose authoritative servers are told here. They\n"
		"are validated like others; see domain-insecure."},
    {.path = "upstream.recursive.stubs[].zone",
	.type = CONFIG_TYPE_TEXT,
	IN_STUB(zone),
	.example = "corp.example",
	.help = "The zone."},
    {.path = "upstream.recursive.stubs[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_STUB(addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.example = "192.0.2.55",
	.help = "The addresses of its servers."},
    {.path = "upstream.recursive.stubs[].port",
	.type = CONFIG_TYPE_COUNT,
	IN_STUB(port),
	.min = 1,
	.max = UINT16_MAX,
	.example = "53",
	.help = "Their port, 53 if it is not given."},
    {.path = "upstream.recursive.forwards",
	.type = CONFIG_TYPE_STUBS,
	IN_CONFIG(upstream.recursive.forwards),
	.max = STUBS_MAX,
	.help = "Zones that other resolvers are asked about."},
    {.path = "upstream.recursive.forwards[].zone",
	.type = CONFIG_TYPE_TEXT,
	IN_STUB(zone),
	.example = "lab.example",
	.help = "The zone, and what is below it."},
    {.path = "upstream.recursive.forwards[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_STUB(addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.example = "192.0.2.56",
	.help = "The addresses of the resolvers."},
    {.path = "upstream.recursive.forwards[].port",
	.type = CONFIG_TYPE_COUNT,
	IN_STUB(port),
	.min = 1,
	.max = UINT16_MAX,
	.example = "53",
	.help = "Their port, 53 if it is not given."},
    {.path = "upstream.recursive.options",
	.type = CONFIG_TYPE_OPTIONS,
	IN_CONFIG(upstream.recursive.options),
	.max = OPTIONS_MAX,
	.example = "prefetch:yes private-address:10.0.0.0/8",
	.help = "Options of unbound.conf(5), NAME: VALUE, in their words.\n"
		"Some may be given several times, or get a list.\n"
		"quolld.yaml(5) says which ones there are."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_upstream = CONFIG_TABLE(upstream_keys);

static const struct config_key ecs_keys[] = {
    {.path = "ecs",
	.type = CONFIG_TYPE_SECTION,
	.help = "Client Subnet (RFC 7871): whether upstream servers are told\n"
		"the beginning of a client's address, to answer with what\n"
		"is near it. They, and those they ask, then know more of\n"
		"who asks what."},
    {.path = "ecs.mode",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(ecs.mode),
	.initial = "strip",
	.choices = {"strip", "forward", "add"},
	.help = "strip: they are told nothing. forward: what the client\n"
		"itself says in its query. add: that, or else the client's\n"
		"address, unless it is private. A client that says length 0\n"
		"is not named. Recursion names nobody: only strip goes\n"
		"with it."},
    {.path = "ecs.ipv4",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(ecs.ipv4),
	.max = IPV4_BITS,
	.initial = "24",
	.help = "Most bits of an IPv4 address that are told."},
    {.path = "ecs.ipv6",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(ecs.ipv6),
	.max = IPV6_BITS,
	.initial = "56",
	.help = "Most bits of an IPv6 address that are told."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_ecs = CONFIG_TABLE(ecs_keys);

static const struct config_key transfer_keys[] = {
    {.path = "transfer",
	.type = CONFIG_TYPE_SECTION,
	.help = "Zone transfers, NOTIFY and UPDATE, for those whom access\n"
		"names."},
    {.path = "transfer.servers",
	.type = CONFIG_TYPE_SERVERS,
	IN_CONFIG(transfer.servers),
	.max = SERVERS_MAX,
	.example = "tcp://192.0.2.53",
	.help = "Servers that do these, URLs or mappings as for\n"
		"upstream.servers. Without them: upstream.servers. Zones\n"
		"and updates go by TCP in any case."},
    {.path = "transfer.servers[].url",
	.type = CONFIG_TYPE_UPSTREAM,
	IN_SERVER(url),
	.example = "tcp://primary.example",
	.help = "The URL."},
    {.path = "transfer.servers[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_SERVER(addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.example = "192.0.2.54",
	.help = "The addresses of the host, if the URL names one."},
    {.path = "transfer.servers[].proxy-protocol",
	.type = CONFIG_TYPE_BOOL,
	IN_SERVER(is_proxied),
	.example = "false",
	.help = "As in upstream.servers: its own access lists then see\n"
		"who asks."},
    {.path = "transfer.max",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(transfer.max),
	.min = 1,
	.max = TRANSFERS_MAX,
	.initial = "10",
	.help = "Zone transfers at once, in each worker; who asks for more\n"
		"gets SERVFAIL."},
    {.path = "transfer.timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(transfer.timeout_ms),
	.min = SECOND / 10,
	.max = HOUR,
	.initial = "10s",
	.help = "How long the server of a transfer may say nothing. A\n"
		"transfer as a whole may take as long as it takes; for\n"
		"clients that do not read see quic.delivery-timeout."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_transfer = CONFIG_TABLE(transfer_keys);
