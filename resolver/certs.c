/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading is all or nothing, so that a reload with one broken file changes
 * nothing; but every file is looked at, so that all that is broken is told at
 * once.  Which certificate a client sees is decided in tls/cred.c.
 */
#include "resolver/certs.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "quic/evquic.h"
#include "tls/selfsign.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define DATE_LEN 32
#define ADDRESS_LEN (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)
#define LINE_LEN (2 * EVQUIC_WHY_SIZE)

static void
log_line(void *arg, enum log_level level, const char *line)
{
	if (level == LOG_LEVEL_ERROR)
		log_err(arg, "%s", line);
	else if (level == LOG_LEVEL_INFO)
		log_info(arg, "%s", line);
	else
		log_warn(arg, "%s", line);
}

struct certs_listener
certs_to_log(struct log *log)
{
	return (struct certs_listener){.tell = log_line, .arg = log};
}

/* Where certificate `index` stands, then the text. */
static void __attribute__((format(printf, 5, 6)))
tell(const struct certs_listener *listener, enum log_level level,
    const struct config *config, size_t index, const char *fmt, ...)
{
	const struct config_certs *list = &config->tls.certificates;
	char text[LINE_LEN];
	va_list args;
	int len = 0;

	if (config->file != NULL && index < list->count &&
	    list->item[index].line != 0)
		len = snprintf(text, sizeof(text), "%s:%zu: ", config->file,
		    list->item[index].line);
	if (len < 0 || (size_t)len >= sizeof(text))
		len = 0;
	va_start(args, fmt);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
	va_end(args);
	listener->tell(listener->arg, level, text);
}

/* ------------------------------------------------------------- loading -- */

/*
 * The addresses that are listened on: who asked an address for designated
 * resolvers wants it in the certificate (RFC 9462 4.2).  The unspecified ones
 * are no addresses of anybody.
 */
static size_t
listen_addresses(const struct config_listens *list,
    char texts[TLS_SELFSIGN_ADDRESSES_MAX][ADDRESS_LEN])
{
	size_t count = 0;

	for (size_t i = 0;
	     i < list->count && count < TLS_SELFSIGN_ADDRESSES_MAX; i++) {
		const struct config_addr *a = &list->item[i].addr;

		if (!config_addr_is_any(a) &&
		    getnameinfo((const void *)&a->ss, a->len, texts[count],
			ADDRESS_LEN, NULL, 0, NI_NUMERICHOST) == 0)
			count++;
	}
	return count;
}

static int
load_own(struct evquic_cred *cred, const struct config *config,
    const char *state_dir, int64_t now, const struct certs_listener *listener)
{
	char texts[TLS_SELFSIGN_ADDRESSES_MAX][ADDRESS_LEN];
	const char *addresses[TLS_SELFSIGN_ADDRESSES_MAX];
	struct tls_selfsign_options options = {.state_dir = state_dir,
	    .addresses = addresses,
	    .naddresses = listen_addresses(&config->listen, texts),
	    .now = now};
	struct tls_selfsign_files files;
	char why[EVQUIC_WHY_SIZE] = "";
	int rc;

	for (size_t i = 0; i < options.naddresses; i++)
		addresses[i] = texts[i];
	rc = tls_selfsign_ensure(&options, why, sizeof(why), &files);
	if (rc == 0)
		rc = evquic_cred_add_files(
		    cred, files.cert, files.key, why, sizeof(why));
	if (rc != 0)
		tell(listener, LOG_LEVEL_ERROR, config, 0, "%s", why);
	return rc;
}

static int
load_files(struct evquic_cred *cred, const struct config *config,
    const struct certs_listener *listener)
{
	const struct config_certs *list = &config->tls.certificates;
	char why[EVQUIC_WHY_SIZE];
	int rc = 0;

	for (size_t i = 0; i < list->count; i++) {
		int one = evquic_cred_add_files(cred, list->item[i].cert,
		    list->item[i].key, why, sizeof(why));

		if (one == 0)
			continue;
		tell(listener, LOG_LEVEL_ERROR, config, i, "%s", why);
		rc = one;
	}
	return rc;
}

int
certs_load(const struct config *config, const char *state_dir, int64_t now,
    const struct certs_listener *listener, struct evquic_cred **ret_cred)
{
	struct evquic_cred *cred = evquic_cred_new();
	int rc;

	if (cred == NULL) {
		listener->tell(listener->arg, LOG_LEVEL_ERROR,
		    "no memory, or the system's crypto policy forbids TLS 1.3");
		return -ENOMEM;
	}
	if (config->tls.certificates.count > 0)
		rc = load_files(cred, config, listener);
	else
		rc = load_own(cred, config, state_dir, now, listener);
	if (rc != 0) {
		evquic_cred_unref(cred);
		return rc;
	}
	*ret_cred = cred;
	return 0;
}

/* ---------------------------------------------------- what is told then -- */

const char *
certs_label(const struct config *config, size_t index)
{
	const struct config_certs *list = &config->tls.certificates;

	return index < list->count ? list->item[index].cert : "self-signed";
}

static int64_t
expiry_of(const struct evquic_cred *cred, size_t index)
{
	int64_t expiry = INT64_MAX;

	(void)evquic_cred_expiry(cred, index, &expiry);
	return expiry;
}

int64_t
certs_expiry(const struct evquic_cred *cred)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < evquic_cred_count(cred); i++)
		if (expiry_of(cred, i) < first)
			first = expiry_of(cred, i);
	return first;
}

static const char *
format_date(int64_t when, char ret_text[DATE_LEN])
{
	time_t seconds = (time_t)when;
	struct tm tm = {0};

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(ret_text, DATE_LEN, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(ret_text, DATE_LEN, "an unknown day");
	return ret_text;
}

static void
tell_soon(const struct config *config, size_t index, int64_t left,
    const char *date, const struct certs_listener *listener)
{
	bool is_days = left >= 2 * DAY;

	tell(listener, LOG_LEVEL_WARN, config, index,
	    "%s: expires in %" PRId64 " %s, on %s", certs_label(config, index),
	    left / (is_days ? DAY : HOUR), is_days ? "days" : "hours", date);
}

void
certs_tell_dates(const struct config *config, const struct evquic_cred *cred,
    int64_t now, const struct certs_listener *listener)
{
	for (size_t i = 0; i < evquic_cred_count(cred); i++) {
		int64_t expiry = expiry_of(cred, i);
		char date[DATE_LEN];

		(void)format_date(expiry, date);
		switch (evquic_cred_state(cred, i, now)) {
		case EVQUIC_CRED_EXPIRED:
			tell(listener, LOG_LEVEL_ERROR, config, i,
			    "%s: has expired on %s: clients that verify it "
			    "refuse it",
			    certs_label(config, i), date);
			break;
		case EVQUIC_CRED_NOT_YET_VALID:
			tell(listener, LOG_LEVEL_WARN, config, i,
			    "%s: is not valid yet: clients that verify it "
			    "refuse it",
			    certs_label(config, i));
			break;
		case EVQUIC_CRED_ENDS_SOON:
			tell_soon(config, i, expiry - now, date, listener);
			break;
		case EVQUIC_CRED_VALID:
			break;
		}
	}
}

void
certs_tell_sizes(const struct config *config, const struct evquic_cred *cred,
    const struct certs_listener *listener)
{
	for (size_t i = 0; i < evquic_cred_count(cred); i++) {
		size_t flight = evquic_cred_flight(cred, i);

		if (flight <= EVQUIC_FLIGHT_MAX)
			continue;
		tell(listener, LOG_LEVEL_WARN, config, i,
		    "%s: is long: handshakes take one round trip more, since "
		    "about %zu bytes are more than the %d that an unknown "
		    "address may be sent (RFC 9000 8.1)",
		    certs_label(config, i), flight, EVQUIC_FLIGHT_MAX);
	}
}

void
certs_describe(struct log *log, const struct config *config,
    const struct evquic_cred *cred)
{
	char pin[EVQUIC_PIN_SIZE] = "", date[DATE_LEN];

	for (size_t i = 0; i < evquic_cred_count(cred); i++) {
		const char *name = evquic_cred_name(cred, i);

		(void)evquic_cred_pin(cred, i, pin);
		log_info(log, "certificate %s for %s, pin-sha256 %s, until %s",
		    certs_label(config, i), name[0] != '\0' ? name : "no name",
		    pin, format_date(expiry_of(cred, i), date));
	}
}
