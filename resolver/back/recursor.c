/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recursor's engine: libunbound.
 *
 * One context, asynchronous, with a thread of its own that libunbound makes at
 * the first question; the recursor's thread is the only one that calls it.
 * It is made by recursor_setup.c and never changes: another configuration is
 * another context.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unbound.h>
#include <unistd.h>

#include "dns/name.h"
#include "resolver/back/recursor_engine.h"
#include "resolver/back/recursor_files.h"
#include "resolver/back/recursor_setup.h"
#include "resolver/certs.h"
#include "resolver/config.h"

#define CLASS_IN 1
#define RCODE_SERVFAIL 2
#define DNS_PORT 53

/* a.root-servers.net, of whom only the route is looked at. */
#define ROOT_V4 "198.41.0.4"
#define ROOT_V6 "2001:503:ba3e::2:30"

struct engine {
	struct recursor_context c;
	bool is_public; /* begins at the Internet's root */
};

/* ------------------------------------------------------------- answers -- */

static const char *
skip_to(const char *text, const char *what)
{
	return text != NULL ? strstr(text, what) : NULL;
}

/* Of libunbound's sentence only what it says of signatures is used. */
static enum recursor_why
why_of(const char *sentence)
{
	if (skip_to(sentence, "signature expired") != NULL)
		return RECURSOR_WHY_EXPIRED;
	if (skip_to(sentence, "signature before inception date") != NULL)
		return RECURSOR_WHY_NOT_YET;
	if (skip_to(sentence, "no signatures") != NULL)
		return RECURSOR_WHY_UNSIGNED;
	return RECURSOR_WHY_OTHER;
}

/* Has the machine a way to this server?  Nothing is sent. */
static bool
has_way(const struct sockaddr *sa, socklen_t len)
{
	int fd = socket(sa->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool has;

	if (fd < 0)
		return false;
	has = connect(fd, sa, len) == 0;
	(void)close(fd);
	return has;
}

static bool
has_network(void)
{
	struct sockaddr_in v4 = {
	    .sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};

	(void)inet_pton(AF_INET, ROOT_V4, &v4.sin_addr);
	(void)inet_pton(AF_INET6, ROOT_V6, &v6.sin6_addr);
	return has_way((const struct sockaddr *)&v4, sizeof(v4)) ||
	       has_way((const struct sockaddr *)&v6, sizeof(v6));
}

static void
read_result(const struct ub_result *result, struct recursor_answer *ret)
{
	/* Without a question it is libunbound's own: there is no answer. */
	if (result->answer_packet == NULL || result->answer_len <= 0 ||
	    result->rcode == RCODE_SERVFAIL) {
		ret->status = -EREMOTEIO;
		return;
	}
	if (result->bogus) {
		ret->security = RECURSOR_BOGUS;
		ret->why = why_of(result->why_bogus);
	} else if (result->secure) {
		ret->security = RECURSOR_SECURE;
	}
	ret->len = (size_t)result->answer_len;
	ret->msg = malloc(ret->len);
	if (ret->msg == NULL)
		ret->status = -ENOMEM;
	else
		memcpy(ret->msg, result->answer_packet, ret->len);
}

static int
error_of(int rc)
{
	if (rc == 0)
		return 0;
	return rc == UB_NOMEM ? -ENOMEM : -EIO;
}

static void
on_result(void *arg, int rc, struct ub_result *result)
{
	const struct engine *e = recursor_engine_of(arg);
	struct recursor_answer answer = {.status = 0};

	if (rc != 0 || result == NULL)
		answer.status = error_of(rc);
	else
		read_result(result, &answer);
	ub_resolve_free(result);
	if (answer.status == -EREMOTEIO && e->is_public && !has_network())
		answer.status = -ENETUNREACH;
	recursor_answered(arg, &answer);
}

/* -------------------------------------------------------------- engine -- */

static int
engine_ask(
    void *arg, struct recursor_job *job, const uint8_t *name, uint16_t qtype)
{
	struct engine *e = arg;
	char text[DNS_NAME_TEXT_MAX];
	int rc;

	(void)dns_name_to_text(name, text, sizeof(text));
	rc = ub_resolve_async(
	    e->c.ctx, text, qtype, CLASS_IN, job, on_result, NULL);
	return rc == 0 ? 0 : error_of(rc);
}

static int
engine_fd(void *arg)
{
	return ub_fd(((struct engine *)arg)->c.ctx);
}

static int
engine_process(void *arg)
{
	int rc = ub_process(((struct engine *)arg)->c.ctx);

	return rc == 0 ? 0 : error_of(rc);
}

static void
engine_free(void *arg)
{
	struct engine *e = arg;

	recursor_context_done(&e->c);
	free(e);
}

static const struct recursor_engine_ops engine_ops = {
    .ask = engine_ask,
    .fd = engine_fd,
    .process = engine_process,
    .free = engine_free,
};

/* ---------------------------------------------------------------- life -- */

int
recursor_new(struct recursor_shared *shared, const struct config *config,
    const char *state_dir, struct log *log, struct recursor **ret_recursor)
{
	struct certs_listener listener = certs_to_log(log);
	struct engine *e = calloc(1, sizeof(*e));
	struct recursor *r;
	int rc;

	if (e == NULL)
		return -ENOMEM;
	rc = recursor_context_init(
	    &e->c, shared, config, state_dir, &listener, log);
	if (rc != 0) {
		free(e);
		return rc;
	}
	e->is_public = config->upstream.recursive.root_hints == NULL;
	r = recursor_with(&engine_ops, e, recursor_files_describe(config), log);
	if (r == NULL)
		return -ENOMEM;
	*ret_recursor = r;
	return 0;
}

int
recursor_check(struct recursor_shared *shared, const struct config *config,
    const struct certs_listener *listener)
{
	struct recursor_context c;
	int rc;

	if (config->upstream.mode != CONFIG_MODE_RECURSIVE)
		return 0;
	rc = recursor_context_init(&c, shared, config, NULL, listener, NULL);
	if (rc == 0)
		recursor_context_done(&c);
	return rc;
}

bool
recursor_is_of(struct recursor *r, const struct config *config)
{
	char *about = recursor_files_describe(config);
	bool is_same = about != NULL && recursor_is_about(r, about);

	free(about);
	return is_same;
}

const char *
recursor_version(void)
{
	return ub_version();
}
