/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/options.h"
#include "tests/unit/unit.h"

#define WHY_LEN 1024
#define WORDS_MAX 32

static const struct config_build build = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC),
    .upstream_schemes =
	CONFIG_SCHEME_BIT(CONFIG_UDP) | CONFIG_SCHEME_BIT(CONFIG_QUIC),
};

/* Parses words parted by blanks, after the program's name. */
struct line {
	char text[1024];
	char *argv[WORDS_MAX + 2];
	char why[WHY_LEN];
	struct options options;
};

static int
parse(struct line *line, const char *text)
{
	static char name[] = "quolld";
	char *save = NULL;
	char *word;
	int argc = 1;

	memset(line, 0, sizeof(*line));
	(void)snprintf(line->text, sizeof(line->text), "%s", text);
	line->argv[0] = name;
	for (word = strtok_r(line->text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		line->argv[argc++] = word;
	return options_parse(argc, line->argv, &build, line->why,
	    sizeof(line->why), &line->options);
}

static void
test_all(void)
{
	struct line line;
	const struct config_override *over = &line.options.over;

	CU_ASSERT_EQUAL_FATAL(
	    parse(&line,
		"-c f -l quic://[::1]:1 -l quic://127.0.0.1 -u udp://192.0.2.1 "
		"--cert C --key=K -w 3 --state S --check -v -v"),
	    0);
	CU_ASSERT_EQUAL(line.options.action, OPTIONS_CHECK);
	CU_ASSERT_STRING_EQUAL(line.options.config_file, "f");
	CU_ASSERT_EQUAL(over->listen_count, 2);
	CU_ASSERT_STRING_EQUAL(over->listen[0], "quic://[::1]:1");
	CU_ASSERT_STRING_EQUAL(over->listen[1], "quic://127.0.0.1");
	CU_ASSERT_EQUAL(over->upstream_count, 1);
	CU_ASSERT_STRING_EQUAL(over->cert, "C");
	CU_ASSERT_STRING_EQUAL(over->key, "K");
	CU_ASSERT_STRING_EQUAL(over->state, "S");
	CU_ASSERT_EQUAL(over->workers, 3);
	CU_ASSERT(over->verbosity == 2);
}

static void
test_none(void)
{
	struct line line;

	CU_ASSERT_EQUAL_FATAL(parse(&line, ""), 0);
	CU_ASSERT_EQUAL(line.options.action, OPTIONS_RUN);
	CU_ASSERT_PTR_NULL(line.options.config_file);
	CU_ASSERT_EQUAL(line.options.over.listen_count, 0);
	CU_ASSERT(line.options.over.verbosity == 0);
}

static void
test_actions(void)
{
	static const struct {
		const char *text;
		enum options_action action;
	} rows[] = {
	    {"-V", OPTIONS_VERSION},
	    {"--version --nonsense", OPTIONS_VERSION},
	    {"-h -w 0", OPTIONS_HELP},
	    {"--help", OPTIONS_HELP},
	    {"-vh", OPTIONS_HELP},
	    {"--print-config", OPTIONS_PRINT_CONFIG},
	    {"--print-keys", OPTIONS_PRINT_KEYS},
	    {"--print-metrics", OPTIONS_PRINT_METRICS},
	};
	struct line line;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(parse(&line, rows[i].text), 0);
		CU_ASSERT_EQUAL(line.options.action, rows[i].action);
	}
}

static void
test_usage_errors(void)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
	    {"-x", "unknown option -x"},
	    {"-vx", "unknown option -x"},
	    {"--nonsense", "unknown option --nonsense"},
	    {"-c", "-c needs a value"},
	    {"--state", "--state needs a value"},
	    {"--state=", "--state needs a path"},
	    {"--check=1", "unknown option --check=1"},
	    {"word", "unexpected word \"word\""},
	    {"-v word -v", "unexpected word \"word\""},
	    {"-w 0", "-w \"0\" is no number from 1 to 256"},
	    {"-w 257", "-w \"257\" is no number"},
	    {"-w 2x", "-w \"2x\" is no number"},
	    {"-w -1", "-w \"-1\" is no number"},
	    {"--cert x", "--cert and --key need each other"},
	    {"--key x", "--cert and --key need each other"},
	    {"-l udp://127.0.0.1", "cannot listen on udp"},
	    {"-l quic://dns.example", "is no address, localhost or *"},
	    {"-l 127.0.0.1", "-l \"127.0.0.1\": no URL"},
	    {"-l quic://127.0.0.1:53", "RFC 9250 4.1.1"},
	    {"-u quic://192.0.2.1:53", "RFC 9250 4.1.1"},
	    {"-u udp://dns.example", "names are not looked up"},
	    {"-u udp://192.0.2.1:0", "port 0 cannot be asked"},
	    {"-u tls://192.0.2.1", "cannot ask by tls"},
	};
	struct line line;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(parse(&line, rows[i].text), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(line.why, rows[i].why));
		CU_ASSERT_PTR_NULL(strchr(line.why, '\n'));
		if (strstr(line.why, rows[i].why) == NULL)
			printf("%s: %s\n", rows[i].text, line.why);
	}
}

static void
test_too_many(void)
{
	static char url[] = "quic://127.0.0.1:0";
	static char option[] = "-l";
	char *argv[2 * CONFIG_URLS_MAX + 4];
	struct options options;
	char why[WHY_LEN];
	int argc = 1;
	int i;

	argv[0] = option;
	for (i = 0; i <= CONFIG_URLS_MAX; i++) {
		argv[argc++] = option;
		argv[argc++] = url;
	}
	argv[argc] = NULL;
	CU_ASSERT_EQUAL(
	    options_parse(argc, argv, &build, why, sizeof(why), &options),
	    -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "more than 64 times -l"));
}

static void
test_print(void)
{
	static const char *const libs[] = {
	    "ngtcp2 1.11.0", "GnuTLS 3.7.9", NULL};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	options_print_version(out, "0.1", libs);
	(void)fclose(out);
	CU_ASSERT_STRING_EQUAL(
	    text, "quolld 0.1\nngtcp2 1.11.0\nGnuTLS 3.7.9\n");
	free(text);
	out = open_memstream(&text, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	options_print_help(out);
	(void)fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "usage: quolld"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "--check"));
	free(text);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT(fputs(text, file) >= 0);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static void
test_load(void)
{
	static struct config_errors errors;
	char path[] = "/tmp/quoll-options-XXXXXX";
	struct config *config = NULL;
	const char *file = "";
	struct line line;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0);
	(void)close(fd);
	write_file(path, "workers: 5\n");
	/* The default file, if it is there. */
	CU_ASSERT_EQUAL_FATAL(parse(&line, ""), 0);
	CU_ASSERT_EQUAL_FATAL(
	    options_load(&line.options, path, &build, &errors, &file, &config),
	    0);
	CU_ASSERT_PTR_EQUAL(file, path);
	CU_ASSERT_EQUAL(config->workers, 5);
	config_unref(config);
	CU_ASSERT_EQUAL_FATAL(options_load(&line.options, "/nonexistent/x",
				  &build, &errors, &file, &config),
	    0);
	CU_ASSERT_PTR_NULL(file);
	CU_ASSERT_EQUAL(config->workers, 0);
	config_unref(config);
	/* A file that was asked for must be there; options beat it. */
	CU_ASSERT_EQUAL_FATAL(parse(&line, "-w 7 -c /nonexistent/x"), 0);
	CU_ASSERT_EQUAL(
	    options_load(&line.options, path, &build, &errors, &file, &config),
	    -ENOENT);
	CU_ASSERT_STRING_EQUAL(
	    errors.text[0], "/nonexistent/x: No such file or directory");
	line.options.config_file = path;
	memset(&errors, 0, sizeof(errors));
	CU_ASSERT_EQUAL_FATAL(options_load(&line.options, "/nonexistent/x",
				  &build, &errors, &file, &config),
	    0);
	CU_ASSERT_EQUAL(config->workers, 7);
	config_unref(config);
	(void)unlink(path);
}

void
test_options_register(void)
{
	CU_pSuite suite = unit_suite("options");

	unit_test(suite, "all", test_all);
	unit_test(suite, "none", test_none);
	unit_test(suite, "actions", test_actions);
	unit_test(suite, "usage_errors", test_usage_errors);
	unit_test(suite, "too_many", test_too_many);
	unit_test(suite, "print", test_print);
	unit_test(suite, "load", test_load);
}
