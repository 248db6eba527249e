/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: its lines, escaping, bounds, levels, the budget, threads.
 */
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/ops/log.h"
#include "tests/unit/unit.h"

#define TEXT_MAX 65536
#define THREADS 4
#define LINES 200
#define SECOND UINT64_C(1000000000)

static const struct timespec when = {
    .tv_sec = 1767323045, .tv_nsec = 678901234};

static void
format(enum log_format how, const char *message, char *ret_text)
{
	size_t len =
	    log_line_format(how, LOG_LEVEL_WARN, &when, message, ret_text);

	CU_ASSERT_FATAL(len <= LOG_LINE_MAX);
	CU_ASSERT_EQUAL(ret_text[len - 1], '\n');
	ret_text[len - 1] = '\0';
	CU_ASSERT_EQUAL(strlen(ret_text), len - 1);
}

static void
test_lines(void)
{
	char line[LOG_LINE_MAX];

	format(LOG_FORMAT_TEXT, "hello", line);
	CU_ASSERT_STRING_EQUAL(line, "2026-01-02T03:04:05.678Z warning: hello");
	format(LOG_FORMAT_JSON, "hello", line);
	CU_ASSERT_STRING_EQUAL(line,
	    "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warning\","
	    "\"message\":\"hello\"}");
	format(LOG_FORMAT_TEXT, "", line);
	CU_ASSERT_STRING_EQUAL(line, "2026-01-02T03:04:05.678Z warning: ");
}

static void
test_escaping(void)
{
	char line[LOG_LINE_MAX];

	format(LOG_FORMAT_TEXT,
	    "a\n2026 error: forged\r\x1b[2J\t\x7f\xc3\xa9 \\x0a \"", line);
	CU_ASSERT_STRING_EQUAL(line + strlen("2026-01-02T03:04:05.678Z "),
	    "warning: a\\x0a2026 error: forged\\x0d\\x1b[2J\\x09\\x7f"
	    "\\xc3\\xa9 \\\\x0a \"");
	format(LOG_FORMAT_JSON, "\"},{\n\\\xff", line);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(line, "\"message\":\"\\\"},{\\\\x0a\\\\\\\\\\\\xff\"}"));
}

static void
test_bounds(void)
{
	static const unsigned char fills[] = {'a', '\n', '\\', '"', 0xff};
	char message[LOG_LINE_MAX * 2];
	char line[LOG_LINE_MAX];
	size_t len;
	size_t i;
	size_t n;

	for (i = 0; i < sizeof(fills); i++) {
		for (n = LOG_LINE_MAX / 6; n < sizeof(message); n += 7) {
			memset(message, fills[i], n);
			message[n] = '\0';
			format(LOG_FORMAT_TEXT, message, line);
			len = strlen(line);
			if (n >= LOG_LINE_MAX)
				CU_ASSERT_STRING_EQUAL(line + len - 3, "...");
			format(LOG_FORMAT_JSON, message, line);
			len = strlen(line);
			CU_ASSERT_STRING_EQUAL(line + len - 2, "\"}");
			if (n >= LOG_LINE_MAX)
				CU_ASSERT_STRING_EQUAL(
				    line + len - 5, "...\"}");
		}
	}
}

/* A log into a file without a name, to be read back. */
static FILE *
open_log(struct log *log, enum log_level level)
{
	FILE *file = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	log_init(log, fileno(file), level, LOG_FORMAT_TEXT);
	return file;
}

static void
read_back(FILE *file, char *ret_text)
{
	ssize_t len = pread(fileno(file), ret_text, TEXT_MAX - 1, 0);

	CU_ASSERT_FATAL(len >= 0);
	ret_text[len] = '\0';
	(void)fclose(file);
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void
test_levels(void)
{
	static char text[TEXT_MAX];
	struct log log;
	FILE *file = open_log(&log, LOG_LEVEL_WARN);

	errno = EPIPE;
	log_err(&log, "one %d", 1);
	log_warn(&log, "two %s", "2");
	log_info(&log, "three");
	log_debug(&log, "four");
	CU_ASSERT_EQUAL(errno, EPIPE);
	CU_ASSERT(!log_is_on(&log, LOG_LEVEL_INFO));
	log_set(&log, LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
	CU_ASSERT(log_is_on(&log, LOG_LEVEL_DEBUG));
	log_debug(&log, "five");
	log_info(&log, "six");
	read_back(file, text);
	CU_ASSERT_EQUAL(count_lines(text), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Z error: one 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Z warning: two 2\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "three"));
	CU_ASSERT_PTR_NULL(strstr(text, "four"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(text, "\"level\":\"debug\",\"message\":\"five\"}\n"));
}

static void
test_closed_descriptor(void)
{
	struct log log;

	log_init(&log, -1, LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	errno = 0;
	log_err(&log, "nobody reads this");
	CU_ASSERT_EQUAL(errno, 0);
}

static void
test_limited(void)
{
	static char text[TEXT_MAX];
	struct log_limit limit;
	struct log log;
	FILE *file = open_log(&log, LOG_LEVEL_INFO);
	uint64_t now = 5 * SECOND;
	int i;

	log_limit_init(&limit, 3, 2, now);
	for (i = 0; i < 100; i++)
		log_limited(&log, &limit, LOG_LEVEL_INFO, now, "flood %d", i);
	/* A line a half second; the clock may go back, too. */
	log_limited(&log, &limit, LOG_LEVEL_INFO, now - SECOND, "flood");
	log_limited(&log, &limit, LOG_LEVEL_DEBUG, now + SECOND, "off");
	log_limited(&log, &limit, LOG_LEVEL_INFO, now - SECOND / 2, "later");
	log_limited(&log, &limit, LOG_LEVEL_INFO, now + 60 * SECOND, "last");
	read_back(file, text);
	CU_ASSERT_EQUAL(count_lines(text), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "flood 2\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "flood 3"));
	CU_ASSERT_PTR_NULL(strstr(text, "off"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "later (98 similar suppressed)\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "last\n"));
}

static void
test_limit_refills_to_burst_only(void)
{
	static char text[TEXT_MAX];
	struct log_limit limit;
	struct log log;
	FILE *file = open_log(&log, LOG_LEVEL_INFO);
	int i;

	log_limit_init(&limit, 5, 1000, 0);
	for (i = 0; i < 50; i++)
		log_limited(&log, &limit, LOG_LEVEL_INFO, UINT64_MAX, "x");
	read_back(file, text);
	CU_ASSERT_EQUAL(count_lines(text), 5);
}

static void *
write_lines(void *arg)
{
	struct log *log = arg;
	char fill[512];
	int i;

	memset(fill, 'x', sizeof(fill) - 1);
	fill[sizeof(fill) - 1] = '\0';
	for (i = 0; i < LINES; i++)
		log_info(log, "%s", fill);
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[THREADS];
	char line[LOG_LINE_MAX];
	struct log log;
	FILE *file;
	int whole = 0;
	int i;

	/* Through a pipe's rules: append, one write a line. */
	file = open_log(&log, LOG_LEVEL_INFO);
	for (i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, write_lines, &log), 0);
	for (i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strlen(line) ==
		    strlen("2026-01-02T03:04:05.678Z info: \n") + 511)
			whole++;
	}
	CU_ASSERT_EQUAL(whole, THREADS * LINES);
	(void)fclose(file);
}

static void
test_fatal(void)
{
	static char text[TEXT_MAX];
	struct log log;
	FILE *file = open_log(&log, LOG_LEVEL_ERROR);
	int status = 0;
	pid_t pid;

	(void)fflush(NULL); /* or the child prints our output again */
	pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		/* exit() would run the parent's handlers; they are harmless. */
		log_fatal(&log, ENOENT, "cannot read %s", "it");
	}
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 1);
	read_back(file, text);
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(text, "error: cannot read it: No such file"));
}

void
test_log_register(void)
{
	CU_pSuite suite = unit_suite("log");

	unit_test(suite, "lines", test_lines);
	unit_test(suite, "escaping", test_escaping);
	unit_test(suite, "bounds", test_bounds);
	unit_test(suite, "levels", test_levels);
	unit_test(suite, "closed_descriptor", test_closed_descriptor);
	unit_test(suite, "limited", test_limited);
	unit_test(suite, "limit_refills_to_burst_only",
	    test_limit_refills_to_burst_only);
	unit_test(suite, "threads", test_threads);
	unit_test(suite, "fatal", test_fatal);
}
