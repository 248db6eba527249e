/* SPDX-License-Identifier: BSD-2-Clause */
/* Which names and ports clients are told of, and which never. */
#include "resolver/designate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/ddr.h"
#include "quic/evquic.h"
#include "resolver/own.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#define NAMES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static const struct config_build build = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_QUIC)};

static struct certs_dir dir;
static struct dns_ddr *ddr;
static unsigned warnings;
static char said[8192]; /* what was told, all of it */

static void
hear(void *arg, enum log_level level, const char *line)
{
	size_t len = strlen(said);

	(void)arg;
	if (level == LOG_LEVEL_WARN)
		warnings++;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", line);
}

static const struct certs_listener listener = {hear, NULL};

static struct config *
load_config(const char *text)
{
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;

	CU_ASSERT_FATAL(config_load_text("f", text, strlen(text), &build, NULL,
			    &errors, &config) == 0);
	return config;
}

/* The certificates of the test, whatever the configuration's files. */
static struct evquic_cred *
load_certs(const char *const *names)
{
	struct evquic_cred *cred = evquic_cred_new();
	char cert[CERTS_PATH];
	char key[CERTS_PATH];
	char file[64];

	for (; *names != NULL; names++) {
		(void)snprintf(file, sizeof(file), "%s.crt", *names);
		(void)certs_file(&dir, cert, file);
		(void)snprintf(file, sizeof(file), "%s.key", *names);
		(void)certs_file(&dir, key, file);
		CU_ASSERT_FATAL(
		    evquic_cred_add_files(cred, cert, key, NULL, 0) == 0);
	}
	return cred;
}

/* Makes the designations of this text and these certificates. */
static int
make(const char *text, const char *const *certs, bool is_reload)
{
	struct config *config = load_config(text);
	struct evquic_cred *cred = certs != NULL ? load_certs(certs) : NULL;
	struct own_facts facts = {
	    .cred = cred, .listen = &config->listen, .is_reload = is_reload};
	int rc;

	free(ddr);
	ddr = NULL;
	warnings = 0;
	said[0] = '\0';
	rc = designate(config, &facts, &listener, &ddr);
	CU_ASSERT(rc == 0 || ddr == NULL);
	evquic_cred_unref(cred);
	config_unref(config);
	return rc;
}

/* Is designation `i` this one? */
static bool
is_item(size_t i, const char *name, unsigned port, size_t hints4, size_t hints6)
{
	uint8_t target[DNS_NAME_MAX];
	const struct dns_designation *d;
	size_t len;

	CU_ASSERT_FATAL(dns_name_from_text(name, target, &len) == 0);
	if (ddr == NULL || i >= ddr->count)
		return false;
	d = &ddr->item[i];
	return dns_name_equal(d->target, target) && d->port == port &&
	       d->hints4 == hints4 && d->hints6 == hints6 &&
	       strcmp(d->alpn, "\3doq") == 0;
}

#define FILES "tls: {cert: a, key: b}\n"
#define PUBLIC "listen: [\"quic://192.0.2.1\", \"quic://[2001:db8::1]\"]\n"

static void
begin(void)
{
	certs_dir_init(&dir);
	certs_make(&dir, "full",
	    &(struct certs_spec){.dns = NAMES("dns.example", "*.wild.example",
				     "single", "Two.example", "dns.example"),
		.ips = NAMES("192.0.2.1", "2001:db8::1")});
	certs_make(
	    &dir, "plain", &(struct certs_spec){.dns = NAMES("plain.example")});
	certs_make(&dir, "odd",
	    &(struct certs_spec){
		.dns = NAMES("x.resolver.arpa", "resolver.arpa"),
		.ips = NAMES("192.0.2.1")});
}

static void
end(void)
{
	free(ddr);
	ddr = NULL;
	certs_dir_done(&dir);
}

/* Certificates that are for an address, too, are meant for this. */
static void
test_carried(void)
{
	begin();
	CU_ASSERT(make(FILES PUBLIC, NAMES("full"), false) == 0);
	CU_ASSERT_FATAL(ddr != NULL);
	CU_ASSERT(ddr->count == 2 && warnings == 0);
	CU_ASSERT(is_item(0, "dns.example", 0, 1, 1));
	CU_ASSERT(is_item(1, "two.example", 0, 1, 1));
	CU_ASSERT(memcmp(ddr->item[0].hint4[0], "\300\0\2\1", 4) == 0);
	CU_ASSERT(strstr(said, "quic://dns.example:853\n") != NULL);
	PROVE("FWD-161",
	    make(FILES PUBLIC, NAMES("plain"), false) == 0 && ddr == NULL);
	PROVE("FWD-157",
	    make(FILES PUBLIC, NAMES("odd"), false) == 0 && ddr == NULL);
	/* What we signed ourselves, nothing to look at, switched off. */
	CU_ASSERT(make(PUBLIC, NAMES("full"), false) == 0 && ddr == NULL);
	CU_ASSERT(make(FILES PUBLIC, NULL, false) == 0 && ddr == NULL);
	CU_ASSERT(make(FILES PUBLIC "ddr: {enabled: false}\n", NAMES("full"),
		      false) == 0 &&
		  ddr == NULL);
	end();
}

static void
test_ports(void)
{
	begin();
	CU_ASSERT(make(FILES "listen: [\"quic://192.0.2.1:853\", "
			     "\"quic://192.0.2.1:8853\", "
			     "\"quic://192.0.2.1:443\"]\n"
			     "ddr: {names: [dns.example]}\n",
		      NAMES("full"), false) == 0);
	PROVE("FWD-160", is_item(0, "dns.example", 0, 1, 0));
	PROVE("FWD-160", is_item(1, "dns.example", 8853, 1, 0));
	PROVE("FWD-160", is_item(2, "dns.example", 443, 1, 0));
	end();
}

/* Only what a certificate is for. */
static void
test_configured(void)
{
	static const char text[] = FILES PUBLIC
	    "ddr:\n"
	    "  names: [other.example, dns.example, Dns.Example.]\n";

	begin();
	CU_ASSERT(make(text, NAMES("full"), false) == -EINVAL);
	CU_ASSERT_STRING_EQUAL(
	    strstr(said, "f:4: ddr.names: no certificate is for other"),
	    "f:4: ddr.names: no certificate is for other.example\n"
	    "ddr: clients are told of quic://dns.example:853\n");
	/* A certificate has changed: the rest goes on. */
	CU_ASSERT(make(text, NAMES("full"), true) == 0);
	CU_ASSERT(warnings == 1 && strstr(said, "left out\n") != NULL);
	CU_ASSERT_FATAL(ddr != NULL);
	CU_ASSERT(ddr->count == 1 && is_item(0, "dns.example", 0, 1, 1));
	CU_ASSERT(make(text, NAMES("odd"), true) == 0 && ddr == NULL);
	/* A name below a wildcard is one that clients can verify. */
	CU_ASSERT(make(FILES PUBLIC "ddr: {names: x.wild.example}\n",
		      NAMES("plain", "full"), false) == 0);
	CU_ASSERT(is_item(0, "x.wild.example", 0, 1, 1) && warnings == 0);
	/* Who verifies it asks for an address in it. */
	CU_ASSERT(make(FILES PUBLIC "ddr: {names: plain.example}\n",
		      NAMES("plain"), false) == 0);
	PROVE("FWD-161", warnings == 1 && strstr(said, "not for any address"));
	CU_ASSERT(is_item(0, "plain.example", 0, 1, 1));
	end();
}

static void
test_refused(void)
{
	static const char *const names[] = {
	    ".", "resolver.arpa", "_dns.Resolver.arpa", "a..b", "\"\""};
	struct config_errors errors;
	struct config *config;
	char text[100];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "ddr: {names: [\"%s\"]}\n", names[i]);
		errors.count = errors.dropped = 0;
		PROVE(
		    "FWD-157", config_load_text("f", text, strlen(text), &build,
				   NULL, &errors, &config) == -EINVAL &&
				   strncmp(errors.text[0], "f:1: ", 5) == 0);
	}
}

static void
test_addresses(void)
{
	begin();
	CU_ASSERT(make(FILES "listen: [\"quic://*:853\"]\n", NAMES("full"),
		      false) == 0);
	CU_ASSERT(is_item(0, "dns.example", 0, 0, 0));
	CU_ASSERT(ddr->item[0].any4 && ddr->item[0].any6 && warnings == 0);
	/* Written down: nothing else, and the certificate is not for it. */
	CU_ASSERT(make(FILES "listen: [\"quic://*:853\"]\n"
			     "ddr: {addresses: [192.0.2.1, 192.0.2.9]}\n",
		      NAMES("full"), false) == 0);
	CU_ASSERT(is_item(0, "dns.example", 0, 2, 0));
	CU_ASSERT(!ddr->item[0].any4 && !ddr->item[0].any6);
	PROVE("FWD-161", warnings == 2 && strstr(said, "not for 192.0.2.9"));
	/* Others are not sent to the loopback, nor to a link's own address. */
	CU_ASSERT(make(FILES "listen: [\"quic://localhost:8853\", "
			     "\"quic://192.0.2.1\", \"quic://[fe80::1]\"]\n",
		      NAMES("full"), false) == 0);
	CU_ASSERT_FATAL(ddr != NULL);
	CU_ASSERT(ddr->count == 2 && warnings == 0);
	CU_ASSERT(is_item(0, "dns.example", 0, 1, 0));
	CU_ASSERT(is_item(1, "two.example", 0, 1, 0));
	/* Nobody else comes. */
	CU_ASSERT(make(FILES "listen: [\"quic://localhost:8853\"]\n",
		      NAMES("full"), false) == 0);
	CU_ASSERT(is_item(0, "dns.example", 8853, 1, 1));
	end();
}

static void
test_most(void)
{
	static const char wild[] = "ddr: {names: [n%u.wild.example";
	char text[4096];
	size_t len;
	unsigned i;

	begin();
	len = (size_t)snprintf(text, sizeof(text), "%s", FILES "listen: [");
	for (i = 0; i < 3; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "\"quic://192.0.2.1:%u\", ", 8853 + i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "]\n");
	for (i = 0; i < 16; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    i == 0 ? wild : ", n%u.wild.example", i);
	(void)snprintf(text + len, sizeof(text) - len, "]}\n");
	CU_ASSERT(make(text, NAMES("full"), false) == 0);
	CU_ASSERT(ddr->count == DNS_DDR_MAX && warnings > 0);
	CU_ASSERT(strstr(said, "no more than 32") != NULL);
	end();
}

void
test_designate_register(void)
{
	CU_pSuite s = unit_suite("designate");

	unit_test(s, "carried", test_carried);
	unit_test(s, "ports", test_ports);
	unit_test(s, "configured", test_configured);
	unit_test(s, "refused", test_refused);
	unit_test(s, "addresses", test_addresses);
	unit_test(s, "most", test_most);
}
