/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which secrets are in use; see secrets.h.  What is derived from them, and who
 * gets it, is server.c's.
 */
#include "resolver/secrets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "tls/evquic_tls.h"

#define SECRET_FILE "secret"
#define OLD_SECRET_FILE "secret.old"

/* Room for a file's name in the state directory. */
#define PATH_SIZE (PATH_MAX + sizeof("/" OLD_SECRET_FILE))

static void
make_path(char path[PATH_SIZE], const char *dir, const char *name)
{
	(void)snprintf(path, PATH_SIZE, "%s/%s", dir, name);
}

/* The old one, or NULL: what is wrong with it harms nobody but its clients. */
static struct tls_secret *
read_old(const char *dir, struct log *log, const struct tls_secret *now)
{
	char path[PATH_SIZE], why[EVQUIC_WHY_SIZE];
	struct tls_secret *old = NULL;
	int rc;

	make_path(path, dir, OLD_SECRET_FILE);
	rc = tls_secret_read(path, why, sizeof(why), &old);
	if (rc == -ENOENT)
		return NULL;
	if (rc != 0) {
		log_warn(log, "%s (not used)", why);
		return NULL;
	}
	if (tls_secret_is_equal(old, now)) {
		tls_secret_free(old);
		return NULL;
	}
	return old;
}

int
secrets_open(const char *dir, struct log *log, struct secrets *ret_secrets)
{
	char path[PATH_SIZE], why[EVQUIC_WHY_SIZE];
	struct secrets s = {.now = NULL};
	int rc;

	make_path(path, dir, SECRET_FILE);
	rc = tls_secret_load(path, why, sizeof(why), &s.now);
	if (rc != 0) {
		log_err(log, "%s", why);
		return rc;
	}
	s.old = read_old(dir, log, s.now);
	*ret_secrets = s;
	return 0;
}

int
secrets_reread(struct secrets *s, const char *dir, struct log *log)
{
	char path[PATH_SIZE], why[EVQUIC_WHY_SIZE];
	struct tls_secret *fresh;
	int rc;

	make_path(path, dir, SECRET_FILE);
	rc = tls_secret_read(path, why, sizeof(why), &fresh);
	if (rc != 0) {
		log_err(log, "%s", why);
		return rc;
	}
	if (tls_secret_is_equal(fresh, s->now)) {
		tls_secret_free(fresh);
		return 0;
	}
	tls_secret_free(s->old);
	s->old = s->now;
	s->now = fresh;
	log_info(log, "the secret is a new one; what was issued under the one "
		      "before is still accepted");
	return 0;
}

void
secrets_done(struct secrets *s)
{
	tls_secret_free(s->now);
	tls_secret_free(s->old);
	*s = (struct secrets){.now = NULL};
}
