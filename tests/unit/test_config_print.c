/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options and what is printed from it: the checked-in sample and
 * manual page must be what the table says, and the sample must be a valid file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/config.h"
#include "resolver/config_parse.h"
#include "tests/unit/unit.h"

#define ALL_SCHEMES (CONFIG_SCHEME_BIT(CONFIG_SCHEMES) - 1)
#define PATH_LEN 4096
#define LINE_LEN 70 /* of help, as the table promises */

static const char keys_begin[] = ".\\\" Printed by quolld --print-keys:\n";
static const char keys_end[] = ".\\\" End of what was printed.\n";

static const struct config_build build = {
    .listen_schemes = ALL_SCHEMES,
    .upstream_schemes = ALL_SCHEMES,
};

/* What a function prints; the caller frees. */
static char *
print(void (*function)(FILE *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	function(out);
	CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
	return text;
}

/* A file of the source tree; the caller frees. */
static char *
read_source(const char *name)
{
	const char *root = getenv("SRC");
	char path[PATH_LEN];
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	(void)snprintf(
	    path, sizeof(path), "%s/%s", root != NULL ? root : ".", name);
	file = fopen(path, "r");
	if (file == NULL)
		printf("%s: cannot be read; is SRC set?\n", path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT(getdelim(&text, &size, '\0', file) > 0);
	(void)fclose(file);
	return text;
}

static struct config *
load(const char *text)
{
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;
	size_t i;

	CU_ASSERT_EQUAL(config_load_text("sample", text, strlen(text), &build,
			    NULL, &errors, &config),
	    0);
	for (i = 0; i < errors.count; i++)
		printf("%s\n", errors.text[i]);
	return config;
}

static void
test_sample_is_current(void)
{
	char *printed = print(config_print_sample);
	char *checked_in = read_source("etc/quolld.yaml");

	/* Otherwise: quolld --print-config > etc/quolld.yaml */
	CU_ASSERT_STRING_EQUAL(printed, checked_in);
	config_unref(load(checked_in));
	free(printed);
	free(checked_in);
}

static void
test_manual_is_current(void)
{
	char *printed = print(config_print_manual);
	char *page = read_source("man/quolld.yaml.5");
	char *begin = strstr(page, keys_begin);
	char *end = strstr(page, keys_end);

	CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	begin += strlen(keys_begin);
	*end = '\0';
	CU_ASSERT_STRING_EQUAL(printed, begin);
	free(printed);
	free(page);
}

/* Takes away the "#" of each setting. */
static void
uncomment(char *text)
{
	char *from = text;
	bool is_indent = true;

	for (; *from != '\0'; from++) {
		if (is_indent && *from == '#' && from[1] != ' ') {
			is_indent = false;
			continue;
		}
		is_indent = *from == '\n' || (is_indent && *from == ' ');
		*text++ = *from;
	}
	*text = '\0';
}

static void
test_sample_is_valid(void)
{
	char *text = print(config_print_sample);
	struct config *config;

	uncomment(text);
	config = load(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_EQUAL(config->upstream.servers.count, 2);
	CU_ASSERT_EQUAL(config->quic.max_streams, 100);
	CU_ASSERT_EQUAL_FATAL(config->tls.certificates.count, 2);
	CU_ASSERT_STRING_EQUAL(
	    config->tls.certificates.item[0].key, "/etc/quoll/key.pem");
	CU_ASSERT_STRING_EQUAL(
	    config->tls.certificates.item[1].key, "/etc/quoll/other-key.pem");
	config_unref(config);
	free(text);
}

static void
test_quickstart_is_valid(void)
{
	char *text = read_source("etc/quickstart.yaml");
	struct config *config = load(text);
	char url[CONFIG_URL_LEN];

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_FATAL(config->listen.count >= 2);
	config_url_format(CONFIG_QUIC,
	    (const struct sockaddr *)&config->listen.item[0].addr.ss, url);
	CU_ASSERT_STRING_EQUAL(url, "quic://127.0.0.1:8853");
	config_url_format(CONFIG_QUIC,
	    (const struct sockaddr *)&config->listen.item[1].addr.ss, url);
	CU_ASSERT_STRING_EQUAL(url, "quic://[::1]:8853");
	CU_ASSERT_EQUAL(
	    access_check(config->access.list,
		(const struct sockaddr *)&config->listen.item[0].addr.ss),
	    ACCESS_TRUSTED);
	config_unref(config);
	free(text);
}

static void
check_help(const char *help)
{
	size_t len;

	CU_ASSERT_PTR_NOT_NULL_FATAL(help);
	CU_ASSERT_PTR_NULL(strchr(help, '\\'));
	while (*help != '\0') {
		len = strcspn(help, "\n");
		CU_ASSERT(len > 0 && len <= LINE_LEN);
		CU_ASSERT(*help != '.' && *help != '\'');
		help += len + (help[len] == '\n');
	}
}

/* Every section's row comes before its keys, and no path is there twice. */
static void
test_table(void)
{
	const struct config_key *key;
	char parent[CONFIG_PATH_LEN];
	char *dot;
	size_t i;

	for (i = 0; (key = config_key_at(i)) != NULL; i++) {
		check_help(key->help);
		CU_ASSERT_FATAL(strlen(key->path) < sizeof(parent));
		CU_ASSERT_PTR_EQUAL(config_key_find(key->path), key);
		CU_ASSERT_EQUAL(config_key_index(key), i);
		CU_ASSERT(
		    key->max > 0 || (key->type != CONFIG_TYPE_COUNT &&
					key->type != CONFIG_TYPE_DURATION &&
					key->type != CONFIG_TYPE_SIZE &&
					!config_type_is_list(key->type)));
		(void)strcpy(parent, key->path);
		dot = strrchr(parent, '.');
		if (dot == NULL)
			continue;
		*dot = '\0';
		parent[strcspn(parent, "[")] = '\0';
		CU_ASSERT_PTR_NOT_NULL_FATAL(config_key_find(parent));
		CU_ASSERT(config_key_index(config_key_find(parent)) < i);
	}
	CU_ASSERT(i <= CONFIG_KEYS_MAX);
}

void
test_config_print_register(void)
{
	CU_pSuite suite = unit_suite("config_print");

	unit_test(suite, "sample_is_current", test_sample_is_current);
	unit_test(suite, "manual_is_current", test_manual_is_current);
	unit_test(suite, "sample_is_valid", test_sample_is_valid);
	unit_test(suite, "quickstart_is_valid", test_quickstart_is_valid);
	unit_test(suite, "table", test_table);
}
