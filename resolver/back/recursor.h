/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver inside: asks the root and whomever that leads to, and validates.
 *
 * A recursor is one context of libunbound with one cache and a thread that
 * alone calls it, so that neither its locks nor its pipes ever stop a worker.
 * Workers hand jobs in under a lock and get them back at a port of their own,
 * whose eventfd is in their loop.  A job that nobody wants any longer counts
 * until libunbound is done with it: it cannot be stopped, only muted.
 */
#ifndef RESOLVER_BACK_RECURSOR_H
#define RESOLVER_BACK_RECURSOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct certs_listener;
struct config;
struct log;
struct recursor;
struct recursor_context;
struct recursor_job;
struct recursor_port;

/* What validation says of an answer (RFC 4035 4.3). */
enum recursor_security {
	RECURSOR_INSECURE, /* or indeterminate, or not validated */
	RECURSOR_SECURE,
	RECURSOR_BOGUS,
};

/* Why an answer is bogus, as far as it can be told. */
enum recursor_why {
	RECURSOR_WHY_OTHER,
	RECURSOR_WHY_EXPIRED,
	RECURSOR_WHY_NOT_YET,
	RECURSOR_WHY_UNSIGNED,
};

/*
 * What came of a job.  `status` is 0 with a message, or -EREMOTEIO (nobody
 * gave a usable answer), -ENETUNREACH (the machine has no way to any root
 * server), -EBADMSG, -ENOMEM, -EIO (the recursor does not work).
 */
struct recursor_answer {
	int status;
	enum recursor_security security;
	enum recursor_why why;
	uint8_t *msg; /* from malloc, the job's */
	size_t len;
};

/*
 * What libunbound's contexts share in a process and do not guard: its log, some
 * locks.  So they are made and freed one at a time, and who hears its log is
 * told so again when another one was freed.
 */
struct recursor_shared {
	pthread_mutex_t lock;
	struct recursor_context *heard; /* NULL: nobody is */
};

/* Embedded; must outlive all recursors that were made with it. */
void recursor_shared_init(struct recursor_shared *shared);
void recursor_shared_done(struct recursor_shared *shared);

/*
 * Makes a recursor of what the configuration says, with its state (RFC 5011)
 * in `state_dir`.  On failure one line was logged that says what is wrong, with
 * its place in the file if it has one.  Returns 0, -EINVAL or -ENOMEM.  For the
 * main thread, as are those below up to recursor_free().
 */
int recursor_new(struct recursor_shared *shared, const struct config *config,
    const char *state_dir, struct log *log, struct recursor **ret_recursor);

/*
 * Would it be made?  0, or a negative errno and the listener was told what is
 * wrong; needs no state directory.  Anything but recursion is fine.
 */
int recursor_check(struct recursor_shared *shared, const struct config *config,
    const struct certs_listener *listener);

/* The version of libunbound; static. */
const char *recursor_version(void);

/* Starts its thread; 0 or a negative errno. */
int recursor_start(struct recursor *r);

/*
 * No port will be opened any longer: its thread ends, and its cache is freed,
 * when the last port is closed.
 */
void recursor_retire(struct recursor *r);

/* Is it what this configuration would make, files read now, and does it work?
 */
bool recursor_is_of(struct recursor *r, const struct config *config);

/* Has its thread ended and are its ports closed, so that it can be freed and
 * that does not wait? */
bool recursor_has_ended(struct recursor *r);

/* Ends the thread, whatever is outstanding, and frees it.  All ports must have
 * been closed.  NULL is fine. */
void recursor_free(struct recursor *r);

/* Jobs that libunbound has or will get, those that nobody wants included. */
size_t recursor_outstanding(struct recursor *r);

/*
 * Opens a port for one worker, to be given to it; NULL if there is no memory or
 * no descriptor.  It is the worker's until recursor_port_close(), which any
 * thread may call while no job of the port is left; NULL is fine.
 */
struct recursor_port *recursor_port_open(struct recursor *r);
void recursor_port_close(struct recursor_port *port);

/* Readable when recursor_port_take() has something. */
int recursor_port_fd(const struct recursor_port *port);

/* A question of class IN; what it points to is lent for the call. */
struct recursor_question {
	const uint8_t *name; /* a plain one */
	uint16_t qtype;
	const struct sockaddr *client; /* whose share it is of; NULL: nobody's
					*/
};

/*
 * Hands in a question; `owner` comes back with the answer.  Returns 0 and a
 * job, -EAGAIN if too many are outstanding, -EDQUOT if too many of the client's
 * network are, so that none stops recursion for all, -EIO, -ENOMEM.  Never
 * answers from within.
 */
int recursor_ask(struct recursor_port *port, const struct recursor_question *q,
    void *owner, struct recursor_job **ret_job);

/* Makes the port's fd unreadable, before all that is there is taken. */
void recursor_port_clear(struct recursor_port *port);

/*
 * Takes the oldest job that is done: its owner, and the answer, of which the
 * message is the caller's to free.  The job is gone.  False if there is none.
 */
bool recursor_port_take(struct recursor_port *port, void **ret_owner,
    struct recursor_answer *ret_answer);

/* Nobody wants the job any longer; it does not come back.  Safe at any time
 * until it was taken. */
void recursor_cancel(struct recursor_job *job);

#endif
