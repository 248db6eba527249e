/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recursor's engine: libunbound.
 *
 * One context, asynchronous, with a thread of its own that libunbound makes at
 * the first question; the recursor's thread is the only one that calls it.
 * Options are set before that and never change: another configuration is
 * another context.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/name.h"
#include "resolver/back/recursor_engine.h"
#include "resolver/back/recursor_files.h"
#include "resolver/config.h"
#include "resolver/ops/log.h"

#define CLASS_IN 1
#define RCODE_SERVFAIL 2
#define DNS_PORT 53

#define OPTION_NAME_MAX 64
#define ADDRESS_TEXT_MAX 96

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IP6_LOOPBACK                                                           \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."

struct engine {
	struct ub_ctx *ctx;
	struct log *log;
};

/* ------------------------------------------------------------- answers -- */

static const char *
skip_to(const char *text, const char *what)
{
	return text != NULL ? strstr(text, what) : NULL;
}

/* Of libunbound's sentence only what it says of signatures is used. */
static enum recursor_why
why_of(const char *sentence)
{
	if (skip_to(sentence, "signature expired") != NULL)
		return RECURSOR_WHY_EXPIRED;
	if (skip_to(sentence, "signature before inception date") != NULL)
		return RECURSOR_WHY_NOT_YET;
	if (skip_to(sentence, "no signatures") != NULL)
		return RECURSOR_WHY_UNSIGNED;
	return RECURSOR_WHY_OTHER;
}

static void
read_result(const struct ub_result *result, struct recursor_answer *ret)
{
	/* Without a question it is libunbound's own: there is no answer. */
	if (result->answer_packet == NULL || result->answer_len <= 0 ||
	    result->rcode == RCODE_SERVFAIL) {
		ret->status = -EREMOTEIO;
		return;
	}
	if (result->bogus) {
		ret->security = RECURSOR_BOGUS;
		ret->why = why_of(result->why_bogus);
	} else if (result->secure) {
		ret->security = RECURSOR_SECURE;
	}
	ret->len = (size_t)result->answer_len;
	ret->msg = malloc(ret->len);
	if (ret->msg == NULL)
		ret->status = -ENOMEM;
	else
		memcpy(ret->msg, result->answer_packet, ret->len);
}

static int
error_of(int rc)
{
	if (rc == 0)
		return 0;
	return rc == UB_NOMEM ? -ENOMEM : -EIO;
}

static void
on_result(void *arg, int rc, struct ub_result *result)
{
	struct recursor_answer answer = {.status = 0};

	if (rc != 0 || result == NULL)
		answer.status = error_of(rc);
	else
		read_result(result, &answer);
	ub_resolve_free(result);
	recursor_answered(arg, &answer);
}

/* -------------------------------------------------------------- engine -- */

static int
engine_ask(
    void *arg, struct recursor_job *job, const uint8_t *name, uint16_t qtype)
{
	struct engine *e = arg;
	char text[DNS_NAME_TEXT_MAX];
	int rc;

	(void)dns_name_to_text(name, text, sizeof(text));
	rc = ub_resolve_async(
	    e->ctx, text, qtype, CLASS_IN, job, on_result, NULL);
	return rc == 0 ? 0 : error_of(rc);
}

static int
engine_fd(void *arg)
{
	return ub_fd(((struct engine *)arg)->ctx);
}

static int
engine_process(void *arg)
{
	int rc = ub_process(((struct engine *)arg)->ctx);

	return rc == 0 ? 0 : error_of(rc);
}

static void
engine_free(void *arg)
{
	struct engine *e = arg;

	ub_ctx_delete(e->ctx);
	free(e);
}

static const struct recursor_engine_ops engine_ops = {
    .ask = engine_ask,
    .fd = engine_fd,
    .process = engine_process,
    .free = engine_free,
};

/* ------------------------------------------------------- configuration -- */

struct setting {
	const char *name;
	const char *value;
};

/* Where libunbound's own defaults, made for small programs, do not fit. */
static const struct setting defaults[] = {
    {"do-not-query-localhost:", "yes"},
    {"minimal-responses:", "yes"},
    {"outgoing-range:", "256"},
    {"outgoing-num-tcp:", "32"},
    {"num-queries-per-thread:", "4096"},
    /* Special names are answered before it is asked, but for those that are
     * to be looked up (special.forward). */
    {"unblock-lan-zones:", "yes"},
    {"local-zone:", "localhost. nodefault"},
    {"local-zone:", "127.in-addr.arpa. nodefault"},
    {"local-zone:", IP6_LOOPBACK " nodefault"},
    {"local-zone:", "home.arpa. nodefault"},
    {"local-zone:", "test. nodefault"},
    {"local-zone:", "invalid. nodefault"},
    {"local-zone:", "onion. nodefault"},
};

static int
set(struct engine *e, const char *name, const char *value)
{
	return error_of(ub_ctx_set_option(e->ctx, name, value));
}

static int
set_defaults(struct engine *e, const struct config *config)
{
	uint64_t cache = config->upstream.recursive.cache_bytes;
	char size[sizeof("18446744073709551615")];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(defaults); i++)
		rc = set(e, defaults[i].name, defaults[i].value);
	/* Twice as much for records as for messages that refer to them. */
	(void)snprintf(size, sizeof(size), "%" PRIu64, cache / 3);
	if (rc == 0)
		rc = set(e, "msg-cache-size:", size);
	(void)snprintf(size, sizeof(size), "%" PRIu64, cache / 3 * 2);
	if (rc == 0)
		rc = set(e, "rrset-cache-size:", size);
	if (rc == 0 && !config->upstream.recursive.validate)
		rc = set(e, "module-config:", "iterator");
	return rc;
}

static int
set_option(struct engine *e, const struct config_option *option)
{
	char name[OPTION_NAME_MAX];

	(void)snprintf(name, sizeof(name), "%s:", option->name);
	return set(e, name, option->value);
}

/* In the form of unbound.conf(5): ADDRESS@PORT. */
static void
format_address(const struct config_addr *addr, uint32_t port,
    char ret_text[ADDRESS_TEXT_MAX])
{
	char host[ADDRESS_TEXT_MAX - sizeof("@65535")] = "?";

	(void)getnameinfo((const struct sockaddr *)&addr->ss, addr->len, host,
	    sizeof(host), NULL, 0, NI_NUMERICHOST);
	(void)snprintf(ret_text, ADDRESS_TEXT_MAX, "%s@%" PRIu32, host,
	    port != 0 ? port : DNS_PORT);
}

static int
set_stub(struct engine *e, const struct config_stub *stub)
{
	char text[ADDRESS_TEXT_MAX];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < stub->addresses.count; i++) {
		format_address(&stub->addresses.item[i], stub->port, text);
		rc = ub_ctx_set_stub(e->ctx, stub->zone, text, 0);
	}
	return error_of(rc);
}

/* There is no function for these, but a file can say it. */
static int
set_forwards(struct engine *e, const struct config_stubs *list)
{
	char path[sizeof("/proc/self/fd/-2147483648")];
	int fd = memfd_create("forwards", MFD_CLOEXEC);
	int rc = fd >= 0 ? 0 : -errno;

	for (size_t i = 0; rc == 0 && i < list->count; i++) {
		const struct config_stub *f = &list->item[i];

		if (dprintf(fd, "forward-zone:\n name: \"%s\"\n", f->zone) < 0)
			rc = -errno;
		for (size_t k = 0; rc == 0 && k < f->addresses.count; k++) {
			char text[ADDRESS_TEXT_MAX];

			format_address(&f->addresses.item[k], f->port, text);
			if (dprintf(fd, " forward-addr: %s\n", text) < 0)
				rc = -errno;
		}
	}
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (rc == 0)
		rc = error_of(ub_ctx_config(e->ctx, path));
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* Reads what it was told and notices what it cannot use. */
static int
finalize(struct engine *e)
{
	return error_of(ub_ctx_zone_remove(e->ctx, "finalize.invalid."));
}

/* What is wrong, with its place in the file. */
static int
complain(struct engine *e, const struct config *config, size_t line,
    const char *key, const char *value)
{
	log_err(e->log,
	    "%s:%zu: upstream.recursive.%s: libunbound cannot use %s",
	    config->file, line, key, value);
	return -EINVAL;
}

static int
set_options(struct engine *e, const struct config *config)
{
	const struct config_options *list = &config->upstream.recursive.options;

	for (size_t i = 0; i < list->count; i++) {
		const struct config_option *o = &list->item[i];

		if (set_option(e, o) != 0)
			return complain(e, config, o->line, o->name, o->value);
	}
	return 0;
}

static int
set_stubs(struct engine *e, const struct config *config)
{
	const struct config_stubs *list = &config->upstream.recursive.stubs;

	for (size_t i = 0; i < list->count; i++) {
		const struct config_stub *s = &list->item[i];

		if (set_stub(e, s) != 0)
			return complain(e, config, s->line, "stubs", s->zone);
	}
	if (config->upstream.recursive.forwards.count == 0)
		return 0;
	return set_forwards(e, &config->upstream.recursive.forwards);
}

static int
set_hints(struct engine *e, const struct config *config)
{
	const char *path = config->upstream.recursive.root_hints;

	return path != NULL ? set(e, "root-hints:", path) : 0;
}

/* Without a state directory there is nothing to keep up to date. */
static int
set_anchor(struct engine *e, const struct config *config, const char *state_dir)
{
	const char *given = config->upstream.recursive.trust_anchor;
	char path[PATH_MAX];
	int rc;

	if (!config->upstream.recursive.validate)
		return 0;
	if (state_dir == NULL)
		return given != NULL ? set(e, "trust-anchor-file:", given) : 0;
	rc = recursor_files_anchor(config, state_dir, path);
	if (rc == 0)
		return set(e, "auto-trust-anchor-file:", path);
	log_err(
	    e->log, "cannot keep trust anchors in %s: %s", path, strerror(-rc));
	return rc;
}

static int
configure(struct engine *e, const struct config *config, const char *state_dir)
{
	int rc = set_defaults(e, config);

	if (rc == 0)
		rc = set_hints(e, config);
	if (rc == 0)
		rc = set_options(e, config);
	if (rc == 0)
		rc = set_stubs(e, config);
	if (rc == 0)
		rc = set_anchor(e, config, state_dir);
	if (rc == 0)
		rc = error_of(ub_ctx_async(e->ctx, 1));
	if (rc == 0)
		rc = finalize(e);
	return rc;
}

static int
make_engine(const struct config *config, const char *state_dir, struct log *log,
    struct engine **ret)
{
	struct engine *e = calloc(1, sizeof(*e));
	int rc;

	if (e == NULL)
		return -ENOMEM;
	e->log = log;
	e->ctx = ub_ctx_create();
	rc = e->ctx != NULL ? configure(e, config, state_dir) : -ENOMEM;
	if (rc == 0)
		*ret = e;
	else
		engine_free(e);
	return rc;
}

int
recursor_new(const struct config *config, const char *state_dir,
    struct log *log, struct recursor **ret_recursor)
{
	struct engine *e;
	struct recursor *r;
	int rc = make_engine(config, state_dir, log, &e);

	if (rc != 0)
		return rc;
	r = recursor_with(&engine_ops, e, recursor_files_describe(config), log);
	if (r == NULL)
		return -ENOMEM;
	*ret_recursor = r;
	return 0;
}

bool
recursor_is_of(struct recursor *r, const struct config *config)
{
	char *about = recursor_files_describe(config);
	bool is_same = about != NULL && recursor_is_about(r, about);

	free(about);
	return is_same;
}
