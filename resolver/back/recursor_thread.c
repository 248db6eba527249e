/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recursor's thread, the jobs that wait for it, and the ports at which they
 * come back.  Knows no libunbound: that is the engine's.
 *
 * A job is in exactly one place: in `queued` until the thread takes it, in
 * `running` while the engine has it, then in its port's `done`.  It counts as
 * outstanding until the engine is through with it, cancelled or not, for it
 * costs as much.  One lock guards all of this; it is never held while the
 * engine is called, nor does anybody who holds it wait for anything.
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/list.h"
#include "dns/name.h"
#include "resolver/back/recursor_engine.h"
#include "resolver/limits.h"
#include "resolver/net/addr.h"
#include "resolver/ops/log.h"

struct recursor {
	const struct recursor_engine_ops *ops;
	void *engine;
	char *about;
	struct log *log;
	pthread_t thread;
	bool was_started; /* the main thread's */
	int wake_fd;
	uint8_t share_key[HASH_KEY_LEN];

	pthread_mutex_t lock; /* of all that follows */
	struct list queued;
	struct list running;
	size_t outstanding;
	uint16_t shares[RECURSOR_SHARES]; /* of it, by clients' networks */
	size_t ports;
	bool is_retired;
	bool is_stopped;
	bool is_broken;
	bool has_ended;
};

struct recursor_port {
	struct recursor *recursor;
	struct list done; /* under its lock */
	int fd;
};

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_DONE
};

struct recursor_job {
	struct list link;
	struct recursor *recursor;
	struct recursor_port *port; /* NULL: nobody waits for it */
	void *owner;
	uint16_t *share; /* of the recursor's; NULL: of none */
	enum job_state state;
	struct recursor_answer answer;
	uint16_t qtype;
	uint8_t name[DNS_NAME_MAX];
};

static struct recursor_job *
job_of(struct list *link)
{
	return container_of(link, struct recursor_job, link);
}

static void
free_job(struct recursor_job *job)
{
	list_remove(&job->link);
	free(job->answer.msg);
	free(job);
}

static void
wake(int fd)
{
	(void)eventfd_write(fd, 1); /* fails only if it is readable anyway */
}

/* ---------------------------------------------------------- the worker's -- */

struct recursor_port *
recursor_port_open(struct recursor *r)
{
	struct recursor_port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return NULL;
	port->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (port->fd < 0) {
		free(port);
		return NULL;
	}
	port->recursor = r;
	list_init(&port->done);
	(void)pthread_mutex_lock(&r->lock);
	assert(!r->is_retired);
	r->ports++;
	(void)pthread_mutex_unlock(&r->lock);
	return port;
}

void
recursor_port_close(struct recursor_port *port)
{
	struct recursor *r;

	if (port == NULL)
		return;
	r = port->recursor;
	assert(list_is_empty(&port->done));
	(void)pthread_mutex_lock(&r->lock);
	r->ports--;
	wake(r->wake_fd);
	(void)pthread_mutex_unlock(&r->lock);
	(void)close(port->fd);
	free(port);
}

int
recursor_port_fd(const struct recursor_port *port)
{
	return port->fd;
}

void
recursor_port_clear(struct recursor_port *port)
{
	eventfd_t count;

	(void)eventfd_read(port->fd, &count);
}

/* Where the questions of this client's network are counted, if anywhere. */
static uint16_t *
share_of(struct recursor *r, const struct sockaddr *client)
{
	uint8_t network[NET_NETWORK_MAX];
	size_t len = net_addr_network(client, network);

	if (len == 0)
		return NULL;
	return &r->shares[hash_bytes(r->share_key, network, len) %
			  RECURSOR_SHARES];
}

/* The engine is through with it, or never had it. */
static void
discount(struct recursor *r, struct recursor_job *job)
{
	r->outstanding--;
	if (job->share != NULL)
		(*job->share)--;
}

static int
enqueue(struct recursor *r, struct recursor_job *job)
{
	int rc = 0;

	(void)pthread_mutex_lock(&r->lock);
	if (r->is_broken)
		rc = -EIO;
	else if (r->outstanding >= RECURSOR_MAX_OUTSTANDING)
		rc = -EAGAIN;
	else if (job->share != NULL && *job->share >= RECURSOR_MAX_SHARE)
		rc = -EDQUOT;
	else {
		r->outstanding++;
		if (job->share != NULL)
			(*job->share)++;
		if (list_is_empty(&r->queued))
			wake(r->wake_fd);
		list_append(&r->queued, &job->link);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return rc;
}

int
recursor_ask(struct recursor_port *port, const struct recursor_question *q,
    void *owner, struct recursor_job **ret_job)
{
	struct recursor_job *job = calloc(1, sizeof(*job));
	int rc;

	if (job == NULL)
		return -ENOMEM;
	list_init(&job->link);
	job->recursor = port->recursor;
	job->port = port;
	job->owner = owner;
	job->share = share_of(port->recursor, q->client);
	job->qtype = q->qtype;
	memcpy(job->name, q->name, dns_name_length(q->name));
	rc = enqueue(port->recursor, job);
	if (rc != 0)
		free_job(job);
	else
		*ret_job = job;
	return rc;
}

bool
recursor_port_take(struct recursor_port *port, void **ret_owner,
    struct recursor_answer *ret_answer)
{
	struct recursor *r = port->recursor;
	struct list *link;
	struct recursor_job *job;

	(void)pthread_mutex_lock(&r->lock);
	link = list_pop(&port->done);
	(void)pthread_mutex_unlock(&r->lock);
	if (link == NULL)
		return false;
	job = job_of(link);
	*ret_owner = job->owner;
	*ret_answer = job->answer;
	job->answer.msg = NULL;
	free_job(job);
	return true;
}

void
recursor_cancel(struct recursor_job *job)
{
	struct recursor *r = job->recursor;

	(void)pthread_mutex_lock(&r->lock);
	if (job->state == JOB_RUNNING) {
		job->port = NULL;
		job = NULL;
	} else {
		list_remove(&job->link);
		if (job->state == JOB_QUEUED)
			discount(r, job);
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (job != NULL)
		free_job(job);
}

/* ---------------------------------------------------------- the thread's -- */

void *
recursor_engine_of(const struct recursor_job *job)
{
	return job->recursor->engine;
}

void
recursor_answered(
    struct recursor_job *job, const struct recursor_answer *answer)
{
	struct recursor *r = job->recursor;

	(void)pthread_mutex_lock(&r->lock);
	assert(job->state == JOB_RUNNING);
	list_remove(&job->link);
	discount(r, job);
	job->answer = *answer;
	job->state = JOB_DONE;
	if (job->port != NULL) {
		if (list_is_empty(&job->port->done))
			wake(job->port->fd);
		list_append(&job->port->done, &job->link);
		job = NULL;
	}
	(void)pthread_mutex_unlock(&r->lock);
	if (job != NULL)
		free_job(job);
}

static void
fail(struct recursor_job *job, int error)
{
	recursor_answered(job, &(struct recursor_answer){.status = error});
}

/* Takes the oldest that waits; NULL if there is none. */
static struct recursor_job *
take_queued(struct recursor *r)
{
	struct list *link;

	(void)pthread_mutex_lock(&r->lock);
	link = list_pop(&r->queued);
	if (link != NULL) {
		list_append(&r->running, link);
		job_of(link)->state = JOB_RUNNING;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return link != NULL ? job_of(link) : NULL;
}

static void
ask_queued(struct recursor *r)
{
	struct recursor_job *job;

	while ((job = take_queued(r)) != NULL) {
		int rc = r->ops->ask(r->engine, job, job->name, job->qtype);

		if (rc != 0)
			fail(job, rc);
	}
}

static bool
is_over(struct recursor *r)
{
	bool is_over;

	(void)pthread_mutex_lock(&r->lock);
	/* Without a port nobody waits for what is outstanding. */
	is_over = r->is_stopped || (r->is_retired && r->ports == 0);
	(void)pthread_mutex_unlock(&r->lock);
	return is_over;
}

/* Waits for jobs, orders, or the engine. */
static int
wait_for_work(struct recursor *r)
{
	struct pollfd fds[] = {
	    {.fd = r->wake_fd, .events = POLLIN},
	    {.fd = r->ops->fd(r->engine), .events = POLLIN},
	};
	eventfd_t count;

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents != 0)
		(void)eventfd_read(r->wake_fd, &count);
	return 0;
}

/* Everybody who waits or will come gets an error. */
static void
fail_all(struct recursor *r)
{
	struct list *head = &r->running;
	struct recursor_job *job;

	(void)pthread_mutex_lock(&r->lock);
	r->is_broken = true;
	(void)pthread_mutex_unlock(&r->lock);
	while (take_queued(r) != NULL)
		continue;
	/* Only this thread takes from `running`. */
	while (!list_is_empty(head)) {
		job = job_of(head->next);
		fail(job, -EIO);
	}
}

static void *
run(void *arg)
{
	struct recursor *r = arg;
	int rc = 0;

	while (rc == 0 && !is_over(r)) {
		ask_queued(r);
		rc = r->ops->process(r->engine);
		if (rc == 0)
			rc = wait_for_work(r);
	}
	if (rc != 0)
		log_err(r->log,
		    "recursion has failed, until quolld is "
		    "restarted: %s",
		    strerror(-rc));
	r->ops->free(r->engine);
	r->engine = NULL;
	fail_all(r);
	(void)pthread_mutex_lock(&r->lock);
	r->has_ended = true;
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ------------------------------------------------------ the main thread's --
 */

struct recursor *
recursor_with(const struct recursor_engine_ops *ops, void *engine, char *about,
    struct log *log)
{
	struct recursor *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		ops->free(engine);
		free(about);
		return NULL;
	}
	r->about = about;
	r->ops = ops;
	r->engine = engine;
	r->log = log;
	(void)pthread_mutex_init(&r->lock, NULL);
	list_init(&r->queued);
	list_init(&r->running);
	r->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->wake_fd < 0 || getrandom(r->share_key, sizeof(r->share_key),
				  0) != (ssize_t)sizeof(r->share_key)) {
		recursor_free(r);
		return NULL;
	}
	return r;
}

int
recursor_start(struct recursor *r)
{
	sigset_t all, before;
	int rc;

	/* Signals are the main thread's.  What the engine starts inherits. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&r->thread, NULL, run, r);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	r->was_started = rc == 0;
	return -rc;
}

bool
recursor_is_about(struct recursor *r, const char *about)
{
	bool is_fine;

	(void)pthread_mutex_lock(&r->lock);
	is_fine = !r->is_broken;
	(void)pthread_mutex_unlock(&r->lock);
	return is_fine && r->about != NULL && strcmp(r->about, about) == 0;
}

void
recursor_retire(struct recursor *r)
{
	(void)pthread_mutex_lock(&r->lock);
	r->is_retired = true;
	(void)pthread_mutex_unlock(&r->lock);
	wake(r->wake_fd);
}

bool
recursor_has_ended(struct recursor *r)
{
	bool has_ended;

	(void)pthread_mutex_lock(&r->lock);
	has_ended = r->has_ended && r->ports == 0;
	(void)pthread_mutex_unlock(&r->lock);
	return has_ended;
}

size_t
recursor_outstanding(struct recursor *r)
{
	size_t n;

	(void)pthread_mutex_lock(&r->lock);
	n = r->outstanding;
	(void)pthread_mutex_unlock(&r->lock);
	return n;
}

void
recursor_free(struct recursor *r)
{
	if (r == NULL)
		return;
	if (r->was_started) {
		(void)pthread_mutex_lock(&r->lock);
		r->is_stopped = true;
		(void)pthread_mutex_unlock(&r->lock);
		wake(r->wake_fd);
		(void)pthread_join(r->thread, NULL);
	}
	assert(r->ports == 0);
	if (r->engine != NULL)
		r->ops->free(r->engine);
	while (!list_is_empty(&r->queued))
		free_job(job_of(r->queued.next));
	assert(list_is_empty(&r->running));
	if (r->wake_fd >= 0)
		(void)close(r->wake_fd);
	(void)pthread_mutex_destroy(&r->lock);
	free(r->about);
	free(r);
}
