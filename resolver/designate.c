/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of certificates times ports of listeners.
 *
 * Who is sent here verifies: the certificate must be for the name, and for the
 * address that was asked first (RFC 9462 4.2).  So what no certificate carries
 * is never told, and, unless a person has written names down, only certificates
 * that are for an address are taken to be meant for this.
 */
#include "resolver/designate.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/ddr.h"
#include "quic/evquic.h"
#include "resolver/own.h"

#define DOQ_PORT 853 /* RFC 9250 4.1.1: needs no parameter */
#define LINE_LEN (2 * CONFIG_ERROR_LEN)
#define ADDRESS_LEN (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

struct job {
	const struct config *config;
	const struct own_facts *facts;
	const struct certs_listener *listener;
	struct dns_ddr *ddr;
	int rc;
};

static void __attribute__((format(printf, 3, 4)))
tell(const struct job *job, enum log_level level, const char *fmt, ...)
{
	const struct config *config = job->config;
	char text[LINE_LEN];
	va_list args;
	int len = 0;

	if (level != LOG_LEVEL_INFO && config->file != NULL &&
	    config->ddr.line != 0)
		len = snprintf(text, sizeof(text), "%s:%zu: ", config->file,
		    config->ddr.line);
	if (len < 0 || (size_t)len >= sizeof(text))
		len = 0;
	va_start(args, fmt);
	(void)vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
	va_end(args);
	job->listener->tell(job->listener->arg, level, text);
}

/* ----------------------------------------------------------- addresses -- */

static uint16_t
port_of(const struct config_addr *addr)
{
	struct sockaddr_in sin;

	/* The port stands at the same place in both families. */
	memcpy(&sin, &addr->ss, sizeof(sin));
	return ntohs(sin.sin_port);
}

static bool
is_loopback(const struct config_addr *addr)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (addr->ss.ss_family == AF_INET) {
		memcpy(&sin, &addr->ss, sizeof(sin));
		return ntohl(sin.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	memcpy(&sin6, &addr->ss, sizeof(sin6));
	return IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr);
}

/* Only good with the name of an interface, which is different elsewhere. */
static bool
is_link_local(const struct config_addr *addr)
{
	struct sockaddr_in6 sin6;

	if (addr->ss.ss_family != AF_INET6)
		return false;
	memcpy(&sin6, &addr->ss, sizeof(sin6));
	return IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr);
}

/* May others be told of it, or of what listens there?  Of loopback only if
 * there is nothing else. */
static bool
is_useful(const struct job *job, const struct config_addr *addr)
{
	const struct config_listens *list = job->facts->listen;
	size_t i;

	if (is_link_local(addr))
		return false;
	if (!is_loopback(addr))
		return true;
	for (i = 0; i < list->count; i++) {
		if (!is_loopback(&list->item[i].addr))
			return false;
	}
	return true;
}

static void
add_hint(struct dns_designation *d, const struct config_addr *addr)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (addr->ss.ss_family == AF_INET && d->hints4 < DNS_DDR_HINTS_MAX) {
		memcpy(&sin, &addr->ss, sizeof(sin));
		memcpy(d->hint4[d->hints4++], &sin.sin_addr, 4);
	} else if (addr->ss.ss_family == AF_INET6 &&
		   d->hints6 < DNS_DDR_HINTS_MAX) {
		memcpy(&sin6, &addr->ss, sizeof(sin6));
		memcpy(d->hint6[d->hints6++], &sin6.sin6_addr, 16);
	}
}

static void
add_listener(const struct job *job, struct dns_designation *d,
    const struct config_addr *addr)
{
	/* Those that were written down are all there are. */
	if (job->config->ddr.addresses.count > 0)
		return;
	if (!config_addr_is_any(addr))
		add_hint(d, addr);
	else if (addr->ss.ss_family == AF_INET)
		d->any4 = true;
	else
		d->any6 = true;
}

/* ---------------------------------------------------------------- names -- */

/* The designation of this name and port, a new one if need be. */
static struct dns_designation *
find(struct job *job, const uint8_t *target, uint16_t port)
{
	const struct config_addrs *fixed = &job->config->ddr.addresses;
	struct dns_ddr *ddr = job->ddr;
	struct dns_designation *d;
	size_t i;

	for (i = 0; i < ddr->count; i++) {
		d = &ddr->item[i];
		if (d->port == port && dns_name_equal(d->target, target))
			return d;
	}
	if (ddr->count == DNS_DDR_MAX)
		return NULL;
	d = &ddr->item[ddr->count++];
	memcpy(d->target, target, dns_name_length(target));
	d->alpn = DNS_DDR_ALPN_DOQ;
	d->port = port;
	for (i = 0; i < fixed->count; i++)
		add_hint(d, &fixed->item[i]);
	return d;
}

/* Is there an address among `list` that certificate `index` is not for? */
static bool
lacks(const struct job *job, size_t index, const struct config_addr *addr,
    char ret_text[ADDRESS_LEN])
{
	return !config_addr_is_any(addr) && is_useful(job, addr) &&
	       getnameinfo((const void *)&addr->ss, addr->len, ret_text,
		   ADDRESS_LEN, NULL, 0, NI_NUMERICHOST) == 0 &&
	       !evquic_cred_is_for(job->facts->cred, index, ret_text);
}

/* RFC 9462 4.2: who verifies wants the address that was asked, too. */
static void
tell_lack(const struct job *job, const char *name, size_t index)
{
	const struct config_addrs *fixed = &job->config->ddr.addresses;
	const struct config_listens *list = job->facts->listen;
	char text[ADDRESS_LEN] = "any address";
	bool is_lacking = evquic_cred_addresses(job->facts->cred, index) == 0;
	size_t i;

	for (i = 0; !is_lacking && i < fixed->count; i++)
		is_lacking = lacks(job, index, &fixed->item[i], text);
	for (i = 0; !is_lacking && fixed->count == 0 && i < list->count; i++)
		is_lacking = lacks(job, index, &list->item[i].addr, text);
	if (is_lacking)
		tell(job, LOG_LEVEL_WARN,
		    "ddr: %s: its certificate is not for %s: clients that "
		    "verify it do not come (RFC 9462 4.2)",
		    name, text);
}

static bool
is_known(const struct job *job, const uint8_t *target)
{
	size_t i;

	for (i = 0; i < job->ddr->count; i++) {
		if (dns_name_equal(job->ddr->item[i].target, target))
			return true;
	}
	return false;
}

/* The name with the port of a listener. */
static int
add_port(struct job *job, const char *name, const uint8_t *target,
    const struct config_listen *l)
{
	size_t before = job->ddr->count;
	uint16_t port = port_of(&l->addr);
	struct dns_designation *d;

	assert(l->scheme == CONFIG_QUIC);
	if (!is_useful(job, &l->addr))
		return 0;
	d = find(job, target, port != DOQ_PORT ? port : 0);
	if (d == NULL)
		return -ENOSPC;
	add_listener(job, d, &l->addr);
	if (job->ddr->count > before)
		tell(job, LOG_LEVEL_INFO,
		    "ddr: clients are told of quic://%s:%u", name, port);
	return 0;
}

/* The name with all ports. */
static void
add_name(struct job *job, const char *name, size_t index)
{
	const struct config_listens *list = job->facts->listen;
	uint8_t target[DNS_NAME_MAX];
	size_t len;
	size_t i;

	if (dns_name_from_text(name, target, &len) != 0 ||
	    !dns_ddr_may_target(target) || is_known(job, target))
		return;
	tell_lack(job, name, index);
	for (i = 0; i < list->count; i++) {
		if (add_port(job, name, target, &list->item[i]) == 0)
			continue;
		tell(job, LOG_LEVEL_WARN,
		    "ddr: %s: no more than %d names with ports are told", name,
		    DNS_DDR_MAX);
		return;
	}
}

/* The first certificate that is for the name: the count if there is none. */
static size_t
find_cert(const struct evquic_cred *cred, const char *name)
{
	size_t i = 0;

	while (
	    i < evquic_cred_count(cred) && !evquic_cred_is_for(cred, i, name))
		i++;
	return i;
}

static void
add_configured(struct job *job)
{
	const struct config_texts *names = &job->config->ddr.names;
	const struct evquic_cred *cred = job->facts->cred;
	size_t index;
	size_t i;

	for (i = 0; i < names->count; i++) {
		index = find_cert(cred, names->item[i]);
		if (index < evquic_cred_count(cred)) {
			add_name(job, names->item[i], index);
		} else if (job->facts->is_reload) {
			tell(job, LOG_LEVEL_WARN,
			    "ddr.names: no certificate is for %s: it is left "
			    "out",
			    names->item[i]);
		} else {
			tell(job, LOG_LEVEL_ERROR,
			    "ddr.names: no certificate is for %s",
			    names->item[i]);
			job->rc = -EINVAL;
		}
	}
}

/* Names that somebody else can look up: no wildcard, no single label. */
static bool
is_proper(const char *name)
{
	return strchr(name, '*') == NULL && strchr(name, '.') != NULL;
}

static void
add_carried(struct job *job)
{
	const struct evquic_cred *cred = job->facts->cred;
	const char *name;
	size_t i;
	size_t n;

	/* What we signed ourselves nobody can verify. */
	if (job->config->tls.certificates.count == 0)
		return;
	for (i = 0; i < evquic_cred_count(cred); i++) {
		if (evquic_cred_addresses(cred, i) == 0)
			continue;
		for (n = 0; (name = evquic_cred_dns_name(cred, i, n)) != NULL;
		     n++) {
			if (is_proper(name))
				add_name(job, name, i);
		}
	}
}

int
designate(const struct config *config, const struct own_facts *facts,
    const struct certs_listener *listener, struct dns_ddr **ret_ddr)
{
	struct job job = {
	    .config = config, .facts = facts, .listener = listener};

	*ret_ddr = NULL;
	if (!config->ddr.enabled || facts->cred == NULL)
		return 0;
	job.ddr = calloc(1, sizeof(*job.ddr));
	if (job.ddr == NULL) {
		tell(&job, LOG_LEVEL_ERROR, "out of memory");
		return -ENOMEM;
	}
	if (config->ddr.names.count > 0)
		add_configured(&job);
	else
		add_carried(&job);
	if (job.rc != 0 || job.ddr->count == 0)
		free(job.ddr);
	else
		*ret_ddr = job.ddr;
	return job.rc;
}
