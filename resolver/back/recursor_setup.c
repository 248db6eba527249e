/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A context of libunbound made of the configuration.
 *
 * libunbound looks at most of what it is told only when it is to be used, and
 * then says nothing but that something is wrong.  So a context is made ready at
 * once, and if that fails each part of the configuration is tried alone: the
 * first with which it fails is named, with its line, and with the sentence that
 * libunbound has for its log.
 *
 * That log is the process's, and so are some locks that contexts make and free
 * unguarded: see struct recursor_shared.
 */
#include "resolver/back/recursor_setup.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include "resolver/back/recursor.h"
#include "resolver/back/recursor_files.h"
#include "resolver/certs.h"
#include "resolver/config.h"
#include "resolver/ops/log.h"

#define CLASS_IN 1
#define TYPE_A 1
#define DNS_PORT 53
#define READY_NAME "ready.invalid"

#define OPTION_NAME_MAX 64

/* UDP ports at once.  When they are used up all questions wait for one, and a
 * name whose servers are silent holds one for half a minute; so they must not
 * be fewer than a client can have such names. */
#define PORTS_MAX 4096

/* Of the process's files, so many may be these ports. */
#define PORTS_SHARE 2
#define ADDRESS_TEXT_MAX 96

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IP6_LOOPBACK                                                           \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."                                     \
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."

static int
error_of(int rc)
{
	if (rc == 0)
		return 0;
	return rc == UB_NOMEM ? -ENOMEM : -EINVAL;
}

/* --------------------------------------------------------------- words -- */

/* "[TIME] libunbound[PID:THREAD] error: SENTENCE": the last two are enough. */
static const char *
sentence_of(const char *line)
{
	const char *at = strstr(line, "] ");

	at = at != NULL ? strstr(at + 2, "] ") : NULL;
	if (at == NULL)
		return line;
	at += 2;
	return strncmp(at, "error: ", 7) == 0 ? at + 7 : at;
}

static void
tell_of(const struct recursor_context *c, const char *sentence)
{
	if (c->log != NULL)
		log_warn(c->log, "libunbound: %s", sentence);
}

/* One line, as libunbound flushes each. */
static ssize_t
on_words(void *arg, const char *data, size_t len)
{
	struct recursor_context *c = arg;
	char line[RECURSOR_SAID_LEN];
	size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

	memcpy(line, data, n);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (pthread_equal(pthread_self(), c->maker) == 0)
		tell_of(c, sentence_of(line));
	else if (c->said[0] == '\0')
		(void)snprintf(
		    c->said, sizeof(c->said), "%s", sentence_of(line));
	return (ssize_t)len;
}

/* Without it the words are lost, and nothing else. */
static void
listen_to(struct recursor_context *c)
{
	c->words =
	    fopencookie(c, "w", (cookie_io_functions_t){.write = on_words});
	if (c->words == NULL)
		return;
	(void)setvbuf(c->words, NULL, _IOLBF, 0);
	(void)ub_ctx_debugout(c->ctx, c->words);
}

/* ------------------------------------------------------------- options -- */

struct setting {
	const char *name;
	const char *value;
};

/* Where libunbound's own defaults, made for small programs, do not fit. */
static const struct setting defaults[] = {
    {"do-not-query-localhost:", "yes"},
    {"minimal-responses:", "yes"},
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
    {"local-zone:", "onion. nodefault"},
};

static int
set(struct recursor_context *c, const char *name, const char *value)
{
	return error_of(ub_ctx_set_option(c->ctx, name, value));
}

static int
set_ports(struct recursor_context *c)
{
	rlim_t ports = PORTS_MAX;
	struct rlimit files;
	char text[sizeof("18446744073709551615")];

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur / PORTS_SHARE < ports)
		ports = files.rlim_cur / PORTS_SHARE;
	(void)snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)ports);
	return set(c, "outgoing-range:", text);
}

static int
set_defaults(struct recursor_context *c, const struct config *config)
{
	uint64_t cache = config->upstream.recursive.cache_bytes;
	char size[sizeof("18446744073709551615")];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(defaults); i++)
		rc = set(c, defaults[i].name, defaults[i].value);
	if (rc == 0)
		rc = set_ports(c);
	/* Twice as much for records as for messages that refer to them. */
	(void)snprintf(size, sizeof(size), "%" PRIu64, cache / 3);
	if (rc == 0)
		rc = set(c, "msg-cache-size:", size);
	(void)snprintf(size, sizeof(size), "%" PRIu64, cache / 3 * 2);
	if (rc == 0)
		rc = set(c, "rrset-cache-size:", size);
	if (rc == 0 && !config->upstream.recursive.validate)
		rc = set(c, "module-config:", "iterator");
	return rc;
}

static int
set_option(struct recursor_context *c, const struct config_option *option)
{
	char name[OPTION_NAME_MAX];

	(void)snprintf(name, sizeof(name), "%s:", option->name);
	return set(c, name, option->value);
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
set_stub(struct recursor_context *c, const struct config_stub *stub)
{
	char text[ADDRESS_TEXT_MAX];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < stub->addresses.count; i++) {
		format_address(&stub->addresses.item[i], stub->port, text);
		rc = ub_ctx_set_stub(c->ctx, stub->zone, text, 0);
	}
	return error_of(rc);
}

/* There is no function for these, but a file can say it. */
static int
set_forwards(struct recursor_context *c, const struct config_stubs *list)
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
		rc = error_of(ub_ctx_config(c->ctx, path));
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* Has it read all that it was told?  It does so for a question; the answer to
 * this one is built in. */
static int
make_ready(struct recursor_context *c)
{
	struct ub_result *result = NULL;
	int rc = ub_resolve(c->ctx, READY_NAME, TYPE_A, CLASS_IN, &result);

	ub_resolve_free(result);
	return error_of(rc);
}

/* ------------------------------------------------------------ the whole -- */

static int
check_file(
    struct recursor_context *c, const char *path, enum recursor_file kind)
{
	if (path == NULL)
		return 0;
	return recursor_files_check(path, kind, c->said, sizeof(c->said));
}

static int
set_hints(struct recursor_context *c, const char *path)
{
	int rc = check_file(c, path, RECURSOR_FILE_HINTS);

	return rc == 0 && path != NULL ? set(c, "root-hints:", path) : rc;
}

static int
set_options(struct recursor_context *c, const struct config_options *list)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->count; i++)
		rc = set_option(c, &list->item[i]);
	return rc;
}

static int
set_stubs(struct recursor_context *c, const struct config_stubs *list)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->count; i++)
		rc = set_stub(c, &list->item[i]);
	return rc;
}

/* Anchors that are as they are. */
static int
fix_anchor(struct recursor_context *c, const char *given)
{
	int rc = 0;

	if (given != NULL)
		return set(c, "trust-anchor-file:", given);
	for (size_t i = 0; rc == 0 && recursor_files_root_keys[i] != NULL; i++)
		rc = error_of(
		    ub_ctx_add_ta(c->ctx, recursor_files_root_keys[i]));
	return rc;
}

/*
 * Where nothing can be written anchors are not kept up to date: libunbound
 * would end the process when it tries.  Without a state directory there is
 * nothing to keep.
 */
static int
set_anchor(struct recursor_context *c, const struct config *config,
    const char *state_dir)
{
	const char *given = config->upstream.recursive.trust_anchor;
	char path[PATH_MAX];
	int rc;

	if (!config->upstream.recursive.validate)
		return 0;
	rc = check_file(c, given, RECURSOR_FILE_ANCHOR);
	if (rc != 0)
		return rc;
	if (state_dir == NULL)
		return given != NULL ? set(c, "trust-anchor-file:", given) : 0;
	rc = recursor_files_anchor(config, state_dir, path);
	if (rc == 0)
		return set(c, "auto-trust-anchor-file:", path);
	if (c->log != NULL)
		log_warn(c->log,
		    "the state directory cannot be written: %s; trust anchors "
		    "stay as configured until quolld is restarted",
		    strerror(-rc));
	return fix_anchor(c, given);
}

static int
configure(struct recursor_context *c, const struct config *config,
    const char *state_dir)
{
	int rc = set_defaults(c, config);

	if (rc == 0)
		rc = set_hints(c, config->upstream.recursive.root_hints);
	if (rc == 0)
		rc = set_options(c, &config->upstream.recursive.options);
	if (rc == 0)
		rc = set_stubs(c, &config->upstream.recursive.stubs);
	if (rc == 0 && config->upstream.recursive.forwards.count > 0)
		rc = set_forwards(c, &config->upstream.recursive.forwards);
	if (rc == 0)
		rc = set_anchor(c, config, state_dir);
	if (rc == 0)
		rc = error_of(ub_ctx_async(c->ctx, 1));
	if (rc == 0)
		rc = make_ready(c);
	return rc;
}

/* Says nothing in the log. */
static int
make(struct recursor_context *c, const struct config *config,
    const char *state_dir)
{
	c->ctx = ub_ctx_create();
	if (c->ctx == NULL)
		return -ENOMEM;
	listen_to(c);
	return configure(c, config, state_dir);
}

static void
undo(struct recursor_context *c)
{
	ub_ctx_delete(c->ctx);
	if (c->words != NULL)
		(void)fclose(c->words); /* nothing is left in it */
	c->words = NULL;
}

/* --------------------------------------------------------------- blame -- */

/* The part of a configuration that is tried, and how it is called. */
struct suspect {
	const struct config *config; /* with that part alone */
	size_t line;
	const char *key;
	const char *value;
	const struct certs_listener *listener;
};

/* A line of the file, or 0. */
static void __attribute__((format(printf, 4, 5)))
tell(const struct certs_listener *listener, const char *file, size_t line,
    const char *fmt, ...)
{
	char what[CONFIG_ERROR_LEN];
	char text[CONFIG_ERROR_LEN + PATH_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line != 0)
		(void)snprintf(
		    text, sizeof(text), "%s:%zu: %s", file, line, what);
	else
		(void)snprintf(text, sizeof(text), "%s", what);
	listener->tell(listener->arg, LOG_LEVEL_ERROR, text);
}

static bool
is_guilty(const struct suspect *s)
{
	struct recursor_context c = {.maker = pthread_self()};
	bool is_guilty = make(&c, s->config, NULL) == -EINVAL;

	if (is_guilty)
		tell(s->listener, s->config->file, s->line,
		    "upstream.recursive.%s: %s: %s", s->key, s->value,
		    c.said[0] != '\0' ? c.said : "libunbound refuses it");
	undo(&c);
	return is_guilty;
}

static bool
blame_files(const struct config *config, struct config *one, struct suspect *s)
{
	bool is_found = false;

	s->key = "root-hints";
	s->value = one->upstream.recursive.root_hints =
	    config->upstream.recursive.root_hints;
	s->line = config->upstream.recursive.root_hints_line;
	if (s->value != NULL)
		is_found = is_guilty(s);
	one->upstream.recursive.root_hints = NULL;
	s->key = "trust-anchor";
	s->value = one->upstream.recursive.trust_anchor =
	    config->upstream.recursive.trust_anchor;
	s->line = config->upstream.recursive.trust_anchor_line;
	if (!is_found && s->value != NULL)
		is_found = is_guilty(s);
	one->upstream.recursive.trust_anchor = NULL;
	return is_found;
}

static bool
blame_options(
    const struct config *config, struct config *one, struct suspect *s)
{
	const struct config_options *list = &config->upstream.recursive.options;
	char text[CONFIG_ERROR_LEN / 2];
	bool is_found = false;

	for (size_t i = 0; !is_found && i < list->count; i++) {
		one->upstream.recursive.options =
		    (struct config_options){&list->item[i], 1};
		(void)snprintf(text, sizeof(text), "%s: %s", list->item[i].name,
		    list->item[i].value);
		s->key = "options";
		s->value = text;
		s->line = list->item[i].line;
		is_found = is_guilty(s);
	}
	one->upstream.recursive.options = (struct config_options){NULL, 0};
	return is_found;
}

static bool
blame_stubs(const struct config_stubs *list, const char *key,
    struct config_stubs *one, struct suspect *s)
{
	bool is_found = false;

	for (size_t i = 0; !is_found && i < list->count; i++) {
		*one = (struct config_stubs){&list->item[i], 1};
		s->key = key;
		s->value = list->item[i].zone;
		s->line = list->item[i].line;
		is_found = is_guilty(s);
	}
	*one = (struct config_stubs){NULL, 0};
	return is_found;
}

/* Tells which part it is that libunbound does not take. */
static bool
blame(const struct config *config, const struct certs_listener *listener)
{
	struct config one = {.file = config->file};
	struct suspect s = {.config = &one, .listener = listener};

	one.upstream.recursive.validate = config->upstream.recursive.validate;
	one.upstream.recursive.cache_bytes =
	    config->upstream.recursive.cache_bytes;
	return blame_files(config, &one, &s) ||
	       blame_options(config, &one, &s) ||
	       blame_stubs(&config->upstream.recursive.stubs, "stubs",
		   &one.upstream.recursive.stubs, &s) ||
	       blame_stubs(&config->upstream.recursive.forwards, "forwards",
		   &one.upstream.recursive.forwards, &s);
}

/* -------------------------------------------------------------- shared -- */

void
recursor_shared_init(struct recursor_shared *shared)
{
	(void)pthread_mutex_init(&shared->lock, NULL);
	shared->heard = NULL;
}

void
recursor_shared_done(struct recursor_shared *shared)
{
	assert(shared->heard == NULL);
	(void)pthread_mutex_destroy(&shared->lock);
}

/* With a context that is freed libunbound's log goes, whosever it was. */
static void
hear_again(const struct recursor_shared *shared)
{
	const struct recursor_context *c = shared->heard;

	if (c != NULL && c->words != NULL)
		(void)ub_ctx_debugout(c->ctx, c->words);
}

static int
make_or_tell(struct recursor_context *c, const struct config *config,
    const char *state_dir, const struct certs_listener *listener)
{
	int rc = make(c, config, state_dir);

	if (rc == 0)
		return 0;
	if (rc != -EINVAL || !blame(config, listener))
		tell(listener, NULL, 0, "recursion cannot be set up: %s",
		    c->said[0] != '\0' ? c->said : strerror(-rc));
	undo(c);
	return rc;
}

int
recursor_context_init(struct recursor_context *c,
    struct recursor_shared *shared, const struct config *config,
    const char *state_dir, const struct certs_listener *listener,
    struct log *log)
{
	int rc;

	*c = (struct recursor_context){
	    .shared = shared,
	    .log = log,
	    .maker = pthread_self(),
	};
	(void)pthread_mutex_lock(&shared->lock);
	rc = make_or_tell(c, config, state_dir, listener);
	if (rc != 0)
		hear_again(shared);
	else if (log != NULL)
		shared->heard = c;
	(void)pthread_mutex_unlock(&shared->lock);
	return rc;
}

void
recursor_context_done(struct recursor_context *c)
{
	struct recursor_shared *shared = c->shared;

	(void)pthread_mutex_lock(&shared->lock);
	undo(c);
	if (shared->heard == c)
		shared->heard = NULL;
	hear_again(shared);
	(void)pthread_mutex_unlock(&shared->lock);
}
