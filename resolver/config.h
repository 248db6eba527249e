/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: one immutable snapshot, made from a YAML file and the
 * command line, shared by all workers and replaced as a whole by a reload.
 *
 * Which keys there are, their types, limits, defaults and help stand in one
 * table (config_table.h). It drives parsing, --check, the commented sample
 * etc/quolld.yaml and the list of keys in quolld.yaml(5).
 */
#ifndef QUOLL_RESOLVER_CONFIG_H
#define QUOLL_RESOLVER_CONFIG_H

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dns/dns64.h"
#include "resolver/access.h"
#include "resolver/ops/log.h"

/* What is spoken at an address: the part of a URL before "://". */
enum config_scheme {
	CONFIG_QUIC,
	CONFIG_UDP,
	CONFIG_TCP,
	CONFIG_TLS,
	CONFIG_H3,
	CONFIG_SCHEMES
};

#define CONFIG_SCHEME_BIT(scheme) (UINT32_C(1) << (scheme))

/* Who answers what the special names do not. */
enum config_mode {
	CONFIG_MODE_NONE,
	CONFIG_MODE_FORWARD,
	CONFIG_MODE_RECURSIVE,
};

/* Which upstream server is asked first. */
enum config_policy {
	CONFIG_POLICY_FAILOVER,
	CONFIG_POLICY_FASTEST,
	CONFIG_POLICY_ROUND_ROBIN,
};

/* What becomes of Client Subnet (RFC 7871). */
enum config_ecs {
	CONFIG_ECS_STRIP,
	CONFIG_ECS_FORWARD,
	CONFIG_ECS_ADD,
};

/* Which clients have to prove their address first (RFC 9000 8.1.2). */
enum config_retry {
	CONFIG_RETRY_AUTO,
	CONFIG_RETRY_ALWAYS,
	CONFIG_RETRY_NEVER,
};

/* What becomes of questions for ANY (RFC 8482). */
enum config_any {
	CONFIG_ANY_FORWARD,
	CONFIG_ANY_HINFO,
};

/* What is done for operators of zones only, and for nobody by default. */
enum config_right {
	CONFIG_MAY_TRANSFER,
	CONFIG_MAY_NOTIFY,
	CONFIG_MAY_UPDATE,
	CONFIG_RIGHTS
};

/* One socket address. */
struct config_addr {
	struct sockaddr_storage ss;
	socklen_t len;
};

/*
 * One address to listen on. The hosts `localhost` and `*` stand for two,
 * one of each address family; both then have is_either set: where the
 * machine lacks one of the families, that one may be left out with a line in
 * the log. Port 0 lets the system choose.
 */
struct config_listen {
	enum config_scheme scheme;
	struct config_addr addr;
	bool is_either;
};

struct config_listens {
	struct config_listen *item;
	size_t count;
};

struct config_texts {
	char **item;
	size_t count;
};

struct config_addrs {
	struct config_addr *item;
	size_t count;
};

/*
 * One upstream server. Every address carries the URL's port, at least one is
 * there. The name is what the certificate must be for (RFC 8310 6); NULL: the
 * address itself must be in the certificate, unless pins say enough.
 */
struct config_server {
	char *url; /* as it was written, for lines in the log */
	enum config_scheme scheme;
	uint16_t port;
	struct config_addrs addresses;
	char *name;
	struct config_texts pins; /* SHA-256 of the DER SPKI, base64 */
	char *ca;		  /* file; NULL: the system's store */
	bool is_proxied; /* it reads the PROXY protocol: tell it of clients */
};

struct config_servers {
	struct config_server *item;
	size_t count;
};

/* One certificate with its chain and its private key: files in PEM. */
struct config_cert {
	char *cert;
	char *key;
	size_t line; /* of the file, for errors; 0: none */
};

struct config_certs {
	struct config_cert *item;
	size_t count;
};

/* How a list of names is written: a name a line, hosts(5), or a zone file of a
 * response policy zone. */
enum config_list_format {
	CONFIG_LIST_NAMES,
	CONFIG_LIST_HOSTS,
	CONFIG_LIST_RPZ,
};

/* What is answered for its names. */
enum config_list_answer {
	CONFIG_LIST_DEFAULT, /* NXDOMAIN; of rpz: what the zone says */
	CONFIG_LIST_NXDOMAIN,
	CONFIG_LIST_NODATA,
	CONFIG_LIST_REFUSED,
	CONFIG_LIST_ALLOW,
};

enum config_list_ede {
	CONFIG_LIST_BLOCKED,
	CONFIG_LIST_CENSORED,
	CONFIG_LIST_FILTERED,
	CONFIG_LIST_SILENT,
};

/* A list of names that are answered otherwise. */
struct config_list {
	char *file;
	enum config_list_format format;
	enum config_list_answer answer;
	struct config_addrs addresses; /* instead of the answer */
	bool subdomains;
	enum config_list_ede ede;
	char *name;  /* EXTRA-TEXT; may be NULL */
	size_t line; /* of the file, for errors; 0: none */
};

struct config_lists {
	struct config_list *item;
	size_t count;
};

/* UDP source ports first..last, both included. */
struct config_ports {
	struct config_port_range {
		uint16_t first;
		uint16_t last;
	} * item;
	size_t count;
};

/* An option of libunbound, as upstream.recursive.options names it. */
struct config_option {
	char *name;
	char *value;
	size_t line; /* of the file, for errors */
};

struct config_options {
	struct config_option *item;
	size_t count;
};

/* Who is asked about a zone and what is below it, instead of its parents. */
struct config_stub {
	char *zone; /* in text, checked */
	struct config_addrs addresses;
	uint32_t port; /* 0: 53 */
	size_t line;
};

struct config_stubs {
	struct config_stub *item;
	size_t count;
};

struct config_prefixes {
	struct access_prefix *item;
	size_t count;
};

/* Everything that can be set. Read-only once loaded; strings may be NULL. */
struct config {
	atomic_uint refs;

	char *file;	  /* as errors name it; NULL: there was none */
	uint32_t workers; /* 0: one for each processor */
	char *state;	  /* directory; NULL: see state.h */
	struct config_listens listen;

	/* All certificates are in the list: that of cert and key, if there is
	 * one, comes first. */
	struct {
		char *cert; /* both files or neither */
		char *key;
		bool tickets;
		struct config_certs certificates;
	} tls;

	struct {
		uint64_t idle_timeout_ms;
		uint64_t handshake_timeout_ms;
		uint64_t query_arrival_timeout_ms;
		uint64_t delivery_timeout_ms;
		uint32_t max_streams;
		bool early_data;
		enum config_retry retry;
		uint32_t retry_above; /* handshakes in flight a worker */
		bool version_2;
		uint64_t stream_window_bytes;
		uint64_t connection_window_bytes;
		uint64_t connection_window_max_bytes;
		uint64_t unsent_max_bytes;
	} quic;

	struct {
		enum config_mode mode;
		enum config_policy policy;
		struct config_servers servers;
		uint64_t timeout_ms; /* one server's turn */
		bool prefer_tcp;
		bool randomise_case;
		bool cookies;
		struct config_ports avoid_ports;
		struct {
			char *root_hints;   /* file; NULL: built in */
			char *trust_anchor; /* file; NULL: built in */
			size_t root_hints_line;
			size_t trust_anchor_line;
			bool validate;
			uint64_t cache_bytes;
			struct config_options options;
			struct config_stubs stubs;
			struct config_stubs forwards;
		} recursive;
	} upstream;

	/* Answers that are kept; TTLs are whole seconds, rounded down. */
	struct {
		uint64_t bytes; /* 0: none are */
		uint64_t min_ttl_ms;
		uint64_t max_ttl_ms;
		uint64_t max_negative_ttl_ms;
		uint64_t failure_ttl_ms;
		uint64_t stale_ms; /* beyond their time; 0: not */
		uint64_t stale_client_timeout_ms;
		bool prefetch;
		bool rotate;
		bool nxdomain_cut;
		bool save;
	} cache;

	struct {
		enum config_ecs mode;
		uint32_t ipv4; /* most bits of an address that leave */
		uint32_t ipv6;
	} ecs;

	struct {
		struct config_prefixes allow;
		struct config_prefixes deny;
		struct config_prefixes trusted;
		struct access *list; /* the three, compiled; never NULL */
		struct config_prefixes transfer;
		struct config_prefixes notify;
		struct config_prefixes update;
		/* These three; NULL: nobody. */
		struct access *right[CONFIG_RIGHTS];
	} access;

	struct {
		uint32_t client_connections;
		uint32_t client_handshakes;
		uint64_t query_timeout_ms;
		uint32_t waiters;      /* for one answer of upstream */
		uint64_t memory_bytes; /* of connections; 0: 25 % of RAM */
	} limits;

	struct {
		struct config_servers servers; /* none: those of upstream */
		uint32_t max;		       /* of a worker */
		uint64_t timeout_ms;
	} transfer;

	struct {
		enum log_level level;
		enum log_format format;
	} log;

	struct {
		struct config_addr listen; /* its len is 0: nowhere */
	} metrics;

	struct {
		struct config_texts records; /* each of them is one */
		struct config_texts hosts;   /* files */
		struct config_lists lists;
		uint64_t ttl_ms;
	} local;

	struct {
		uint64_t forward; /* the `off` of dns_special_find() */
		char *version;	  /* NULL: not told */
		char *id;
		enum config_any any;
	} special;

	struct {
		bool enabled;
		struct config_texts names;
		struct config_addrs addresses;
		size_t line; /* of names, for errors; 0: none */
	} ddr;

	struct {
		struct dns64_net prefix;
		struct config_prefixes exclude;
		struct config_prefixes clients;
		struct access *for_whom; /* the clients, compiled; NULL: all */
		struct dns64 rules;	 /* prefix and exclude, compiled */
		struct dns64_net *nets;	 /* what the rules borrow */
	} dns64;
};

/*
 * What this build can do, as sets of CONFIG_SCHEME_BIT. Anything else is an
 * error with its line.
 */
struct config_build {
	uint32_t listen_schemes;
	uint32_t upstream_schemes;
};

#define CONFIG_URLS_MAX 64

/*
 * What the command line says instead of the file. NULL or 0: nothing. The
 * strings stay the caller's and are only read. The URLs have been checked
 * with config_url_check.
 */
struct config_override {
	const char *listen[CONFIG_URLS_MAX];
	size_t listen_count; /* > 0: replaces the file's list */
	const char *upstream[CONFIG_URLS_MAX];
	size_t upstream_count; /* > 0: replaces the list, implies forward */
	const char *cert;      /* with key: replaces all of the file's */
	const char *key;
	const char *state;
	uint32_t workers;
	unsigned verbosity; /* 1: log level debug; 2: QUIC's trace too */
};

#define CONFIG_ERRORS_MAX 20
#define CONFIG_ERROR_LEN 512

/*
 * What is wrong, one line each without a newline: `FILE:LINE: what`. Printable
 * ASCII only. Starts as {0}; `dropped` counts what did not fit.
 */
struct config_errors {
	size_t count;
	size_t dropped;
	char text[CONFIG_ERRORS_MAX][CONFIG_ERROR_LEN];
};

/*
 * Loads a snapshot from the file at `path`; NULL means no file, the built-in
 * defaults. `over` may be NULL. An empty file is the defaults, too.
 *
 * Returns 0 and one reference in *ret_config, which the caller gives back with
 * config_unref. Otherwise *ret_config is untouched and `errors` has at least
 * one line: -EINVAL for wrong content, the errno of open or read for a file
 * that cannot be had, -EFBIG above 1 MiB, -ENOMEM.
 */
int config_load(const char *path, const struct config_build *build,
    const struct config_override *over, struct config_errors *errors,
    struct config **ret_config);

/*
 * The same from memory; `name` stands for the file's in errors. The text is
 * only read, need not end in NUL, and may hold any bytes.
 */
int config_load_text(const char *name, const char *text, size_t len,
    const struct config_build *build, const struct config_override *over,
    struct config_errors *errors, struct config **ret_config);

/* One reference more; any thread. Returns its argument. */
struct config *config_ref(struct config *config);

/* One reference less; the last one frees. Any thread. NULL is fine. */
void config_unref(struct config *config);

/*
 * Which keys differ between two snapshots although a running quolld cannot
 * change them. Writes at most `max` key paths (static text) and returns how
 * many it wrote.
 */
size_t config_restart_keys(const struct config *old, const struct config *new,
    const char **ret_keys, size_t max);

/*
 * Is `url` one that -l (is_listen) or -u takes? 0, or -EINVAL with a sentence
 * in `why` that quotes the URL and names what is wrong with it.
 */
int config_url_check(const char *url, bool is_listen,
    const struct config_build *build, char *why, size_t whylen);

#define CONFIG_URL_LEN 80 /* longest: tls://[v6 of 45 octets%scope]:65535 */

/*
 * Writes `scheme://host:port`, always with the port, NUL-ended. The address
 * is an AF_INET or AF_INET6 one; another family gives `scheme://?`.
 */
void config_url_format(enum config_scheme scheme, const struct sockaddr *sa,
    char ret_text[CONFIG_URL_LEN]);

/* Is it 0.0.0.0 or [::], which stands for every address? */
bool config_addr_is_any(const struct config_addr *addr);

/* Is what this scheme says protected by TLS? */
bool config_scheme_is_encrypted(enum config_scheme scheme);

/* Prints etc/quolld.yaml: every key with help and default, commented out. */
void config_print_sample(FILE *out);

/* Prints the list of keys of quolld.yaml(5), in mdoc. */
void config_print_manual(FILE *out);

#endif
