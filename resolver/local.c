/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files are read piece by piece: nothing that stands in one of them makes us
 * hold more of it than a line, besides the names.
 *
 * Sources are added in the order of their rank: local data, which is there from
 * the begin, then the lists as they stand in the configuration.
 */
#include "resolver/local.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "dns/list.h"
#include "dns/zone.h"

#define LINE_LEN 1024
#define MSEC_PER_SEC 1000
#define MIB (1024 * 1024)

struct load {
	const struct config *config;
	const struct certs_listener *listener;
	struct dns_local *local;
	uint32_t ttl;
	size_t files;
};

/* Takes a line of a file. */
typedef int (*line_fn)(
    struct dns_list *list, size_t number, const char *line, size_t len);

static void __attribute__((format(printf, 3, 4)))
tell(const struct load *load, enum log_level level, const char *fmt, ...)
{
	char text[LINE_LEN];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	load->listener->tell(load->listener->arg, level, text);
}

static const char *
explain(int rc)
{
	if (rc == -EFBIG)
		return "too many names";
	if (rc == -E2BIG)
		return "too many records of one name";
	if (rc == -EEXIST)
		return "a name with a CNAME has no other records";
	return strerror(-rc);
}

/* ------------------------------------------------------------- records -- */

static int
add_record(void *arg, const struct dns_local_record *rr)
{
	return dns_local_add_record(arg, DNS_LOCAL_DATA_SOURCE, rr);
}

static int
load_records(struct load *load)
{
	const struct config_texts *list = &load->config->local.records;
	const char *why;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->count; i++) {
		why = NULL;
		rc = dns_zone_parse(
		    list->item[i], load->ttl, add_record, load->local, &why);
		if (rc != 0)
			tell(load, LOG_LEVEL_ERROR,
			    "%s: local.records: \"%s\": %s", load->config->file,
			    list->item[i], why != NULL ? why : explain(rc));
	}
	return rc;
}

/* --------------------------------------------------------------- files -- */

/* What comes up to the next newline; false at the end.  Of a line that is too
 * long *ret_len is beyond DNS_LIST_LINE_MAX. */
static bool
read_line(FILE *in, char line[DNS_LIST_LINE_MAX], size_t *ret_len)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (len < DNS_LIST_LINE_MAX)
			line[len] = (char)c;
		len++;
	}
	*ret_len = len;
	return c != EOF || len > 0;
}

static int
read_lines(FILE *in, struct dns_list *list, line_fn fn, size_t *ret_number)
{
	char line[DNS_LIST_LINE_MAX];
	size_t number = 0;
	size_t len;
	int rc = 0;

	while (rc == 0 && read_line(in, line, &len)) {
		number++;
		if (len <= sizeof(line))
			rc = fn(list, number, line, len);
		else
			dns_list_skip(list, number);
	}
	*ret_number = number;
	return rc == 0 && ferror(in) ? -EIO : rc;
}

static void
tell_left_out(
    const struct load *load, const char *file, const struct dns_list *list)
{
	if (list->first_skipped != 0)
		tell(load, LOG_LEVEL_WARN,
		    "%s:%zu: not understood; left out, %zu in all", file,
		    list->first_skipped, list->skipped);
	else if (list->skipped > 0)
		tell(load, LOG_LEVEL_WARN,
		    "%s: %zu records are outside of the zone or clash with "
		    "others, and are left out",
		    file, list->skipped);
	if (list->unsupported > 0)
		tell(load, LOG_LEVEL_WARN,
		    "%s: %zu policies are not done here: only names are "
		    "triggers",
		    file, list->unsupported);
}

/* A fault of what the configuration says, at `line` if that is not 0. */
static int
tell_key(const struct load *load, size_t line, const char *key,
    const char *file, int rc)
{
	const char *config = load->config->file;

	if (config == NULL)
		tell(load, LOG_LEVEL_ERROR, "%s: %s: %s", key, file,
		    explain(rc));
	else if (line == 0)
		tell(load, LOG_LEVEL_ERROR, "%s: %s: %s: %s", config, key, file,
		    explain(rc));
	else
		tell(load, LOG_LEVEL_ERROR, "%s:%zu: %s: %s: %s", config, line,
		    key, file, explain(rc));
	return rc;
}

/* Reads a file by lines, or, with `fn` NULL, as a policy zone. */
static int
read_file(struct load *load, const char *file, FILE *in, struct dns_list *list,
    line_fn fn)
{
	struct dns_zone_fault fault = {.text = NULL};
	int rc;

	dns_list_init(list);
	if (fn != NULL)
		rc = read_lines(in, list, fn, &fault.line);
	else
		rc =
		    dns_zone_read(in, load->ttl, dns_list_policy, list, &fault);
	(void)fclose(in); /* was only read */
	if (rc != 0)
		tell(load, LOG_LEVEL_ERROR, "%s:%zu: %s", file, fault.line,
		    rc == -EINVAL ? fault.text : explain(rc));
	else
		tell_left_out(load, file, list);
	load->files++;
	return rc;
}

static int
load_hosts(struct load *load)
{
	const struct config_texts *files = &load->config->local.hosts;
	struct dns_list list = {
	    .local = load->local,
	    .source = DNS_LOCAL_DATA_SOURCE,
	    .ttl = load->ttl,
	};
	FILE *in;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < files->count; i++) {
		rc = file_open(files->item[i], &in);
		if (rc != 0)
			return tell_key(
			    load, 0, "local.hosts", files->item[i], rc);
		rc = read_file(
		    load, files->item[i], in, &list, dns_list_host_data);
	}
	return rc;
}

/* --------------------------------------------------------------- lists -- */

static int
ede_of(const struct config_list *c)
{
	switch (c->ede) {
	case CONFIG_LIST_BLOCKED:
		return DNS_EDE_BLOCKED;
	case CONFIG_LIST_CENSORED:
		return DNS_EDE_CENSORED;
	case CONFIG_LIST_FILTERED:
		return DNS_EDE_FILTERED;
	case CONFIG_LIST_SILENT:
		break;
	}
	return DNS_EDE_NONE;
}

static enum dns_local_action
action_of(const struct config_list *c)
{
	if (c->addresses.count > 0)
		return DNS_LOCAL_RECORDS;
	switch (c->answer) {
	case CONFIG_LIST_NXDOMAIN:
		return DNS_LOCAL_NXDOMAIN;
	case CONFIG_LIST_NODATA:
		return DNS_LOCAL_NODATA;
	case CONFIG_LIST_REFUSED:
		return DNS_LOCAL_REFUSED;
	case CONFIG_LIST_ALLOW:
		return DNS_LOCAL_ALLOW;
	case CONFIG_LIST_DEFAULT:
		break;
	}
	return c->format == CONFIG_LIST_RPZ ? DNS_LOCAL_NONE
					    : DNS_LOCAL_NXDOMAIN;
}

static line_fn
reader_of(const struct config_list *c)
{
	switch (c->format) {
	case CONFIG_LIST_NAMES:
		return dns_list_name;
	case CONFIG_LIST_HOSTS:
		return dns_list_host;
	case CONFIG_LIST_RPZ:
		break;
	}
	return NULL;
}

static int
add_addresses(
    struct load *load, unsigned source, const struct config_addrs *list)
{
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;
	struct dns_local_record rr = {.ttl = load->ttl};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->count; i++) {
		sin = (const void *)&list->item[i].ss;
		sin6 = (const void *)&list->item[i].ss;
		if (sin->sin_family == AF_INET) {
			rr.type = DNS_TYPE_A;
			rr.rdata = (const uint8_t *)&sin->sin_addr;
			rr.rdata_len = sizeof(sin->sin_addr);
		} else {
			rr.type = DNS_TYPE_AAAA;
			rr.rdata = (const uint8_t *)&sin6->sin6_addr;
			rr.rdata_len = sizeof(sin6->sin6_addr);
		}
		rc = dns_local_share_record(load->local, source, &rr);
	}
	return rc;
}

static int
load_list(struct load *load, const struct config_list *c)
{
	struct dns_local_source source = {.ttl = load->ttl, .ede = ede_of(c)};
	struct dns_list list = {
	    .local = load->local,
	    .action = action_of(c),
	    .scope = DNS_LOCAL_SELF | (c->subdomains ? DNS_LOCAL_BELOW : 0),
	};
	FILE *in;
	int rc;

	(void)snprintf(source.text, sizeof(source.text), "%s",
	    c->name != NULL ? c->name : "");
	rc = dns_local_add_source(load->local, &source, &list.source);
	if (rc == 0)
		rc = add_addresses(load, list.source, &c->addresses);
	if (rc == 0)
		rc = file_open(c->file, &in);
	if (rc != 0)
		return tell_key(load, c->line, "local.lists", c->file, rc);
	return read_file(load, c->file, in, &list, reader_of(c));
}

static int
load_lists(struct load *load)
{
	const struct config_lists *lists = &load->config->local.lists;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < lists->count; i++)
		rc = load_list(load, &lists->item[i]);
	return rc;
}

/* ----------------------------------------------------------------- all -- */

static int
load_all(struct load *load)
{
	nsec begin = clock_now();
	uint64_t ms;
	int rc = load_records(load);

	if (rc == 0)
		rc = load_hosts(load);
	if (rc == 0)
		rc = load_lists(load);
	if (rc != 0)
		return rc;
	rc = dns_local_finish(load->local);
	if (rc != 0) {
		tell(load, LOG_LEVEL_ERROR, "local: %s", explain(rc));
		return rc;
	}
	ms = (clock_now() - begin) / NSEC_PER_MSEC;
	tell(load, LOG_LEVEL_INFO,
	    "local: %zu names, %zu files, %zu MB, %" PRIu64 ".%03" PRIu64 " s",
	    dns_local_names(load->local), load->files,
	    dns_local_octets(load->local) / MIB, ms / MSEC_PER_SEC,
	    ms % MSEC_PER_SEC);
	return 0;
}

/* Whoever asks must not know how names are hashed. */
static struct dns_local *
make_table(uint32_t ttl)
{
	uint8_t key[HASH_KEY_LEN];
	struct random random;

	random_init(&random, NULL, NULL);
	random_bytes(&random, key, sizeof(key));
	random_done(&random);
	return dns_local_new(key, ttl);
}

int
local_load(const struct config *config, const struct certs_listener *listener,
    struct dns_local **ret_local)
{
	struct load load = {
	    .config = config,
	    .listener = listener,
	    .ttl = (uint32_t)(config->local.ttl_ms / MSEC_PER_SEC),
	};
	int rc;

	if (config->local.records.count == 0 &&
	    config->local.hosts.count == 0 && config->local.lists.count == 0) {
		*ret_local = NULL;
		return 0;
	}
	load.local = make_table(load.ttl);
	if (load.local == NULL) {
		tell(&load, LOG_LEVEL_ERROR, "local: out of memory");
		return -ENOMEM;
	}
	rc = load_all(&load);
	if (rc == 0)
		*ret_local = load.local;
	else
		dns_local_free(load.local);
	return rc;
}
