/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: bounded lines of printable ASCII on one descriptor, each with one
 * write(2), so that lines of several threads never mix. What a peer can put
 * into a line (names, reasons, addresses) is escaped here and nowhere else.
 *
 * Only resolver/ logs. There is no process-wide log: the handle is passed.
 */
#ifndef QUOLL_RESOLVER_OPS_LOG_H
#define QUOLL_RESOLVER_OPS_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Ordered: a log of level L writes what is at or below L. */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_format {
	LOG_FORMAT_TEXT, /* 2026-01-02T03:04:05.678Z info: message */
	LOG_FORMAT_JSON, /* {"time":"...","level":"info","message":"..."} */
};

/* The longest line, its newline counted; below PIPE_BUF, so never torn. */
#define LOG_LINE_MAX 2048

/*
 * A log. Shared by all threads after log_init; level and format may change
 * while others write. The descriptor stays the caller's.
 */
struct log {
	int fd;
	_Atomic int level;
	_Atomic int format;
};

#define LOG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Starts a log on `fd`, usually STDERR_FILENO. Needs no done. */
void log_init(
    struct log *log, int fd, enum log_level level, enum log_format format);

/* Changes level and format. Any thread. */
void log_set(struct log *log, enum log_level level, enum log_format format);

/* Would a line of this level be written? For what is costly to prepare. */
bool log_is_on(const struct log *log, enum log_level level);

/*
 * Write one line. Format and arguments as printf; the message should be without
 * newline and full stop. Control characters, backslashes and bytes beyond ASCII
 * come out as \xNN or \\, whoever put them there. Too long a message is cut
 * and ends in "...". Never fails; what cannot be written is lost. errno is
 * kept.
 */
void log_err(struct log *log, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_warn(struct log *log, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_info(struct log *log, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_debug(struct log *log, const char *fmt, ...) LOG_PRINTF(2, 3);

/*
 * Write one line at level error and exit with status 1: for main.c while it
 * starts, nobody else. log_fatal adds ": " and what `error`, a positive errno,
 * means; log_fatalx does not.
 */
_Noreturn void log_fatal(struct log *log, int error, const char *fmt, ...)
    LOG_PRINTF(3, 4);
_Noreturn void log_fatalx(struct log *log, const char *fmt, ...)
    LOG_PRINTF(2, 3);

/*
 * One budget of lines: `burst` at once, then `per_second`. One for each kind of
 * line that a peer can cause; owned by one thread.
 */
struct log_limit {
	uint32_t burst;
	uint32_t per_second;
	uint64_t tokens_ns; /* saved time; a line costs 1 s / per_second */
	uint64_t last_ns;
	uint64_t suppressed;
};

/* Starts a full budget at `now_ns`, any monotonic time. Both numbers > 0. */
void log_limit_init(struct log_limit *limit, uint32_t burst,
    uint32_t per_second, uint64_t now_ns);

/*
 * As log_err and so on, within the budget. What is beyond it is counted, and
 * the next line that may be written says how many: " (N similar suppressed)".
 * Lines that the level turns off cost nothing. `now_ns` may stand still or
 * jump back without harm.
 */
void log_limited(struct log *log, struct log_limit *limit, enum log_level level,
    uint64_t now_ns, const char *fmt, ...) LOG_PRINTF(5, 6);

/*
 * What a line looks like, without writing it: for the functions above and for
 * tests. `message` is what printf made of it. Writes at most LOG_LINE_MAX
 * octets, the last one a newline, no NUL; returns how many.
 */
size_t log_line_format(enum log_format format, enum log_level level,
    const struct timespec *when, const char *message,
    char ret_line[LOG_LINE_MAX]);

#endif
