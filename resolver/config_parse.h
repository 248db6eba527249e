/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the configuration share among themselves: the table of
 * options, setting one value from text, URLs. Nobody else includes it.
 */
#ifndef QUOLL_RESOLVER_CONFIG_PARSE_H
#define QUOLL_RESOLVER_CONFIG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/config.h"

#define CONFIG_FILE_MAX (1024 * 1024)
#define CONFIG_DEPTH_MAX 8     /* the deepest legal place is 6 */
#define CONFIG_KEYS_MAX 160    /* rows of the table; asserted by a test */
#define CONFIG_PATH_LEN 64     /* of a key, asserted by a test */
#define CONFIG_CHOICES_MAX 8   /* NULL included */
#define CONFIG_TEXT_MAX 4096   /* one value; PATH_MAX is the longest sane one */
#define CONFIG_PORTS_LEFT 1024 /* to draw from, RFC 5452 9.2 */

enum config_type {
	CONFIG_TYPE_SECTION,  /* no value: holds other keys */
	CONFIG_TYPE_COUNT,    /* uint32_t */
	CONFIG_TYPE_DURATION, /* uint64_t, ms */
	CONFIG_TYPE_SIZE,     /* uint64_t, bytes */
	CONFIG_TYPE_BOOL,     /* bool */
	CONFIG_TYPE_CHOICE,   /* an enum; the number of the choice */
	CONFIG_TYPE_TEXT,     /* char * */
	CONFIG_TYPE_UPSTREAM, /* char *, a URL of -u */
	CONFIG_TYPE_ADDRESS,  /* struct config_addr; its len 0: none */
	CONFIG_TYPE_NAT64,    /* struct dns64_net; its bits 0: none */
	CONFIG_TYPE_LISTENS,  /* lists from here on */
	CONFIG_TYPE_SERVERS,
	CONFIG_TYPE_CERTS,
	CONFIG_TYPE_STUBS,
	CONFIG_TYPE_OPTIONS, /* names with values: items are "NAME: VALUE" */
	CONFIG_TYPE_ADDRS,
	CONFIG_TYPE_PINS,
	CONFIG_TYPE_RECORDS,
	CONFIG_TYPE_FILES,
	CONFIG_TYPE_LISTS,
	CONFIG_TYPE_PORTS,
	CONFIG_TYPE_PREFIXES,
	CONFIG_TYPE_ZONES, /* uint64_t, bits of dns/special.h */
	CONFIG_TYPE_NAMES, /* of this server, for clients to find it */
};

/*
 * One row of the table. `path` joins sections with dots; keys of the mappings
 * in a list of records are "upstream.servers[].name", and their offset is one
 * into the record: struct config_server, config_cert, config_list.
 */
struct config_key {
	const char *path;
	enum config_type type;
	size_t offset;
	uint64_t min;	     /* of the value */
	uint64_t max;	     /* of the value; of a list: how many items */
	const char *initial; /* default; items of a list parted by blanks */
	const char *example; /* for the sample, where it should differ */
	const char *choices[CONFIG_CHOICES_MAX];
	enum access_verdict verdict; /* of prefixes */
	bool is_restart;	     /* a reload cannot change it */
	const char *help;	     /* lines parted by newlines */
};

/* The rows of the whole table, counted through; NULL behind the last. */
const struct config_key *config_key_at(size_t i);

/* Its number; it must be one of them. */
size_t config_key_index(const struct config_key *key);

/* The row of this path, or NULL. */
const struct config_key *config_key_find(const char *path);

/* The last part of the row's path: "idle-timeout". */
const char *config_key_name(const struct config_key *key);

/* Is the row one below this section or list? Those follow it at once. */
bool config_key_is_below(
    const struct config_key *key, const struct config_key *section);

bool config_type_is_list(enum config_type type);

/* Is it a list whose items are records, with keys of their own? */
bool config_type_has_records(enum config_type type);

/*
 * Sets the value of `key` in `base` (a struct config, or a record for its
 * keys) from text, or appends to it if the key is a list.
 * An item of a list of servers is a URL. On failure the value stays as it was
 * and `why` says what is wrong, quoting the text. Returns 0, -EINVAL, -ENOMEM.
 */
int config_value_set(const struct config_key *key, void *base,
    const struct config_build *build, const char *text,
    char why[CONFIG_ERROR_LEN]);

/* Frees what the value holds and makes it empty; numbers are left alone. */
void config_value_clear(const struct config_key *key, void *base);

/* Sets the default. Fails for lack of memory only, or for a bad table. */
int config_value_init(const struct config_key *key, void *base,
    const struct config_build *build, char why[CONFIG_ERROR_LEN]);

/* For config_value_set: the same for lists (config_list.c). */
int config_list_append(const struct config_key *key, void *base,
    const struct config_build *build, const char *text,
    char why[CONFIG_ERROR_LEN]);
void config_list_clear(const struct config_key *key, void *base);

/* Writes `"text" ` and the format into `why`; returns -EINVAL. */
int config_value_fail(char why[CONFIG_ERROR_LEN], const char *text,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for lack of memory; returns -ENOMEM. */
int config_value_no_memory(char why[CONFIG_ERROR_LEN]);

/* An item of a list of records. */
union config_record {
	struct config_server server;
	struct config_cert cert;
	struct config_stub stub;
	struct config_list list;
};

/* Frees what the values of a record of this list hold. */
void config_record_clear(const struct config_key *list, void *record);

/*
 * Appends a record whose keys have been read to the list of `key` in `base`,
 * which owns what it holds from then on. On failure the record is cleared.
 * Returns 0, or -EINVAL, -ENOMEM with `why`.
 */
int config_record_append(const struct config_key *key, void *base,
    const struct config_build *build, union config_record *record,
    char why[CONFIG_ERROR_LEN]);

/* Local data and lists (config_local.c): as config_list_append(). */
int config_rr_append(
    struct config_texts *list, const char *text, char why[CONFIG_ERROR_LEN]);
int config_file_append(
    struct config_texts *list, const char *text, char why[CONFIG_ERROR_LEN]);

/* Checks a list whose keys have been read and appends it; on failure the list
 * of lists stays as it was, and `item` the caller's. */
int config_blocks_append(struct config_lists *list,
    const struct config_list *item, char why[CONFIG_ERROR_LEN]);

/*
 * Checks a server whose keys have been read, completes it (port, name and
 * addresses from the URL) and appends it to the list, which owns what it holds
 * from then on. On failure the server is cleared. Returns 0, or -EINVAL,
 * -ENOMEM with `why`.
 */
int config_server_append(struct config_servers *list,
    struct config_server *server, const struct config_build *build,
    char why[CONFIG_ERROR_LEN]);

/* Frees what it holds. */
void config_server_clear(struct config_server *server);

/*
 * Appends "NAME: VALUE" if the name is one that may be set (config_options.c).
 * Returns 0, or -EINVAL, -ENOMEM with `why`.
 */
int config_option_append(
    struct config_options *list, const char *text, char why[CONFIG_ERROR_LEN]);
void config_options_clear(struct config_options *list);

/* Prints the names that may be set, for the manual. */
void config_options_print(FILE *out);

/* Writes a duration or size as it would be written in the file. */
void config_amount_format(
    enum config_type type, uint64_t amount, char ret_text[24]);

/*
 * Reads the digits that the text begins with, at least one; *ret_rest is what
 * follows. 0, -EINVAL, or -ERANGE beyond 64 bits.
 */
int config_digits_scan(
    const char *text, uint64_t *ret_number, const char **ret_rest);

/* Reads a decimal number without sign. 0, -EINVAL, or -ERANGE. */
int config_number_parse(
    const char *text, uint64_t min, uint64_t max, uint64_t *ret_number);

/* What stood between "://" and the port. */
enum config_host {
	CONFIG_HOST_ADDRESS,
	CONFIG_HOST_LOCALHOST, /* two addresses */
	CONFIG_HOST_ANY,       /* "*", two addresses; only to listen on */
	CONFIG_HOST_NAME,      /* no address; only of upstreams */
};

#define CONFIG_HOST_LEN 254 /* a name of 253 octets, RFC 1035 2.3.4 */

/* A URL, taken apart. The addresses carry the port. */
struct config_url {
	enum config_scheme scheme;
	enum config_host kind;
	uint16_t port;
	char host[CONFIG_HOST_LEN];
	struct config_addr addr[2];
	size_t addr_count;
};

/* Takes a URL apart. 0, or -EINVAL with `why`. */
int config_url_parse(const char *text, bool is_listen,
    const struct config_build *build, char why[CONFIG_ERROR_LEN],
    struct config_url *ret_url);

/* Reads an address without brackets, with an IPv6 zone; 0 or -EINVAL. */
int config_addr_parse(
    const char *text, uint16_t port, struct config_addr *ret_addr);

/*
 * Reads ADDRESS:PORT, an IPv6 address in brackets, or a port alone, which is
 * one of 127.0.0.1.  0, or -EINVAL with `why`.
 */
int config_address_parse(
    const char *text, char why[CONFIG_ERROR_LEN], struct config_addr *ret_addr);

/* Is it a host name in letters, digits, '-' and '_'? A dot may end it. */
bool config_name_is_valid(const char *text);

/* What one load works on. */
struct config_loader {
	const char *name; /* of the file, for errors; NULL: there is none */
	const struct config_build *build;
	struct config_errors *errors;
	struct config *config;
	size_t line[CONFIG_KEYS_MAX]; /* where each key was given; 0: not */
	int rc;			      /* -ENOMEM once that happened */
};

/* Adds an error; line 0: no line can be told. */
void config_error(struct config_loader *loader, size_t line, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* No room for more errors, or no memory: stop looking. */
bool config_is_hopeless(const struct config_loader *loader);

/* The line of a key, or 0. */
size_t config_line(const struct config_loader *loader, const char *path);

/* Reads YAML into loader->config (config_yaml.c). Errors go to the list. */
void config_yaml_read(
    struct config_loader *loader, const char *text, size_t len);

/* Checks what concerns several keys, and compiles (config_check.c). */
void config_check(struct config_loader *loader);

#endif
