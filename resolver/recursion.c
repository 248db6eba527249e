/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recursors come and go with the configuration.  What is prepared cannot fail
 * any more when it is put to use; what retires goes on until nobody waits for
 * it, and is freed by the first reload after that, or at the end.
 */
#include "resolver/recursion.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/recursor.h"
#include "resolver/certs.h"
#include "resolver/config.h"
#include "resolver/limits.h"
#include "resolver/ops/log.h"

/* Makes one that runs. */
static int
make(struct recursion *rn, const struct config *config, const char *state_dir,
    struct log *log, struct recursor **ret)
{
	struct recursor *r;
	int rc = recursor_new(&rn->shared, config, state_dir, log, &r);

	if (rc != 0)
		return rc;
	rc = recursor_start(r);
	if (rc != 0) {
		log_err(log, "cannot start a thread: %s", strerror(-rc));
		recursor_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

static void
ignore(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

/*
 * Some options of libunbound (cache-max-ttl, infra-cache-max-rtt, ratelimit and
 * their like) are the process's, not a context's: whoever was made last has set
 * them for all.  Making the one in use once more sets them back.
 */
static void
restore(struct recursion *rn)
{
	const struct certs_listener nobody = {.tell = ignore};

	if (rn->now != NULL)
		(void)recursor_check(&rn->shared, rn->config, &nobody);
}

int
recursion_init(struct recursion *rn, struct config *config,
    const char *state_dir, struct log *log)
{
	int rc = 0;

	*rn = (struct recursion){.now = NULL};
	recursor_shared_init(&rn->shared);
	(void)pthread_mutex_init(&rn->lock, NULL);
	if (config->upstream.mode == CONFIG_MODE_RECURSIVE)
		rc = make(rn, config, state_dir, log, &rn->now);
	if (rc == 0)
		rn->config = config_ref(config);
	return rc;
}

/* Under the lock.  What has ended is freed at once. */
static void
reap(struct recursion *rn)
{
	size_t left = 0;

	for (size_t i = 0; i < rn->count; i++) {
		if (recursor_has_ended(rn->retired[i]))
			recursor_free(rn->retired[i]);
		else
			rn->retired[left++] = rn->retired[i];
	}
	rn->count = left;
}

/* Room for the one in use among those that retire. */
static int
make_room(struct recursion *rn, struct log *log)
{
	struct recursor **retired;

	(void)pthread_mutex_lock(&rn->lock);
	reap(rn);
	retired = realloc(rn->retired, (rn->count + 1) * sizeof(*retired));
	if (retired != NULL)
		rn->retired = retired;
	(void)pthread_mutex_unlock(&rn->lock);
	if (retired != NULL)
		return 0;
	log_err(log, "no memory for another resolver");
	return -ENOMEM;
}

static int
make_another(struct recursion *rn, const struct config *config,
    const char *state_dir, struct log *log, struct recursor **ret)
{
	int rc;

	if (rn->count >= RECURSION_MAX_RETIRED) {
		log_err(log,
		    "%zu resolvers of earlier reloads are still busy: try "
		    "again in some seconds",
		    rn->count);
		return -EAGAIN;
	}
	rc = make(rn, config, state_dir, log, ret);
	if (rc != 0)
		restore(rn);
	return rc;
}

int
recursion_prepare(struct recursion *rn, const struct config *config,
    const char *state_dir, struct log *log, struct recursor **ret_recursor)
{
	int rc = make_room(rn, log);

	if (rc != 0)
		return rc;
	*ret_recursor = NULL;
	if (config->upstream.mode != CONFIG_MODE_RECURSIVE)
		return 0;
	if (rn->now != NULL && recursor_is_of(rn->now, config)) {
		*ret_recursor = rn->now;
		return 0;
	}
	return make_another(rn, config, state_dir, log, ret_recursor);
}

int
recursion_renew(struct recursion *rn, const char *state_dir, struct log *log,
    struct recursor **ret_recursor)
{
	int rc = make_room(rn, log);

	if (rc == 0 && rn->now != NULL)
		rc = make_another(rn, rn->config, state_dir, log, ret_recursor);
	else if (rc == 0)
		*ret_recursor = NULL;
	return rc;
}

void
recursion_replace(
    struct recursion *rn, struct recursor *prepared, struct config *config)
{
	config_ref(config);
	config_unref(rn->config);
	rn->config = config;
	if (prepared == rn->now)
		return;
	(void)pthread_mutex_lock(&rn->lock);
	if (rn->now != NULL) {
		recursor_retire(rn->now);
		rn->retired[rn->count++] = rn->now;
	}
	rn->now = prepared;
	(void)pthread_mutex_unlock(&rn->lock);
}

void
recursion_drop(struct recursion *rn, struct recursor *prepared)
{
	if (prepared == rn->now || prepared == NULL)
		return;
	recursor_free(prepared);
	restore(rn);
}

size_t
recursion_outstanding(struct recursion *rn)
{
	size_t sum = 0;

	(void)pthread_mutex_lock(&rn->lock);
	if (rn->now != NULL)
		sum = recursor_outstanding(rn->now);
	for (size_t i = 0; i < rn->count; i++)
		sum += recursor_outstanding(rn->retired[i]);
	(void)pthread_mutex_unlock(&rn->lock);
	return sum;
}

struct recursor_port **
recursion_open_ports(struct recursor *r, size_t count)
{
	struct recursor_port **ports = calloc(count, sizeof(*ports));

	if (ports == NULL)
		return NULL;
	for (size_t i = 0; r != NULL && i < count; i++) {
		ports[i] = recursor_port_open(r);
		if (ports[i] == NULL) {
			recursion_close_ports(ports, count);
			return NULL;
		}
	}
	return ports;
}

void
recursion_close_ports(struct recursor_port **ports, size_t count)
{
	if (ports == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		recursor_port_close(ports[i]);
	free(ports);
}

void
recursion_done(struct recursion *rn)
{
	recursor_free(rn->now);
	for (size_t i = 0; i < rn->count; i++)
		recursor_free(rn->retired[i]);
	free(rn->retired);
	config_unref(rn->config);
	recursor_shared_done(&rn->shared);
	(void)pthread_mutex_destroy(&rn->lock);
	*rn = (struct recursion){.now = NULL};
}
