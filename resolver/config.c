/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration's life: made from defaults, then the file, then the command
 * line, checked, shared, freed.
 *
 * A snapshot is written only while it is being loaded, by one thread; after
 * that nothing but the count of references changes. An error never leaves a
 * half snapshot behind.
 */
#include "resolver/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/config_parse.h"

static void
free_config(struct config *config)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		if (strchr(key->path, '[') == NULL)
			config_value_clear(key, config);
	}
	access_free(config->access.list);
	access_free(config->dns64.for_whom);
	free(config->dns64.nets);
	for (size_t i = 0; i < CONFIG_RIGHTS; i++)
		access_free(config->access.right[i]);
	free(config->file);
	free(config);
}

struct config *
config_ref(struct config *config)
{
	(void)atomic_fetch_add_explicit(&config->refs, 1, memory_order_relaxed);
	return config;
}

void
config_unref(struct config *config)
{
	if (config == NULL)
		return;
	if (atomic_fetch_sub_explicit(&config->refs, 1, memory_order_acq_rel) ==
	    1)
		free_config(config);
}

/* Appends within CONFIG_ERROR_LEN; foreign octets become '?'. */
static void __attribute__((format(printf, 3, 0)))
append_text(char *text, size_t *len, const char *fmt, va_list args)
{
	size_t room = CONFIG_ERROR_LEN - *len;
	int written = vsnprintf(text + *len, room, fmt, args);
	size_t i;

	if (written < 0)
		return;
	for (i = *len; text[i] != '\0'; i++) {
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	}
	*len = i;
}

static void __attribute__((format(printf, 3, 4)))
append(char *text, size_t *len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	append_text(text, len, fmt, args);
	va_end(args);
}

void
config_error(struct config_loader *loader, size_t line, const char *fmt, ...)
{
	struct config_errors *errors = loader->errors;
	const char *name = loader->name;
	size_t len = 0;
	va_list args;
	char *text;

	if (errors->count == CONFIG_ERRORS_MAX) {
		errors->dropped++;
		return;
	}
	text = errors->text[errors->count++];
	append(text, &len, "%s", name != NULL ? name : "command line");
	if (line > 0)
		append(text, &len, ":%zu", line);
	append(text, &len, ": ");
	va_start(args, fmt);
	append_text(text, &len, fmt, args);
	va_end(args);
}

bool
config_is_hopeless(const struct config_loader *loader)
{
	return loader->rc != 0 || loader->errors->dropped > 0;
}

size_t
config_line(const struct config_loader *loader, const char *path)
{
	const struct config_key *key = config_key_find(path);

	assert(key != NULL);
	return loader->line[config_key_index(key)];
}

static void
set_defaults(struct config_loader *loader)
{
	const struct config_key *key;
	char why[CONFIG_ERROR_LEN] = "";
	int rc;

	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		if (key->initial == NULL)
			continue;
		rc = config_value_init(key, loader->config, loader->build, why);
		if (rc == -ENOMEM)
			loader->rc = rc;
		else if (rc != 0)
			config_error(
			    loader, 0, "%s: default %s", key->path, why);
	}
}

/* One value of the command line. The file's line no longer speaks for it. */
static void
override_value(struct config_loader *loader, const char *path, const char *text)
{
	const struct config_key *key = config_key_find(path);
	char why[CONFIG_ERROR_LEN];
	int rc;

	assert(key != NULL);
	rc = config_value_set(key, loader->config, loader->build, text, why);
	if (rc == -ENOMEM)
		loader->rc = rc;
	else if (rc != 0)
		config_error(loader, 0, "command line: %s", why);
	loader->line[config_key_index(key)] = 0;
}

static void
override_list(struct config_loader *loader, const char *path,
    const char *const *texts, size_t count)
{
	const struct config_key *key = config_key_find(path);
	size_t i;

	assert(key != NULL);
	config_value_clear(key, loader->config);
	for (i = 0; i < count; i++)
		override_value(loader, path, texts[i]);
}

static void
override_upstream(
    struct config_loader *loader, const struct config_override *over)
{
	bool is_recursive = over->upstream_count == 1 &&
			    strcmp(over->upstream[0], "recursive") == 0;

	override_list(loader, "upstream.servers", over->upstream,
	    is_recursive ? 0 : over->upstream_count);
	override_value(
	    loader, "upstream.mode", is_recursive ? "recursive" : "forward");
}

static void
override_all(struct config_loader *loader, const struct config_override *over)
{
	if (over->listen_count > 0)
		override_list(
		    loader, "listen", over->listen, over->listen_count);
	if (over->upstream_count > 0)
		override_upstream(loader, over);
	if (over->cert != NULL)
		override_list(loader, "tls.certificates", NULL, 0);
	if (over->cert != NULL)
		override_value(loader, "tls.cert", over->cert);
	if (over->key != NULL)
		override_value(loader, "tls.key", over->key);
	if (over->state != NULL)
		override_value(loader, "state", over->state);
	if (over->workers > 0)
		loader->config->workers = over->workers;
	if (over->verbosity > 0)
		loader->config->log.level = LOG_LEVEL_DEBUG;
}

/* With a file that cannot be had: the errno is the line. */
static int
fail_file(struct config_loader *loader, int error)
{
	config_error(loader, 0, "%s", strerror(error));
	return -error;
}

static int
load(struct config_loader *loader, const char *text, size_t len,
    const struct config_override *over, struct config **ret_config)
{
	loader->config = calloc(1, sizeof(*loader->config));
	if (loader->config == NULL)
		return fail_file(loader, ENOMEM);
	atomic_init(&loader->config->refs, 1);
	if (loader->name != NULL) {
		loader->config->file = strdup(loader->name);
		if (loader->config->file == NULL)
			loader->rc = -ENOMEM;
	}
	set_defaults(loader);
	if (text != NULL)
		config_yaml_read(loader, text, len);
	if (over != NULL)
		override_all(loader, over);
	if (loader->rc == 0)
		config_check(loader);
	if (loader->rc == -ENOMEM) {
		free_config(loader->config);
		return fail_file(loader, ENOMEM);
	}
	if (loader->errors->count > 0) {
		free_config(loader->config);
		return -EINVAL;
	}
	*ret_config = loader->config;
	return 0;
}

int
config_load_text(const char *name, const char *text, size_t len,
    const struct config_build *build, const struct config_override *over,
    struct config_errors *errors, struct config **ret_config)
{
	struct config_loader loader = {
	    .name = name,
	    .build = build,
	    .errors = errors,
	};

	if (len > CONFIG_FILE_MAX) {
		config_error(&loader, 0, "is larger than 1 MiB");
		return -EFBIG;
	}
	return load(&loader, text, len, over, ret_config);
}

/* Reads up to CONFIG_FILE_MAX + 1 bytes; more than that nobody looks at. */
static int
read_file(int fd, char *text, size_t *ret_len)
{
	size_t len = 0;
	ssize_t got;

	while (len <= CONFIG_FILE_MAX) {
		got = read(fd, text + len, CONFIG_FILE_MAX + 1 - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return 0;
}

int
config_load(const char *path, const struct config_build *build,
    const struct config_override *over, struct config_errors *errors,
    struct config **ret_config)
{
	struct config_loader loader = {
	    .name = path,
	    .build = build,
	    .errors = errors,
	};
	size_t len = 0;
	char *text;
	int fd;
	int rc;

	if (path == NULL)
		return load(&loader, NULL, 0, over, ret_config);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_file(&loader, errno);
	text = malloc(CONFIG_FILE_MAX + 1);
	rc = text != NULL ? read_file(fd, text, &len) : -ENOMEM;
	(void)close(fd); /* was only read */
	if (rc == 0)
		rc = config_load_text(
		    path, text, len, build, over, errors, ret_config);
	else
		rc = fail_file(&loader, -rc);
	free(text);
	return rc;
}

static bool
is_listens_equal(const struct config_listens *a, const struct config_listens *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (a->item[i].scheme != b->item[i].scheme ||
		    memcmp(&a->item[i].addr.ss, &b->item[i].addr.ss,
			a->item[i].addr.len) != 0)
			return false;
	}
	return true;
}

static bool
is_text_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

/* The rows that a reload cannot change, named: there are three. */
static bool
is_equal(const struct config_key *key, const struct config *a,
    const struct config *b)
{
	if (key->offset == offsetof(struct config, workers))
		return a->workers == b->workers;
	if (key->offset == offsetof(struct config, state))
		return is_text_equal(a->state, b->state);
	assert(key->offset == offsetof(struct config, listen));
	return is_listens_equal(&a->listen, &b->listen);
}

size_t
config_restart_keys(const struct config *old, const struct config *new,
    const char **ret_keys, size_t max)
{
	const struct config_key *key;
	size_t count = 0;

	for (size_t i = 0; (key = config_key_at(i)) != NULL && count < max;
	     i++) {
		if (key->is_restart && !is_equal(key, old, new))
			ret_keys[count++] = key->path;
	}
	return count;
}
