/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls/verify.c and tls/name.c: what a client accepts.  Every refusal is seen
 * in a whole TLS 1.3 handshake in memory.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "tests/unit/certs.h"
#include "tests/unit/tlspair.h"
#include "tests/unit/unit.h"
#include "tls/evquic_tls.h"
#include "tls/verify.h"

#define DAY 86400
#define NAMES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

/* What one handshake came to. */
struct outcome {
	int client_rc;
	int server_rc;
	int server_read; /* of application data */
	gnutls_alert_description_t alert;
	enum tls_verify_reason reason;
};

/* Set by a test: what the system's store then seems to hold. */
static int
fake_store(int set, int value)
{
	static int is_set;
	static int count;

	if (set >= 0) {
		is_set = set;
		count = value;
	}
	return is_set ? count : INT32_MIN;
}

/* Instead of GnuTLS's own: this machine's store cannot be emptied. */
int
gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t cred)
{
	int (*real)(gnutls_certificate_credentials_t);
	void *symbol;

	if (fake_store(-1, 0) != INT32_MIN)
		return fake_store(-1, 0);
	symbol = dlsym(RTLD_NEXT, "gnutls_certificate_set_x509_system_trust");
	memcpy(&real, &symbol, sizeof(real));
	return real(cred);
}

static struct evquic_cred *
load_cred(const struct certs_dir *dir, const char *name)
{
	struct evquic_cred *cred = evquic_cred_new();
	char cert[CERTS_PATH];
	char key[CERTS_PATH];
	char base[CERTS_PATH];
	char why[EVQUIC_WHY_SIZE] = "";

	CU_ASSERT_PTR_NOT_NULL_FATAL(cred);
	(void)snprintf(base, sizeof(base), "%.100s.crt", name);
	(void)certs_file(dir, cert, base);
	(void)snprintf(base, sizeof(base), "%.100s.key", name);
	(void)certs_file(dir, key, base);
	if (evquic_cred_add_files(cred, cert, key, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	return cred;
}

static struct evquic_trust *
make_trust(
    const char *ca, const char *const *pins, size_t npins, unsigned int flags)
{
	const struct evquic_trust_options options = {
	    .size = sizeof(options),
	    .ca_file = ca,
	    .pins = pins,
	    .npins = npins,
	    .flags = flags,
	};
	struct evquic_trust *trust = NULL;
	char why[EVQUIC_WHY_SIZE] = "";

	if (evquic_trust_new(&options, why, sizeof(why), &trust) != 0) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	return trust;
}

static struct evquic_trust *
trust_ca(const struct certs_dir *dir)
{
	char ca[CERTS_PATH];

	return make_trust(certs_file(dir, ca, "ca.crt"), NULL, 0, 0);
}

static void
make_ca(const struct certs_dir *dir)
{
	certs_make(
	    dir, "ca", &(struct certs_spec){.cn = "test CA", .is_ca = true});
}

/* A handshake of a server with certificate NAME and a client. */
static struct outcome
meet(const struct certs_dir *dir, const char *name,
    const struct evquic_trust *trust, const char *host)
{
	struct evquic_cred *cred = load_cred(dir, name);
	struct tlspair *pair = tlspair_new(cred, trust, TLS_USE_QUIC, host);
	struct outcome out = {0};
	char byte;

	out.client_rc = tlspair_run(pair);
	out.reason = pair->peer.reason;
	if (out.client_rc == 0)
		CU_ASSERT(tlspair_can_talk(pair));
	out.server_rc = pair->server.rc;
	out.alert = gnutls_alert_get(pair->server.session);
	if (out.client_rc != 0)
		out.server_read =
		    (int)gnutls_record_recv(pair->server.session, &byte, 1);
	tlspair_free(pair);
	evquic_cred_unref(cred);
	return out;
}

static bool
is_accepted(struct outcome out)
{
	return out.client_rc == 0 && out.server_rc == 0 &&
	       out.reason == TLS_VERIFY_OK;
}

/* Refused for this reason, in the handshake, before anything was sent. */
static bool
is_refused(struct outcome out, enum tls_verify_reason reason)
{
	return out.client_rc < 0 && out.server_rc < 0 && out.server_read < 0 &&
	       out.alert == GNUTLS_A_BAD_CERTIFICATE && out.reason == reason;
}

static struct outcome
meet_spec(const struct certs_dir *dir, const struct certs_spec *spec,
    const struct evquic_trust *trust, const char *host)
{
	certs_make(dir, "server", spec);
	return meet(dir, "server", trust, host);
}

static void
test_names(void)
{
	struct evquic_trust *trust;
	struct certs_dir dir;

	certs_dir_init(&dir);
	make_ca(&dir);
	trust = trust_ca(&dir);
	certs_make(&dir, "one",
	    &(struct certs_spec){.issuer = "ca",
		.dns = NAMES("a.example", "*.wild.example", "192.0.2.1",
		    "2001:db8::1", "abcd"),
		.ips = NAMES("192.0.2.7", "2001:db8::7")});
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "a.example")));
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "A.Example.")));
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "x.wild.example")));
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "192.0.2.7")));
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "2001:db8::7")));
	CU_ASSERT(is_accepted(meet(&dir, "one", trust, "2001:db8::7%eth0")));
	CU_ASSERT(
	    is_refused(meet(&dir, "one", trust, "b.example"), TLS_VERIFY_NAME));
	CU_ASSERT(is_refused(
	    meet(&dir, "one", trust, "wild.example"), TLS_VERIFY_NAME));
	CU_ASSERT(is_refused(
	    meet(&dir, "one", trust, "y.x.wild.example"), TLS_VERIFY_NAME));
	/* An address inside a dNSName is a name, not an address: neither as
	 * text nor as the octets of "abcd". */
	CU_ASSERT(is_refused(
	    meet(&dir, "one", trust, "97.98.99.100"), TLS_VERIFY_NAME));
	CU_ASSERT(
	    is_refused(meet(&dir, "one", trust, "192.0.2.1"), TLS_VERIFY_NAME));
	CU_ASSERT(is_refused(
	    meet(&dir, "one", trust, "2001:db8::1"), TLS_VERIFY_NAME));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

/* RFC 8310 8.1: the common name counts for nothing, the chain for all. */
static void
test_common_name(void)
{
	struct evquic_trust *trust;
	struct certs_dir dir;
	struct outcome only_cn;
	struct outcome cn_and_ip;
	struct outcome with_san;

	certs_dir_init(&dir);
	make_ca(&dir);
	trust = trust_ca(&dir);
	only_cn = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca", .cn = "a.example"}, trust,
	    "a.example");
	cn_and_ip = meet_spec(&dir,
	    &(struct certs_spec){
		.issuer = "ca", .cn = "a.example", .ips = NAMES("192.0.2.7")},
	    trust, "a.example");
	with_san = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca",
		.cn = "other.example",
		.dns = NAMES("a.example")},
	    trust, "a.example");
	PROVE("FWD-138", is_refused(only_cn, TLS_VERIFY_NO_SAN) &&
			     is_refused(cn_and_ip, TLS_VERIFY_NAME) &&
			     is_accepted(with_san));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

/* The whole chain, over an intermediate that is or is not good. */
static void
test_chain(void)
{
	struct evquic_trust *trust;
	struct certs_dir dir;

	certs_dir_init(&dir);
	make_ca(&dir);
	trust = trust_ca(&dir);
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid", .issuer = "ca", .is_ca = true});
	CU_ASSERT(is_accepted(meet_spec(&dir,
	    &(struct certs_spec){.issuer = "mid", .dns = NAMES("a.example")},
	    trust, "a.example")));
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid",
		.issuer = "ca",
		.is_ca = true,
		.from = -2 * DAY,
		.until = -DAY});
	CU_ASSERT(is_refused(meet_spec(&dir,
				 &(struct certs_spec){.issuer = "mid",
				     .dns = NAMES("a.example")},
				 trust, "a.example"),
	    TLS_VERIFY_EXPIRED));
	/* A server's certificate may not sign others. */
	certs_make(&dir, "mid",
	    &(struct certs_spec){
		.cn = "mid", .issuer = "ca", .dns = NAMES("mid.example")});
	CU_ASSERT(is_refused(meet_spec(&dir,
				 &(struct certs_spec){.issuer = "mid",
				     .dns = NAMES("a.example")},
				 trust, "a.example"),
	    TLS_VERIFY_UNKNOWN_CA));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

/* BAD-147, each case with its own reason. */
static void
test_bad_certificates(void)
{
	struct evquic_trust *trust;
	struct certs_dir dir;
	struct outcome good;
	struct outcome bad[7];

	certs_dir_init(&dir);
	make_ca(&dir);
	certs_make(&dir, "other",
	    &(struct certs_spec){.cn = "other CA", .is_ca = true});
	trust = trust_ca(&dir);
	good = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca", .dns = NAMES("a.example")},
	    trust, "a.example");
	bad[0] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca",
		.dns = NAMES("a.example"),
		.from = -2 * DAY,
		.until = -1},
	    trust, "a.example");
	bad[1] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca", .dns = NAMES("b.example")},
	    trust, "a.example");
	bad[2] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca", .cn = "a.example"}, trust,
	    "a.example");
	bad[3] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca", .dns = NAMES("192.0.2.1")},
	    trust, "192.0.2.1");
	bad[4] = meet_spec(&dir,
	    &(struct certs_spec){.cn = "a.example", .dns = NAMES("a.example")},
	    trust, "a.example");
	bad[5] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "other", .dns = NAMES("a.example")},
	    trust, "a.example");
	bad[6] = meet_spec(&dir,
	    &(struct certs_spec){.issuer = "ca",
		.dns = NAMES("a.example"),
		.from = 3600,
		.until = DAY},
	    trust, "a.example");
	PROVE("BAD-147", is_accepted(good) &&
			     is_refused(bad[0], TLS_VERIFY_EXPIRED) &&
			     is_refused(bad[1], TLS_VERIFY_NAME) &&
			     is_refused(bad[2], TLS_VERIFY_NO_SAN) &&
			     is_refused(bad[3], TLS_VERIFY_NAME) &&
			     is_refused(bad[4], TLS_VERIFY_SELF_SIGNED));
	PROVE("FWD-139", is_accepted(good) &&
			     is_refused(bad[5], TLS_VERIFY_UNKNOWN_CA) &&
			     is_refused(bad[6], TLS_VERIFY_NOT_YET_VALID));
	CU_ASSERT(is_refused(meet_spec(&dir,
				 &(struct certs_spec){.issuer = "ca",
				     .dns = NAMES("a.example"),
				     .purpose = GNUTLS_KP_TLS_WWW_CLIENT},
				 trust, "a.example"),
	    TLS_VERIFY_PURPOSE));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

static void
pin_of(const struct certs_dir *dir, const char *name,
    char ret_pin[EVQUIC_PIN_SIZE])
{
	struct evquic_cred *cred = load_cred(dir, name);

	CU_ASSERT(evquic_cred_pin(cred, 0, ret_pin) == 0);
	evquic_cred_unref(cred);
}

/* RFC 8310 6.4: name and pin, each wrong in turn. */
static void
test_name_and_pin(void)
{
	char good_pin[EVQUIC_PIN_SIZE];
	char bad_pin[EVQUIC_PIN_SIZE];
	const char *const good[] = {bad_pin, good_pin};
	const char *const bad[] = {bad_pin};
	struct evquic_trust *trust_good;
	struct evquic_trust *trust_bad;
	struct certs_dir dir;
	char ca[CERTS_PATH];

	certs_dir_init(&dir);
	make_ca(&dir);
	certs_make(&dir, "server",
	    &(struct certs_spec){.issuer = "ca", .dns = NAMES("a.example")});
	pin_of(&dir, "server", good_pin);
	pin_of(&dir, "ca", bad_pin);
	(void)certs_file(&dir, ca, "ca.crt");
	trust_good = make_trust(ca, good, 2, 0);
	trust_bad = make_trust(ca, bad, 1, 0);
	PROVE("FWD-140",
	    is_accepted(meet(&dir, "server", trust_good, "a.example")) &&
		is_refused(meet(&dir, "server", trust_good, "b.example"),
		    TLS_VERIFY_NAME) &&
		is_refused(meet(&dir, "server", trust_bad, "a.example"),
		    TLS_VERIFY_PIN));
	evquic_trust_unref(trust_good);
	evquic_trust_unref(trust_bad);
	certs_dir_done(&dir);
}

/* A key and its pin as computed by openssl 3.0: x509 -pubkey, sha256. */
static const char PINNED_KEY[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgweyLqF6UKkNfWw6Y\n"
    "lOsfwc0hlKqXAwfHrs+kPlebUZyhRANCAAQM84ByBesmBWHPr0tbEFY+bOA0TcjW\n"
    "KaV7oB+LWkoFKufj3q6iRJdXODZoRduEJ1ljnNv+xwv4VYY+Qe5waZaG\n"
    "-----END PRIVATE KEY-----\n";
#define PINNED_PIN "Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3Ww="
/* The same with one bit of the hash flipped. */
#define FLIPPED_PIN "Ciq+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3Ww="

/* Pins alone: neither chain, nor dates, nor name. */
static void
test_pin_only(void)
{
	const char *const right[] = {PINNED_PIN};
	const char *const flipped[] = {FLIPPED_PIN};
	struct evquic_trust *trust_right;
	struct evquic_trust *trust_flipped;
	char pin[EVQUIC_PIN_SIZE];
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_write(&dir, "known.key", PINNED_KEY, strlen(PINNED_KEY));
	certs_make(&dir, "server",
	    &(struct certs_spec){
		.cn = "x", .key_of = "known", .from = -2 * DAY, .until = -DAY});
	trust_right = make_trust(NULL, right, 1, EVQUIC_TRUST_PIN_ONLY);
	trust_flipped = make_trust(NULL, flipped, 1, EVQUIC_TRUST_PIN_ONLY);
	pin_of(&dir, "server", pin);
	PROVE("FWD-141",
	    strcmp(pin, PINNED_PIN) == 0 &&
		is_accepted(meet(&dir, "server", trust_right, "b.example")) &&
		is_refused(meet(&dir, "server", trust_flipped, "b.example"),
		    TLS_VERIFY_PIN));
	CU_ASSERT(is_accepted(meet(&dir, "server", trust_right, NULL)));
	evquic_trust_unref(trust_right);
	evquic_trust_unref(trust_flipped);
	certs_dir_done(&dir);
}

/* Anybody may send the pinned certificate along: only the leaf's counts. */
static void
test_pin_of_other_in_chain(void)
{
	char pin[EVQUIC_PIN_SIZE];
	const char *const pins[] = {pin};
	struct evquic_trust *trust;
	struct certs_dir dir;

	certs_dir_init(&dir);
	make_ca(&dir);
	certs_make(&dir, "mid",
	    &(struct certs_spec){.cn = "mid", .issuer = "ca", .is_ca = true});
	certs_make(&dir, "server",
	    &(struct certs_spec){.issuer = "mid", .dns = NAMES("a.example")});
	pin_of(&dir, "mid", pin);
	trust = make_trust(NULL, pins, 1, EVQUIC_TRUST_PIN_ONLY);
	CU_ASSERT(is_refused(
	    meet(&dir, "server", trust, "a.example"), TLS_VERIFY_PIN));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

static void
test_insecure(void)
{
	struct evquic_trust *trust =
	    make_trust(NULL, NULL, 0, EVQUIC_TRUST_INSECURE);
	struct certs_dir dir;

	certs_dir_init(&dir);
	CU_ASSERT(is_accepted(meet_spec(
	    &dir, &(struct certs_spec){.cn = "x"}, trust, "a.example")));
	CU_ASSERT(is_accepted(meet(&dir, "server", trust, NULL)));
	evquic_trust_unref(trust);
	certs_dir_done(&dir);
}

/* What evquic_trust_new says to these options, and that nothing was made. */
static int
refusal(const struct evquic_trust_options *options, char *why, size_t whylen)
{
	struct evquic_trust *trust = NULL;
	int rc;

	why[0] = '\0';
	rc = evquic_trust_new(options, why, whylen, &trust);
	CU_ASSERT((rc == 0) == (trust != NULL));
	CU_ASSERT((rc == 0) == (why[0] == '\0'));
	evquic_trust_unref(trust);
	return rc;
}

static int
refusal_of_ca(const struct certs_dir *dir, const char *name, char *why)
{
	char ca[CERTS_PATH];
	const struct evquic_trust_options options = {
	    .size = sizeof(options),
	    .ca_file = certs_file(dir, ca, name),
	};
	int rc = refusal(&options, why, EVQUIC_WHY_SIZE);

	if (rc != 0)
		CU_ASSERT(strstr(why, ca) != NULL);
	return rc;
}

/* A trust that can verify nothing is never made. */
static void
test_fails_closed(void)
{
	struct evquic_trust_options options = {.size = sizeof(options)};
	char why[EVQUIC_WHY_SIZE];
	struct certs_dir dir;
	char room[CERTS_PATH];
	size_t len;
	char *ca;

	certs_dir_init(&dir);
	make_ca(&dir);
	ca = certs_read(&dir, "ca.crt", &len);
	certs_write(&dir, "empty", "", 0);
	certs_write(&dir, "text", "hello\n", 6);
	certs_write(&dir, "cut", ca, len / 2);
	certs_write(&dir, "cut-line", ca, len - 3);
	ca[len / 2] = '!';
	certs_write(&dir, "bent", ca, len);
	(void)mkdir(certs_file(&dir, room, "folder"), 0700);
	CU_ASSERT(refusal_of_ca(&dir, "ca.crt", why) == 0);
	CU_ASSERT(refusal_of_ca(&dir, "empty", why) == -EBADMSG);
	CU_ASSERT(refusal_of_ca(&dir, "text", why) == -EBADMSG);
	CU_ASSERT(refusal_of_ca(&dir, "cut", why) == -EBADMSG);
	CU_ASSERT(refusal_of_ca(&dir, "cut-line", why) == -EBADMSG);
	CU_ASSERT(refusal_of_ca(&dir, "bent", why) < 0);
	CU_ASSERT(refusal_of_ca(&dir, "absent", why) == -ENOENT);
	CU_ASSERT(refusal_of_ca(&dir, "folder", why) == -EISDIR);
	CU_ASSERT(refusal_of_ca(&dir, "ca.key", why) == -EBADMSG);
	free(ca);

	fake_store(1, 0);
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -ENODATA);
	CU_ASSERT(strstr(why, "no CA certificates") != NULL);
	fake_store(1, GNUTLS_E_FILE_ERROR);
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -ENODATA);
	fake_store(1, 1);
	CU_ASSERT(refusal(&options, why, sizeof(why)) == 0);
	fake_store(0, 0);
	certs_dir_done(&dir);
}

static void
test_contradictions(void)
{
	const char *const good[] = {PINNED_PIN};
	static const char *const malformed[] = {
	    "",
	    "Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3Ww",
	    "Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3Wx=",
	    "Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3W==",
	    "sha256/Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft",
	    "Cia+R3kyFVqhwr3U_Vh7r_veRGnDC1VXZWu2ft3e3Ww=",
	    " Cia+R3kyFVqhwr3U/Vh7r/veRGnDC1VXZWu2ft3e3Ww",
	    PINNED_PIN "=",
	};
	struct evquic_trust_options options = {.size = sizeof(options)};
	struct {
		struct evquic_trust_options known;
		uint64_t newer;
	} larger = {0};
	char why[EVQUIC_WHY_SIZE];
	size_t i;

	fake_store(1, 1);
	options.npins = 1;
	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		options.pins = &malformed[i];
		CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	}
	options.pins = good;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == 0);
	options.flags = EVQUIC_TRUST_INSECURE;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	options.flags = EVQUIC_TRUST_INSECURE | EVQUIC_TRUST_PIN_ONLY;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	options.flags = EVQUIC_TRUST_PIN_ONLY;
	options.ca_file = "/nowhere";
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	options.ca_file = NULL;
	options.npins = 0;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	options.flags = 0x80;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	options.flags = 0;
	options.size = 0;
	CU_ASSERT(refusal(&options, why, sizeof(why)) == -EINVAL);
	larger.known.size = sizeof(larger);
	CU_ASSERT(refusal(&larger.known, why, sizeof(why)) == 0);
	larger.newer = 1;
	CU_ASSERT(refusal(&larger.known, why, sizeof(why)) == -E2BIG);
	fake_store(0, 0);
}

/* A strict trust without a name to check would check nothing. */
static void
test_attach(void)
{
	struct evquic_trust *trust;
	struct tls_peer_name peer;
	gnutls_session_t session;
	struct certs_dir dir;

	certs_dir_init(&dir);
	make_ca(&dir);
	trust = trust_ca(&dir);
	CU_ASSERT_FATAL(gnutls_init(&session, GNUTLS_CLIENT) == 0);
	CU_ASSERT(tls_trust_attach(trust, session, TLS_USE_QUIC, NULL, &peer) ==
		  -EINVAL);
	CU_ASSERT(tls_trust_attach(trust, session, TLS_USE_QUIC, "", &peer) ==
		  -EINVAL);
	CU_ASSERT(tls_trust_attach(
		      trust, session, TLS_USE_QUIC, "a b", &peer) == -EINVAL);
	CU_ASSERT(tls_trust_attach(
		      trust, session, TLS_USE_QUIC, "a.example", &peer) == 0);
	CU_ASSERT(peer.reason == TLS_VERIFY_PENDING);
	CU_ASSERT(evquic_trust_ref(trust) == trust);
	evquic_trust_unref(trust);
	gnutls_deinit(session);
	evquic_trust_unref(trust);
	evquic_trust_unref(NULL);
	certs_dir_done(&dir);
}

static bool
matches(const char *name, const char *host)
{
	return tls_name_matches(name, strlen(name), host);
}

static void
test_matching(void)
{
	CU_ASSERT(matches("a.example", "a.example"));
	CU_ASSERT(matches("A.EXAMPLE", "a.example"));
	CU_ASSERT(matches("a.example.", "a.example"));
	CU_ASSERT(matches("localhost", "localhost"));
	CU_ASSERT(matches("*.b.example", "a.b.example"));
	CU_ASSERT(!matches("", ""));
	CU_ASSERT(!matches(".", ""));
	CU_ASSERT(!matches("b.example", "a.example"));
	CU_ASSERT(!matches("a.example", "xa.example"));
	CU_ASSERT(!matches("*.b.example", "b.example"));
	CU_ASSERT(!matches("*.b.example", "x.a.b.example"));
	CU_ASSERT(!matches("*.example", "a.example"));
	CU_ASSERT(!matches("*.example.", "a.example"));
	CU_ASSERT(!matches("*", "localhost"));
	CU_ASSERT(!matches("*.", "localhost"));
	CU_ASSERT(!matches("a*.b.example", "ab.b.example"));
	CU_ASSERT(!matches("a.*.example", "a.b.example"));
	CU_ASSERT(!tls_name_matches("a.example\0.evil", 15, "a.example"));
}

static void
test_host_parse(void)
{
	struct tls_host host;
	char name[TLS_NAME_MAX + 2];
	size_t i;

	CU_ASSERT(tls_host_parse("DNS.Example.", &host) == 0);
	CU_ASSERT(host.kind == TLS_HOST_NAME);
	CU_ASSERT_STRING_EQUAL(host.name, "dns.example");
	CU_ASSERT(tls_host_parse("192.0.2.1", &host) == 0);
	CU_ASSERT(host.kind == TLS_HOST_IPV4);
	CU_ASSERT(tls_host_parse("fe80::1%eth0", &host) == 0);
	CU_ASSERT(host.kind == TLS_HOST_IPV6);
	CU_ASSERT(tls_host_parse("", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse(".", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("a..b", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("a b", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("*.example", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("b\xc3\xbc.example", &host) == -EINVAL);
	/* inet_aton() would take these for 127.0.0.1. */
	CU_ASSERT(tls_host_parse("127.1", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("2130706433", &host) == -EINVAL);
	CU_ASSERT(tls_host_parse("[::1]", &host) == -EINVAL);
	for (i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[TLS_NAME_MAX] = '\0';
	CU_ASSERT(tls_host_parse(name, &host) == 0);
	name[TLS_NAME_MAX] = 'a';
	name[TLS_NAME_MAX + 1] = '\0';
	CU_ASSERT(tls_host_parse(name, &host) == -EINVAL);
	memset(name, 'a', 64);
	name[64] = '\0';
	CU_ASSERT(tls_host_parse(name, &host) == -EINVAL);
}

/* SNI carries names without their last dot, and never a literal. */
static bool
sni_is(const struct certs_dir *dir, const char *host, const char *expected)
{
	struct evquic_trust *trust =
	    make_trust(NULL, NULL, 0, EVQUIC_TRUST_INSECURE);
	struct evquic_cred *cred = load_cred(dir, "server");
	struct tlspair *pair = tlspair_new(cred, trust, TLS_USE_QUIC, host);
	char name[TLS_NAME_MAX + 1] = "";
	size_t len = sizeof(name);
	unsigned int type;

	CU_ASSERT(tlspair_run(pair) == 0);
	if (gnutls_server_name_get(
		pair->server.session, name, &len, &type, 0) != 0)
		name[0] = '\0';
	tlspair_free(pair);
	evquic_cred_unref(cred);
	evquic_trust_unref(trust);
	return strcmp(name, expected) == 0;
}

static void
test_sni(void)
{
	struct certs_dir dir;

	certs_dir_init(&dir);
	certs_make(&dir, "server", &(struct certs_spec){.cn = "x"});
	CU_ASSERT(sni_is(&dir, "A.example.", "a.example"));
	CU_ASSERT(sni_is(&dir, "192.0.2.1", ""));
	CU_ASSERT(sni_is(&dir, "2001:db8::1", ""));
	certs_dir_done(&dir);
}

static void
test_texts(void)
{
	int i;
	int j;

	for (i = TLS_VERIFY_PENDING; i <= TLS_VERIFY_INVALID; i++) {
		for (j = TLS_VERIFY_PENDING; j < i; j++)
			CU_ASSERT(
			    strcmp(tls_verify_text((enum tls_verify_reason)i),
				tls_verify_text((enum tls_verify_reason)j)) !=
			    0);
	}
}

/* Compression methods of the ClientHello: only null (RFC 8446 4.1.2). */
static bool
offers_no_compression(const struct tlspair_wire *wire)
{
	/* Record and handshake headers, version, random. */
	size_t at = 5 + 4 + 2 + 32;

	at += 1 + (size_t)wire->data[at];
	at += 2 + ((size_t)wire->data[at] << 8 | wire->data[at + 1]);
	return at + 2 < wire->len && wire->data[at] == 1 &&
	       wire->data[at + 1] == 0;
}

/* A handshake in which the client offers just these versions. */
static gnutls_protocol_t
probe(const struct certs_dir *dir, enum tls_use use, const char *versions,
    bool *ret_uncompressed)
{
	struct evquic_trust *trust =
	    make_trust(NULL, NULL, 0, EVQUIC_TRUST_INSECURE);
	struct evquic_cred *cred = load_cred(dir, "server");
	struct tlspair *pair = tlspair_new(cred, trust, use, "a.example");
	gnutls_protocol_t version = GNUTLS_VERSION_UNKNOWN;

	if (versions != NULL)
		CU_ASSERT(gnutls_priority_set_direct(
			      pair->client.session, versions, NULL) == 0);
	if (tlspair_run(pair) == 0)
		version = gnutls_protocol_get_version(pair->server.session);
	*ret_uncompressed = offers_no_compression(&pair->to_server);
	tlspair_free(pair);
	evquic_cred_unref(cred);
	evquic_trust_unref(trust);
	return version;
}

static void
test_versions(void)
{
	static const char only12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
	static const char only11[] = "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT";
	bool plain[4];
	struct certs_dir dir;
	gnutls_protocol_t version[5];

	certs_dir_init(&dir);
	certs_make(&dir, "server", &(struct certs_spec){.cn = "x"});
	version[0] = probe(&dir, TLS_USE_QUIC, NULL, &plain[0]);
	version[1] = probe(&dir, TLS_USE_STREAM, NULL, &plain[1]);
	version[2] = probe(&dir, TLS_USE_STREAM, only12, &plain[2]);
	version[3] = probe(&dir, TLS_USE_STREAM, only11, &plain[3]);
	version[4] = probe(&dir, TLS_USE_QUIC, only12, &plain[3]);
	PROVE("FWD-142",
	    version[0] == GNUTLS_TLS1_3 && version[1] == GNUTLS_TLS1_3 &&
		version[2] == GNUTLS_TLS1_2 &&
		version[3] == GNUTLS_VERSION_UNKNOWN &&
		version[4] == GNUTLS_VERSION_UNKNOWN && plain[0] && plain[1]);
	certs_dir_done(&dir);
}

#define KEYLOG_CHILD "QUOLL_UNIT_KEYLOG_CHILD"

/* GnuTLS reads the variable once per process, so another one is needed. */
static int
run_keylog_child(const char *file)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setenv("SSLKEYLOGFILE", file, 1);
		(void)setenv(KEYLOG_CHILD, "1", 1);
		(void)freopen("/dev/null", "w", stdout);
		(void)execl(
		    "/proc/self/exe", "unit", "verify:keylog", (char *)NULL);
		_exit(1);
	}
	CU_ASSERT_FATAL(pid > 0);
	CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
	return status;
}

/* SSLKEYLOGFILE is honoured by GnuTLS itself, for TLS 1.3. */
static void
test_keylog(void)
{
	char file[CERTS_PATH];
	struct certs_dir dir;
	bool plain;
	size_t len;
	char *log;

	certs_dir_init(&dir);
	if (getenv(KEYLOG_CHILD) != NULL) {
		certs_make(&dir, "server", &(struct certs_spec){.cn = "x"});
		CU_ASSERT(
		    probe(&dir, TLS_USE_QUIC, NULL, &plain) == GNUTLS_TLS1_3);
	} else {
		CU_ASSERT(
		    run_keylog_child(certs_file(&dir, file, "keylog")) == 0);
		log = certs_read(&dir, "keylog", &len);
		CU_ASSERT(strstr(log, "CLIENT_TRAFFIC_SECRET_0 ") != NULL);
		CU_ASSERT(
		    strstr(log, "SERVER_HANDSHAKE_TRAFFIC_SECRET ") != NULL);
		free(log);
	}
	certs_dir_done(&dir);
}

void
test_verify_register(void)
{
	CU_pSuite suite = unit_suite("verify");

	unit_test(suite, "names", test_names);
	unit_test(suite, "common_name", test_common_name);
	unit_test(suite, "chain", test_chain);
	unit_test(suite, "bad_certificates", test_bad_certificates);
	unit_test(suite, "name_and_pin", test_name_and_pin);
	unit_test(suite, "pin_only", test_pin_only);
	unit_test(suite, "pin_of_other_in_chain", test_pin_of_other_in_chain);
	unit_test(suite, "insecure", test_insecure);
	unit_test(suite, "fails_closed", test_fails_closed);
	unit_test(suite, "contradictions", test_contradictions);
	unit_test(suite, "attach", test_attach);
	unit_test(suite, "matching", test_matching);
	unit_test(suite, "host_parse", test_host_parse);
	unit_test(suite, "sni", test_sni);
	unit_test(suite, "texts", test_texts);
	unit_test(suite, "versions", test_versions);
	unit_test(suite, "keylog", test_keylog);
}
