/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options: every key that quolld knows. The only place to add
 * one; what reads, checks, documents and prints configuration follows it.
 *
 * Rows of a section come right after the section's own row, rows of a record
 * right after its list's. Help is printed into etc/quolld.yaml and
 * quolld.yaml(5): plain sentences, lines of at most 70 characters, no
 * backslashes, no line that begins with a full stop or an apostrophe.
 */
#include "resolver/config_parse.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define WORKERS_MAX 256
#define FRAMED_MESSAGE_MAX 65537 /* RFC 9250 4.2: length, then the message */
#define STREAMS_MAX 10000
#define CLIENTS_MAX 1000000
#define HANDSHAKES_MAX 1000000
#define SERVERS_MAX 32
#define ADDRESSES_MAX 8
#define PINS_MAX 8
#define RANGES_MAX 64
#define PREFIXES_MAX 16384
#define ZONES_MAX 64
#define EXCLUDES_MAX 64
#define TRANSFERS_MAX 1000
#define CERTS_MAX 256
#define DDR_NAMES_MAX 16
#define STUBS_MAX 1024
#define OPTIONS_MAX 256
#define IPV4_BITS 32
#define IPV6_BITS 128
#define RECORDS_MAX 16384
#define FILES_MAX 64
#define LISTS_MAX 200

#define IN_CONFIG(member) .offset = offsetof(struct config, member)
#define IN_CERT(member) .offset = offsetof(struct config_cert, member)
#define IN_STUB(member) .offset = offsetof(struct config_stub, member)
#define IN_LIST(member) .offset = offsetof(struct config_list, member)
#define IN_SERVER(member) .offset = offsetof(struct config_server, member)

const struct config_key config_keys[] = {
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
    {.path = "tls", .type = CONFIG_TYPE_SECTION, .help = "Certificates."},
    {.path = "tls.cert",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(tls.cert),
	.example = "/etc/quoll/cert.pem",
	.help = "File with the certificate and its chain, in PEM. Without\n"
		"one quolld makes its own and prints its pin."},
    {.path = "tls.key",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(tls.key),
	.example = "/etc/quoll/key.pem",
	.help = "File with the certificate's private key, in PEM."},
    {.path = "tls.tickets",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(tls.tickets),
	.initial = "true",
	.help = "Whether clients get session tickets, with which they come\n"
		"back without a full handshake for some hours. Who shares\n"
		"the secret (see state) takes them, too."},
    {.path = "tls.certificates",
	.type = CONFIG_TYPE_CERTS,
	IN_CONFIG(tls.certificates),
	.max = CERTS_MAX,
	.help = "Certificates for other names. A client that asks for a\n"
		"name (SNI) gets the one that has it, by itself or by a\n"
		"wildcard; any other gets the first: tls.cert, or else the\n"
		"first one here. A reload reads all files again; if one of\n"
		"them cannot be used, all stay as they were."},
    {.path = "tls.certificates[].cert",
	.type = CONFIG_TYPE_TEXT,
	IN_CERT(cert),
	.example = "/etc/quoll/other-cert.pem",
	.help = "As tls.cert."},
    {.path = "tls.certificates[].key",
	.type = CONFIG_TYPE_TEXT,
	IN_CERT(key),
	.example = "/etc/quoll/other-key.pem",
	.help = "As tls.key."},
    {.path = "quic",
	.type = CONFIG_TYPE_SECTION,
	.help = "Limits of connections that clients open."},
    {.path = "quic.idle-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(quic.idle_timeout_ms),
	.min = SECOND,
	.max = HOUR,
	.initial = "30s",
	.help = "A connection without traffic ends after this time."},
    {.path = "quic.handshake-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(quic.handshake_timeout_ms),
	.min = SECOND,
	.max = MINUTE,
	.initial = "10s",
	.help = "A handshake that takes longer is given up."},
    {.path = "quic.query-arrival-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(quic.query_arrival_timeout_ms),
	.min = SECOND / 10,
	.max = MINUTE,
	.initial = "5s",
	.help = "Time for a query to arrive whole once its stream opened;\n"
		"then the connection is closed with DOQ_PROTOCOL_ERROR."},
    {.path = "quic.delivery-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(quic.delivery_timeout_ms),
	.min = SECOND,
	.max = HOUR,
	.initial = "1m",
	.help = "Time for a client to take an answer, however slowly it\n"
		"reads; then the connection is closed with\n"
		"DOQ_EXCESSIVE_LOAD. Of a zone transfer: to take the next\n"
		"64K of it."},
    {.path = "quic.max-streams",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(quic.max_streams),
	.min = 1,
	.max = STREAMS_MAX,
	.initial = "100",
	.help = "Queries that one connection may have open at once. It\n"
		"bounds the memory of a connection, too."},
    {.path = "quic.early-data",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(quic.early_data),
	.initial = "false",
	.help = "Whether who comes back with a ticket may ask at once\n"
		"(0-RTT), a round trip earlier. Who listens on the way may\n"
		"send such a query again, to each process once. Needs\n"
		"tls.tickets; only QUERY and NOTIFY are taken (RFC 9250\n"
		"4.5)."},
    {.path = "quic.retry",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(quic.retry),
	.initial = "auto",
	.choices = {"auto", "always", "never"},
	.help = "Who has to prove its address before a handshake begins,\n"
		"which costs one round trip (Retry, RFC 9000 8.1.2). auto:\n"
		"all while there are many handshakes or memory is short,\n"
		"and clients that begin too many at once. always: all but\n"
		"those who were here within a day. never: nobody."},
    {.path = "quic.retry-above",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(quic.retry_above),
	.min = 1,
	.max = HANDSHAKES_MAX,
	.initial = "1000",
	.help = "How many handshakes are many, in each worker: in flight, or\n"
		"failed within a second."},
    {.path = "quic.version-2",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(quic.version_2),
	.initial = "true",
	.help = "Serve version 2 of QUIC (RFC 9369), too, and change over\n"
		"to it when the client lists it (RFC 9368)."},
    {.path = "quic.stream-window",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(quic.stream_window_bytes),
	.min = FRAMED_MESSAGE_MAX,
	.max = 16 * MIB,
	.initial = "66K",
	.help = "Bytes that may be under way on one stream. The largest\n"
		"DNS message with its length, 65537 bytes, must fit."},
    {.path = "quic.connection-window",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(quic.connection_window_bytes),
	.min = FRAMED_MESSAGE_MAX,
	.max = 64 * MIB,
	.initial = "128K",
	.help = "Bytes that may be under way on all streams of a\n"
		"connection at first."},
    {.path = "quic.connection-window-max",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(quic.connection_window_max_bytes),
	.min = FRAMED_MESSAGE_MAX,
	.max = 1024 * MIB,
	.initial = "1M",
	.help = "What that window may grow to."},
    {.path = "quic.unsent-max",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(quic.unsent_max_bytes),
	.min = FRAMED_MESSAGE_MAX,
	.max = 1024 * MIB,
	.initial = "1M",
	.help = "Bytes of answers that a connection may hold because the\n"
		"client does not take them; past it queries wait."},
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
	.max = ADDRESSES_MAX,
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
	.max = ADDRESSES_MAX,
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
	.max = ADDRESSES_MAX,
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
    {.path = "access",
	.type = CONFIG_TYPE_SECTION,
	.help = "Who may ask: prefixes, ADDRESS/LENGTH, or addresses. The\n"
		"longest that matches decides; among equals deny, then\n"
		"trusted. Who is in no list is refused."},
    {.path = "access.allow",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.allow),
	.max = PREFIXES_MAX,
	.initial = "10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 "
		   "172.16.0.0/12 192.168.0.0/16 fc00::/7 fe80::/10",
	.verdict = ACCESS_ALLOW,
	.help = "They may ask."},
    {.path = "access.deny",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.deny),
	.max = PREFIXES_MAX,
	.example = "192.168.66.0/24",
	.verdict = ACCESS_DENY,
	.help = "They are refused."},
    {.path = "access.trusted",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.trusted),
	.max = PREFIXES_MAX,
	.initial = "127.0.0.0/8 ::1",
	.verdict = ACCESS_TRUSTED,
	.help = "They may ask and are free of limits for one client."},
    {.path = "access.transfer",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.transfer),
	.max = PREFIXES_MAX,
	.example = "192.0.2.7 2001:db8:7::/48",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them who may transfer zones (AXFR, IXFR). By\n"
		"default nobody may; see transfer."},
    {.path = "access.notify",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.notify),
	.max = PREFIXES_MAX,
	.example = "192.0.2.7",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them whose NOTIFY is passed on. By default\n"
		"nobody's."},
    {.path = "access.update",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.update),
	.max = PREFIXES_MAX,
	.example = "192.0.2.7",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them whose UPDATE is passed on. By default\n"
		"nobody's. What they may change is for the server to say:\n"
		"to it all updates come from quolld. Let it demand TSIG."},
    {.path = "limits",
	.type = CONFIG_TYPE_SECTION,
	.help = "Limits of the service."},
    {.path = "limits.client-connections",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(limits.client_connections),
	.min = 1,
	.max = CLIENTS_MAX,
	.initial = "1024",
	.help = "Connections of one client: an IPv4 address, or an IPv6\n"
		"prefix of 56 bits. More are refused. Loopback and\n"
		"access.trusted are not counted."},
    {.path = "limits.client-handshakes",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(limits.client_handshakes),
	.min = 1,
	.max = CLIENTS_MAX,
	.initial = "100",
	.help = "Handshakes in flight that seem to come from one client:\n"
		"for more it has to prove its address first, unless\n"
		"quic.retry is never."},
    {.path = "limits.query-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(limits.query_timeout_ms),
	.min = SECOND / 10,
	.max = MINUTE,
	.initial = "4s",
	.help = "A query is answered in this time, with SERVFAIL if need\n"
		"be. Most clients give up after 5s."},
    {.path = "limits.memory",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(limits.memory_bytes),
	.max = 1024 * 1024 * MIB,
	.initial = "0",
	.help = "Memory of all connections together. 0 means a quarter\n"
		"of the machine's, or of what the control group allows."},
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
	.max = ADDRESSES_MAX,
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
    {.path = "dns64",
	.type = CONFIG_TYPE_SECTION,
	.help = "IPv6 addresses made of IPv4 ones (RFC 6147), for clients\n"
		"with only IPv6 behind a NAT64."},
    {.path = "dns64.prefix",
	.type = CONFIG_TYPE_NAT64,
	IN_CONFIG(dns64.prefix),
	.example = "64:ff9b::/96",
	.help = "The prefix of the NAT64: of 32, 40, 48, 56, 64 or 96 bits\n"
		"(RFC 6052). A name that has only IPv4 addresses gets those\n"
		"in this prefix. Nothing is made unless it is given. In\n"
		"64:ff9b::/96 no private addresses are put."},
    {.path = "dns64.exclude",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(dns64.exclude),
	.max = EXCLUDES_MAX,
	.initial = "::ffff:0:0/96",
	.verdict = ACCESS_DENY,
	.help = "IPv6 addresses that are of no use to such clients: they\n"
		"are taken out of answers, and a name that has no others\n"
		"counts as one with IPv4 only."},
    {.path = "dns64.clients",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(dns64.clients),
	.max = PREFIXES_MAX,
	.example = "2001:db8:64::/48",
	.verdict = ACCESS_ALLOW,
	.help = "Whose answers are changed; all clients', if nobody is\n"
		"named."},
    {.path = "local",
	.type = CONFIG_TYPE_SECTION,
	.help = "Names that are answered here because you say so: records of\n"
		"your own, and lists of names to block. Files are read at\n"
		"the start and by a reload; if one of them cannot be used,\n"
		"all stay as they were."},
    {.path = "local.records",
	.type = CONFIG_TYPE_RECORDS,
	IN_CONFIG(local.records),
	.max = RECORDS_MAX,
	.example = "printer.lan. 300 IN A 192.0.2.7",
	.help =
	    "Records, as in a zone file. A name that has some is\n"
	    "answered from them alone; *.NAME stands for those below it\n"
	    "that have none. CNAME is followed; where one leads to an\n"
	    "ordinary name, upstream is asked for that, see ANSWERS OF\n"
	    "ITS OWN in quolld(8). Other names are ordinary ones, but where\n"
	    "there is an SOA record, no others exist below it."},
    {.path = "local.hosts",
	.type = CONFIG_TYPE_FILES,
	IN_CONFIG(local.hosts),
	.max = FILES_MAX,
	.example = "/etc/hosts",
	.help = "Files in the form of /etc/hosts: A, AAAA and PTR records."},
    {.path = "local.lists",
	.type = CONFIG_TYPE_LISTS,
	IN_CONFIG(local.lists),
	.max = LISTS_MAX,
	.help = "Lists of names that are blocked, or not. The first list\n"
		"that has a name decides; local.records and local.hosts go\n"
		"before all of them. localhost, invalid, onion and\n"
		"resolver.arpa are never looked for in lists."},
    {.path = "local.lists[].file",
	.type = CONFIG_TYPE_TEXT,
	IN_LIST(file),
	.example = "/etc/quoll/blocked.txt",
	.help = "The file. Lines that cannot be understood are left out and\n"
		"counted in the log; a fault in a policy zone is an error."},
    {.path = "local.lists[].format",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(format),
	.example = "hosts",
	.choices = {"names", "hosts", "rpz"},
	.help = "names, the default: one a line, or *.NAME, which is those\n"
		"below it. hosts: as /etc/hosts; the addresses do not\n"
		"matter. rpz: the zone file of a response policy zone, of\n"
		"which triggers that are names are done."},
    {.path = "local.lists[].answer",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(answer),
	.example = "nxdomain",
	.choices = {"default", "nxdomain", "nodata", "refused", "allow"},
	.help = "What is answered. allow: they are ordinary names, whatever\n"
		"later lists say. default: nxdomain, but of rpz what the\n"
		"zone says; its drop is answered REFUSED."},
    {.path = "local.lists[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_LIST(addresses),
	.max = ADDRESSES_MAX,
	.help = "Addresses to answer with, instead of answer; no data for\n"
		"other types."},
    {.path = "local.lists[].subdomains",
	.type = CONFIG_TYPE_BOOL,
	IN_LIST(subdomains),
	.example = "true",
	.help = "Whether all names below them are meant, too; by default\n"
		"they are not. Not for rpz."},
    {.path = "local.lists[].ede",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(ede),
	.example = "filtered",
	.choices = {"blocked", "censored", "filtered", "none"},
	.help = "The Extended DNS Error that goes with it (RFC 8914):\n"
		"blocked (15, the default), censored (16), filtered (17)."},
    {.path = "local.lists[].name",
	.type = CONFIG_TYPE_TEXT,
	IN_LIST(name),
	.example = "advertisements",
	.help = "A text that clients are told with it, of at most 64\n"
		"octets."},
    {.path = "local.ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(local.ttl_ms),
	.max = 24 * HOUR,
	.initial = "5m",
	.help = "How long answers from local.hosts and local.lists, and\n"
		"negative ones, may be cached."},
    {.path = "special",
	.type = CONFIG_TYPE_SECTION,
	.help = "Names that are answered here and asked nobody else."},
    {.path = "special.forward",
	.type = CONFIG_TYPE_ZONES,
	IN_CONFIG(special.forward),
	.max = ZONES_MAX,
	.example = "test 10.in-addr.arpa",
	.help = "Those that are asked upstream all the same: test, local,\n"
		"alt, home.arpa, default.service.arpa, reverse zones of\n"
		"private addresses (RFC 6303), such as\n"
		"168.192.in-addr.arpa, or use-application-dns.net, which\n"
		"has no address here, so that Firefox goes on asking this\n"
		"resolver where nobody has chosen another one."},
    {.path = "special.version",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(special.version),
	.example = "quolld",
	.help = "What is said to who asks for version.bind or\n"
		"version.server of class CH. Without it: REFUSED."},
    {.path = "special.id",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(special.id),
	.example = "resolver-1",
	.help = "What is said to who asks for id.server or hostname.bind\n"
		"of class CH, or by NSID (RFC 5001). Without it: REFUSED,\n"
		"and no NSID."},
    {.path = "special.any",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(special.any),
	.initial = "forward",
	.choices = {"forward", "hinfo"},
	.help = "What is answered to ANY: forward, all that upstream says,\n"
		"since over QUIC no answer goes to who has not asked;\n"
		"hinfo, one HINFO record instead (RFC 8482), unless there\n"
		"is an alias or no data, or the question has DO."},
    {.path = "ddr",
	.type = CONFIG_TYPE_SECTION,
	.help = "What clients are told that ask for designated resolvers\n"
		"(DDR, RFC 9462): names and ports of this server."},
    {.path = "ddr.enabled",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(ddr.enabled),
	.initial = "true",
	.help = "Whether they are told anything."},
    {.path = "ddr.names",
	.type = CONFIG_TYPE_NAMES,
	IN_CONFIG(ddr.names),
	.max = DDR_NAMES_MAX,
	.example = "dns.example",
	.help = "Names that a certificate of this server is for. Without\n"
		"any: the names of each certificate in tls that is for an\n"
		"IP address, too, since clients ask for that, but no\n"
		"wildcards. quolld does not start with a name that no\n"
		"certificate is for; after a reload it is left out."},
    {.path = "ddr.addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_CONFIG(ddr.addresses),
	.max = ADDRESSES_MAX,
	.example = "192.0.2.1 2001:db8::1",
	.help = "The addresses that they have. By default those that are\n"
		"listened on, and with * the one that the client asked;\n"
		"behind NAT somebody has to write them here."},
    {.path = NULL},
};
