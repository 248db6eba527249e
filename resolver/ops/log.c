/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log.
 *
 * A line is made in three steps: printf into a buffer of one line, escaping
 * into a second one with time and level around it, one write(2). The middle
 * step is a pure function. All buffers are on the stack and bounded, nothing is
 * shared but level and format, which are atomic; so there is no lock.
 *
 * Escaping happens to the whole message, not to single arguments: a caller
 * cannot forget it. Hence our own messages are plain ASCII.
 */
#include "resolver/ops/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line must not be torn by a pipe");

#define NSEC_PER_SEC UINT64_C(1000000000)
#define NSEC_PER_MSEC 1000000
#define TIME_LEN 48
#define SUPPRESSED_LEN 48
#define ESCAPE_LEN 8 /* one octet, escaped twice: \\xNN */

static const char cut_mark[] = "...";

/* A line in the making; `end` leaves room for the mark and the tail. */
struct line {
	char *text;
	size_t len;
	size_t end;
};

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARN:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		break;
	}
	return "debug";
}

static void
format_time(const struct timespec *when, char *ret_text)
{
	struct tm tm = {0};
	char date[TIME_LEN / 2];

	if (gmtime_r(&when->tv_sec, &tm) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		(void)snprintf(date, sizeof(date), "-");
	(void)snprintf(ret_text, TIME_LEN, "%s.%03ldZ", date,
	    when->tv_nsec / NSEC_PER_MSEC % 1000);
}

/* Appends all or nothing. */
static bool
put(struct line *line, const char *text, size_t len)
{
	if (len > line->end - line->len)
		return false;
	memcpy(line->text + line->len, text, len);
	line->len += len;
	return true;
}

/* One octet as printable ASCII; JSON then escapes backslash and quote again. */
static bool
put_octet(struct line *line, enum log_format format, unsigned char c)
{
	char text[ESCAPE_LEN];
	const char *backslash = format == LOG_FORMAT_JSON ? "\\\\" : "\\";
	int len;

	if (c == '\\')
		len =
		    snprintf(text, sizeof(text), "%s%s", backslash, backslash);
	else if (c == '"' && format == LOG_FORMAT_JSON)
		len = snprintf(text, sizeof(text), "\\\"");
	else if (c >= ' ' && c <= '~')
		len = snprintf(text, sizeof(text), "%c", c);
	else
		len = snprintf(text, sizeof(text), "%sx%02x", backslash, c);
	return put(line, text, (size_t)len);
}

static void
put_message(struct line *line, enum log_format format, const char *message)
{
	for (; *message != '\0'; message++) {
		if (!put_octet(line, format, (unsigned char)*message)) {
			line->end += strlen(cut_mark);
			(void)put(line, cut_mark, strlen(cut_mark));
			return;
		}
	}
}

size_t
log_line_format(enum log_format format, enum log_level level,
    const struct timespec *when, const char *message,
    char ret_line[LOG_LINE_MAX])
{
	const char *tail = format == LOG_FORMAT_JSON ? "\"}\n" : "\n";
	struct line line = {.text = ret_line};
	char time_text[TIME_LEN];
	int len;

	format_time(when, time_text);
	if (format == LOG_FORMAT_JSON)
		len = snprintf(ret_line, LOG_LINE_MAX,
		    "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"",
		    time_text, level_name(level));
	else
		len = snprintf(ret_line, LOG_LINE_MAX, "%s %s: ", time_text,
		    level_name(level));
	assert(len > 0 && len < LOG_LINE_MAX / 2);
	line.len = (size_t)len;
	line.end = LOG_LINE_MAX - strlen(tail) - strlen(cut_mark);
	put_message(&line, format, message);
	line.end = LOG_LINE_MAX;
	(void)put(&line, tail, strlen(tail));
	return line.len;
}

static void
write_line(struct log *log, enum log_level level, const char *message)
{
	enum log_format format = (enum log_format)atomic_load_explicit(
	    &log->format, memory_order_relaxed);
	char line[LOG_LINE_MAX];
	struct timespec now = {0};
	size_t len;
	ssize_t written;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* never fails for it */
	len = log_line_format(format, level, &now, message, line);
	do
		written = write(log->fd, line, len);
	while (written < 0 && errno == EINTR);
}

static void LOG_PRINTF(3, 0) write_args(
    struct log *log, enum log_level level, const char *fmt, va_list args)
{
	char message[LOG_LINE_MAX];
	int saved = errno;

	if (!log_is_on(log, level))
		return;
	if (vsnprintf(message, sizeof(message), fmt, args) >= 0)
		write_line(log, level, message);
	errno = saved;
}

void
log_init(struct log *log, int fd, enum log_level level, enum log_format format)
{
	log->fd = fd;
	atomic_init(&log->level, (int)level);
	atomic_init(&log->format, (int)format);
}

void
log_set(struct log *log, enum log_level level, enum log_format format)
{
	atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&log->format, (int)format, memory_order_relaxed);
}

bool
log_is_on(const struct log *log, enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&log->level, memory_order_relaxed);
}

void
log_err(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_args(log, LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
}

void
log_warn(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_args(log, LOG_LEVEL_WARN, fmt, args);
	va_end(args);
}

void
log_info(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_args(log, LOG_LEVEL_INFO, fmt, args);
	va_end(args);
}

void
log_debug(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_args(log, LOG_LEVEL_DEBUG, fmt, args);
	va_end(args);
}

void
log_fatal(struct log *log, int error, const char *fmt, ...)
{
	char message[LOG_LINE_MAX / 2];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(message, sizeof(message), fmt, args) < 0)
		message[0] = '\0';
	va_end(args);
	log_err(log, "%s: %s", message, strerror(error));
	exit(EXIT_FAILURE);
}

void
log_fatalx(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_args(log, LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
	exit(EXIT_FAILURE);
}

void
log_limit_init(struct log_limit *limit, uint32_t burst, uint32_t per_second,
    uint64_t now_ns)
{
	assert(burst > 0 && per_second > 0);
	*limit = (struct log_limit){
	    .burst = burst,
	    .per_second = per_second,
	    .tokens_ns = burst * (NSEC_PER_SEC / per_second),
	    .last_ns = now_ns,
	};
}

static bool
take_token(struct log_limit *limit, uint64_t now_ns)
{
	uint64_t cost = NSEC_PER_SEC / limit->per_second;
	uint64_t full = limit->burst * cost;
	uint64_t gained = 0;

	if (now_ns > limit->last_ns)
		gained = now_ns - limit->last_ns;
	limit->last_ns = now_ns;
	if (gained > full - limit->tokens_ns)
		limit->tokens_ns = full;
	else
		limit->tokens_ns += gained;
	if (limit->tokens_ns < cost)
		return false;
	limit->tokens_ns -= cost;
	return true;
}

void
log_limited(struct log *log, struct log_limit *limit, enum log_level level,
    uint64_t now_ns, const char *fmt, ...)
{
	char message[LOG_LINE_MAX];
	char suppressed[SUPPRESSED_LEN] = "";
	size_t room = sizeof(message) - SUPPRESSED_LEN;
	va_list args;
	int saved = errno;
	int len;

	if (!log_is_on(log, level))
		return;
	if (!take_token(limit, now_ns)) {
		limit->suppressed++;
		return;
	}
	va_start(args, fmt);
	len = vsnprintf(message, room, fmt, args);
	va_end(args);
	if (len < 0)
		message[0] = '\0';
	if (limit->suppressed > 0)
		(void)snprintf(suppressed, sizeof(suppressed),
		    " (%" PRIu64 " similar suppressed)", limit->suppressed);
	(void)strcat(message, suppressed);
	limit->suppressed = 0;
	write_line(log, level, message);
	errno = saved;
}
