/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificate chains that do not fit into what a server may send before it
 * knows the client's address (RFC 9000 8.1).
 */
#include "tests/fake/duo.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

enum {
	NAMES_MAX = 100,
	NAME_LEN = 120, /* of each name that fills a certificate */
	LONG_CHAIN = 10000,
	LOST_SEEDS = 40,
	SLACK = 200 /* of the estimate */
};

#define DELAY (20 * NSEC_PER_MSEC)

static struct duo d;

/* What both sides send, and what becomes of it. */
struct flight {
	uint64_t bytes; /* the server's */
	unsigned datagrams;
	unsigned lost; /* so many of the first are */
	size_t first;  /* the length of the client's first */
	unsigned client_datagrams;
	unsigned client_lost; /* so many after the first are */
};

static bool
watch(void *arg, const struct net_datagram *datagram)
{
	struct flight *f = arg;

	if (memcmp(&datagram->from, &d.sim.addr, sizeof(d.sim.addr)) == 0) {
		f->bytes += datagram->len;
		return f->datagrams++ >= f->lost;
	}
	if (f->client_datagrams++ == 0) {
		f->first = datagram->len;
		return true;
	}
	return f->client_datagrams - 1 > f->client_lost;
}

/* A certificate with as many long names as asked for. */
static struct evquic_cred *
make_cred(unsigned nnames, bool is_rsa)
{
	static char texts[NAMES_MAX][NAME_LEN + 1];
	const char *names[NAMES_MAX + 2] = {SIM_NAME};
	struct certs_spec spec = {.cn = "long", .dns = names, .is_rsa = is_rsa};
	struct evquic_cred *cred = evquic_cred_new();
	char cert[CERTS_PATH], key[CERTS_PATH];
	struct certs_dir dir;

	CU_ASSERT_FATAL(cred != NULL && nnames <= NAMES_MAX);
	for (unsigned i = 0; i < nnames; i++) {
		memset(texts[i], 'x', NAME_LEN);
		texts[i][60] = '.';
		names[i + 1] = texts[i];
	}
	certs_dir_init(&dir);
	certs_make(&dir, "long", &spec);
	CU_ASSERT_FATAL(
	    evquic_cred_add_files(cred, certs_file(&dir, cert, "long.crt"),
		certs_file(&dir, key, "long.key"), NULL, 0) == 0);
	certs_dir_done(&dir);
	return cred;
}

/* A world whose server shows that certificate. */
static void
begin(struct evquic_cred *cred, struct flight *f)
{
	struct evquic_service *service;

	duo_init(&d, NULL);
	d.sim.net.faults.delay = DELAY;
	d.service.cred = cred;
	service = evquic_service_new(&d.service);
	CU_ASSERT_FATAL(service != NULL);
	evquic_endpoint_serve(d.sim.server, 0, service);
	evquic_service_unref(service);
	evquic_cred_unref(cred);
	d.sim.net.tap = watch;
	d.sim.net.tap_arg = f;
}

static void
connect_any(void)
{
	struct evquic_connect_options o = {.trust = d.tls.insecure};

	CU_ASSERT_FATAL(duo_connect(&d, &o) != NULL);
}

static void
end(void)
{
	CU_ASSERT(duo_end(&d));
	duo_done(&d);
}

/* Does a client have the whole chain after one round trip? */
static bool
is_in_time(struct evquic_cred *cred)
{
	struct flight f = {.bytes = 0};
	bool is_done;

	begin(cred, &f);
	connect_any();
	sim_run(&d.sim, 2 * DELAY + DELAY / 2);
	is_done = d.client.n[DUO_OPENED] == 1;
	duo_talk(&d);
	CU_ASSERT(d.client.n[DUO_OPENED] == 1);
	end();
	return is_done;
}

/* What the estimate lets pass is in time, and nearly all that is, it does. */
static void
check_estimate(unsigned from, unsigned to, bool is_rsa)
{
	unsigned in_time = 0, late = 0;

	for (unsigned n = from; n <= to; n++) {
		struct evquic_cred *cred = make_cred(n, is_rsa);
		size_t flight = evquic_cred_flight(cred, 0);

		if (is_in_time(cred)) {
			CU_ASSERT(flight <= EVQUIC_FLIGHT_MAX + SLACK);
			in_time++;
		} else {
			PROVE("QSV-054", flight > EVQUIC_FLIGHT_MAX);
			late++;
		}
	}
	CU_ASSERT(in_time > 0 && late > 0); /* the limit is in the range */
}

static void
test_estimate(void)
{
	check_estimate(17, 24, false);
	check_estimate(14, 18, true);
}

/* One datagram whose sender never says anything more: with a long chain there
 * is more to repeat than may be sent. */
static void
test_silence(void)
{
	struct evquic_cred *cred = make_cred(NAMES_MAX, false);
	struct flight f = {.lost = UINT_MAX, .client_lost = UINT_MAX};

	CU_ASSERT(evquic_cred_flight(cred, 0) > LONG_CHAIN);
	begin(cred, &f);
	connect_any();
	sim_run(&d.sim, 60 * NSEC_PER_SEC);
	CU_ASSERT(f.first == 1200 && f.datagrams >= 3);
	PROVE("QSV-023", f.bytes > 2 * 1200 && f.bytes <= 3 * 1200);
	PROVE("DOQ-114", f.bytes > 2 * 1200 && f.bytes <= 3 * 1200);
	CU_ASSERT(d.server.n[DUO_OPENED] == 0);
	end();
}

/* A handshake with a long chain in such a world; false if it failed. */
static bool
finishes(struct flight *f, uint64_t seed, uint32_t loss)
{
	begin(make_cred(NAMES_MAX, false), f);
	d.sim.net.rng = (struct prng){seed};
	d.sim.net.faults.loss = loss;
	connect_any();
	sim_run(&d.sim, 10 * NSEC_PER_SEC);
	if (d.client.n[DUO_OPENED] != 1 || d.server.n[DUO_OPENED] != 1)
		printf("# seed %llu, loss %u, first %u and %u lost\n",
		    (unsigned long long)seed, loss, f->lost, f->client_lost);
	return d.client.n[DUO_OPENED] == 1 && d.server.n[DUO_OPENED] == 1;
}

/* All that the server may send is lost, and it may send nothing more until
 * the client's timer lets the client speak again. */
static void
test_unlocked(void)
{
	for (unsigned lost = 0; lost <= 6; lost++) {
		struct flight f = {.lost = lost};

		PROVE("QSV-024", finishes(&f, 1, 0));
		CU_ASSERT(f.bytes > LONG_CHAIN);
		end();
		f = (struct flight){.lost = lost, .client_lost = 1};
		PROVE("QSV-024", finishes(&f, 1, 0));
		end();
	}
}

static void
test_loss(void)
{
	for (uint64_t seed = 1; seed <= LOST_SEEDS; seed++) {
		struct flight f = {.lost = 0};

		PROVE("QSV-024", finishes(&f, seed, 100));
		d.sim.net.faults.loss = 0;
		end();
	}
}

void
test_quic_chain_register(void)
{
	CU_pSuite s = unit_suite("quic_chain");

	unit_test(s, "estimate", test_estimate);
	unit_test(s, "silence", test_silence);
	unit_test(s, "unlocked", test_unlocked);
	unit_test(s, "loss", test_loss);
}
