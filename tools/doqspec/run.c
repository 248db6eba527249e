/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of processes.
 *
 * A process ends its pipe by ending, so the parent waits for the pipes only;
 * signals come as a descriptor, too.  Results are told in the order of the
 * cases, however they come.
 */
#include "tools/doqspec/run.h"
#include "tools/doqspec/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	READ_SIZE = 16384
};

struct process {
	pid_t pid;
	int pipe; /* -1: free */
	size_t index;
	uint64_t began;
	struct raw_buf steps;
};

struct pool {
	const struct spec_options *options;
	struct spec_outcome *outcome;
	const struct spec_watch *watch;
	struct process *processes; /* options->jobs of them */
	struct pollfd *fds;	   /* one more: the signals */
	size_t next;		   /* case to begin */
	size_t told;		   /* cases whose end was told */
	size_t running;
	bool is_doubtful; /* a case failed: is there still a server? */
};

/* Why the case cannot run, in text; false if it can. */
static bool
is_missing(const struct spec_options *options, const struct spec_case *c,
    char *text, size_t size)
{
	char *words = raw_strdup(c->needs);
	char *rest = words;
	bool missing = false;

	for (char *word; !missing && (word = strsep(&rest, " \t")) != NULL;) {
		const struct spec_need *need = spec_need_find(word);

		if (*word == '\0' || need == NULL ||
		    spec_vars_get(&options->vars, need->variable) != NULL)
			continue;
		snprintf(text, size, "needs %s: %s", need->option, need->what);
		missing = true;
	}
	free(words);
	return missing;
}

static void
tell_ended(struct pool *pool)
{
	struct spec_outcome *o = pool->outcome;

	while (pool->told < o->count &&
	       o->results[pool->told].verdict != SPEC_NOT_RUN) {
		pool->watch->ended(pool->watch->arg, o->cases[pool->told],
		    &o->results[pool->told]);
		pool->told++;
	}
}

static void
fork_case(struct pool *pool, struct process *process, const struct spec_case *c)
{
	int ends[2];

	fflush(NULL);
	if (pipe(ends) != 0)
		raw_fatal("pipe: %s", strerror(errno));
	process->pid = fork();
	if (process->pid < 0)
		raw_fatal("fork: %s", strerror(errno));
	if (process->pid == 0) {
		close(ends[0]);
		spec_child_run(pool->options, c, ends[1]);
	}
	close(ends[1]);
	process->pipe = ends[0];
	process->began = raw_now();
	process->index = pool->next;
	pool->running++;
}

/* Begins the next case, or skips it. */
static void
begin_case(struct pool *pool, struct process *process)
{
	const struct spec_case *c = pool->outcome->cases[pool->next];
	char reason[SPEC_TEXT_MAX];

	if (is_missing(pool->options, c, reason, sizeof(reason))) {
		spec_result_skip(&pool->outcome->results[pool->next++], reason);
		return;
	}
	fork_case(pool, process, c);
	pool->next++;
	pool->watch->begun(pool->watch->arg, c, pool->next);
}

static bool
may_begin(const struct pool *pool)
{
	const struct spec_outcome *o = pool->outcome;

	return pool->next < o->count && pool->running < pool->options->jobs &&
	       (pool->running == 0 || !o->cases[pool->next]->is_alone);
}

static struct process *
free_process(struct pool *pool)
{
	struct process *process = pool->processes;

	while (process->pipe >= 0)
		process++;
	return process;
}

static void
end_process(struct pool *pool, struct process *process)
{
	struct spec_result *result = &pool->outcome->results[process->index];
	int status;

	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	result->ms = (raw_now() - process->began) / RAW_MS;
	spec_result_read(
	    result, process->steps.data, process->steps.len, status);
	pool->is_doubtful |= result->verdict == SPEC_FAIL;
	close(process->pipe);
	process->pipe = -1;
	raw_buf_done(&process->steps);
	pool->running--;
}

static void
read_pipe(struct pool *pool, struct process *process)
{
	uint8_t block[READ_SIZE];
	ssize_t n = read(process->pipe, block, sizeof(block));

	if (n > 0)
		raw_buf_add(&process->steps, block, (size_t)n);
	else if (n == 0 || errno != EINTR)
		end_process(pool, process);
}

/* Waits once; false when a signal came. */
static bool
wait_once(struct pool *pool)
{
	unsigned jobs = pool->options->jobs;

	for (unsigned i = 0; i < jobs; i++)
		pool->fds[i] = (struct pollfd){
		    .fd = pool->processes[i].pipe, .events = POLLIN};
	if (poll(pool->fds, jobs + 1, -1) < 0)
		return true;
	if (pool->fds[jobs].revents != 0) {
		struct signalfd_siginfo signal;

		/* Taken, or it would end us once it is let through. */
		(void)!read(pool->fds[jobs].fd, &signal, sizeof(signal));
		return false;
	}
	for (unsigned i = 0; i < jobs; i++)
		if (pool->fds[i].revents != 0)
			read_pipe(pool, &pool->processes[i]);
	return true;
}

static void
kill_all(struct pool *pool)
{
	for (unsigned i = 0; i < pool->options->jobs; i++) {
		struct process *process = &pool->processes[i];

		if (process->pipe < 0)
			continue;
		kill(process->pid, SIGKILL);
		(void)waitpid(process->pid, NULL, 0);
		close(process->pipe);
		raw_buf_done(&process->steps);
	}
}

/* Begins what may begin now; -ECONNRESET when nobody is there to test. */
static int
begin_cases(struct pool *pool)
{
	while (may_begin(pool)) {
		if (pool->is_doubtful && !spec_run_is_there(pool->options))
			return -ECONNRESET;
		pool->is_doubtful = false;
		begin_case(pool, free_process(pool));
	}
	return 0;
}

static int
run_pool(struct pool *pool)
{
	int rc = 0;

	while (rc == 0 &&
	       (pool->next < pool->outcome->count || pool->running > 0)) {
		rc = begin_cases(pool);
		tell_ended(pool);
		if (rc == 0 && pool->running > 0 && !wait_once(pool))
			rc = -EINTR;
		tell_ended(pool);
	}
	kill_all(pool);
	return rc;
}

int
spec_run(const struct spec_options *options, struct spec_outcome *outcome,
    const struct spec_watch *watch)
{
	struct pool pool = {
	    .options = options, .outcome = outcome, .watch = watch};
	uint64_t began = raw_now();
	sigset_t signals, before;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &before);
	pool.processes = raw_alloc(options->jobs, sizeof(*pool.processes));
	pool.fds = raw_alloc(options->jobs + 1, sizeof(*pool.fds));
	for (unsigned i = 0; i < options->jobs; i++)
		pool.processes[i].pipe = -1;
	pool.fds[options->jobs] = (struct pollfd){
	    .fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN};
	rc = run_pool(&pool);
	outcome->ms = (raw_now() - began) / RAW_MS;
	close(pool.fds[options->jobs].fd);
	free(pool.fds);
	free(pool.processes);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
