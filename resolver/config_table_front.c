/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options: who asks, and how: certificates, QUIC, access, limits.
 */
#include "resolver/config_table.h"

#define FRAMED_MESSAGE_MAX 65537 /* RFC 9250 4.2: length, then the message */
#define STREAMS_MAX 10000
#define CLIENTS_MAX 1000000
#define HANDSHAKES_MAX 1000000
#define CERTS_MAX 256
#define WAITERS_MAX 100000

#define IN_CERT(member) .offset = offsetof(struct config_cert, member)

static const struct config_key tls_keys[] = {
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
    CONFIG_TABLE_END,
};

const struct config_table config_table_tls = CONFIG_TABLE(tls_keys);

static const struct config_key quic_keys[] = {
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
    CONFIG_TABLE_END,
};

const struct config_table config_table_quic = CONFIG_TABLE(quic_keys);

static const struct config_key access_keys[] = {
    {.path = "access",
	.type = CONFIG_TYPE_SECTION,
	.help = "Who may ask: prefixes, ADDRESS/LENGTH, or addresses. The\n"
		"longest that matches decides; among equals deny, then\n"
		"trusted. Who is in no list is refused."},
    {.path = "access.allow",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.allow),
	.max = CONFIG_PREFIXES_MAX,
	.initial = "10.0.0.0/8 100.64.0.0/10 169.254.0.0/16 "
		   "172.16.0.0/12 192.168.0.0/16 fc00::/7 fe80::/10",
	.verdict = ACCESS_ALLOW,
	.help = "They may ask."},
    {.path = "access.deny",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.deny),
	.max = CONFIG_PREFIXES_MAX,
	.example = "192.168.66.0/24",
	.verdict = ACCESS_DENY,
	.help = "They are refused."},
    {.path = "access.trusted",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.trusted),
	.max = CONFIG_PREFIXES_MAX,
	.initial = "127.0.0.0/8 ::1",
	.verdict = ACCESS_TRUSTED,
	.help = "They may ask and are free of limits for one client."},
    {.path = "access.transfer",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.transfer),
	.max = CONFIG_PREFIXES_MAX,
	.example = "192.0.2.7 2001:db8:7::/48",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them who may transfer zones (AXFR, IXFR). By\n"
		"default nobody may; see transfer."},
    {.path = "access.notify",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.notify),
	.max = CONFIG_PREFIXES_MAX,
	.example = "192.0.2.7",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them whose NOTIFY is passed on. By default\n"
		"nobody's."},
    {.path = "access.update",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(access.update),
	.max = CONFIG_PREFIXES_MAX,
	.example = "192.0.2.7",
	.verdict = ACCESS_ALLOW,
	.help = "Those of them whose UPDATE is passed on. By default\n"
		"nobody's. What they may change is for the server to say:\n"
		"to it all updates come from quolld. Let it demand TSIG."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_access = CONFIG_TABLE(access_keys);

static const struct config_key limits_keys[] = {
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
    {.path = "limits.waiters",
	.type = CONFIG_TYPE_COUNT,
	IN_CONFIG(limits.waiters),
	.min = 1,
	.max = WAITERS_MAX,
	.initial = "1000",
	.help = "Who asks what is being asked upstream already waits for\n"
		"that answer. So many wait for one; for more the question\n"
		"is asked once again."},
    {.path = "limits.memory",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(limits.memory_bytes),
	.max = 1024 * 1024 * MIB,
	.initial = "0",
	.help = "Memory of all connections together. 0 means a quarter\n"
		"of the machine's, or of what the control group allows."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_limits = CONFIG_TABLE(limits_keys);
