/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The object that a worker has: the list of servers as configured, the
 * questions outstanding, and the flush that ends each turn of the loop.
 *
 * The flush is the only place where sockets, connections and servers are
 * freed: whatever calls up from below finds its object in place when the call
 * returns.
 */
#include "resolver/back/upstream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/internal.h"

/* Attempts that are kept for the next question; lines in the log. */
#define ATTEMPTS_KEPT 4096
#define LOG_BURST 20
#define LOG_PER_SECOND 1

const struct counter_row back_counter_rows[] = {
#define BACK_ROW(name, help) COUNTER_ROW(struct back_counters, name, help)
    BACK_COUNTERS(BACK_ROW)};

nsec
back_now(const struct upstream *u)
{
	return u->env.now(u->env.ctx);
}

void
back_flush_later(struct upstream *u)
{
	if (u->is_flush_raised)
		return;
	u->is_flush_raised = true;
	net_watch_raise(&u->flush);
}

static void
on_flush(struct net_watch *watch, unsigned what)
{
	(void)what;
	upstream_flush(container_of(watch, struct upstream, flush));
}

static struct back_server *
server_of(struct list *link)
{
	return container_of(link, struct back_server, link);
}

/* Takes servers out that were configured away and that nobody names. */
static void
free_left(struct upstream *u)
{
	struct list *l = u->leaving.next;

	while (l != &u->leaving) {
		struct back_server *s = server_of(l);

		l = l->next;
		if (s->users == 0)
			back_server_free(s);
	}
}

void
upstream_flush(struct upstream *u)
{
	struct list pumps;
	struct list *l;

	u->is_flush_raised = false;
	u->turn++;
	back_udp_flush(u);
	list_init(&pumps);
	list_splice(&pumps, &u->pumps);
	while ((l = list_pop(&pumps)) != NULL)
		back_lane_flush(container_of(l, struct back_lane, pump));
	back_socket_reap(u);
	back_transfer_reap(u);
	free_left(u);
	back_recurse_reap(u);
}

/* The servers of another configuration, not yet in force. */
struct plan {
	struct back_server *server[UPSTREAM_MAX_SERVERS];
	bool is_new[UPSTREAM_MAX_SERVERS];
	unsigned count;
};

static bool
is_same(const struct back_server *s, const struct config_server *item,
    const struct config_addr *addr)
{
	return s->scheme == item->scheme && s->is_proxied == item->is_proxied &&
	       s->addr.len == addr->len &&
	       memcmp(&s->addr.ss, &addr->ss, addr->len) == 0;
}

static struct back_server *
find_in(struct list *head, const struct config_server *item,
    const struct config_addr *addr)
{
	for (struct list *l = head->next; l != head; l = l->next) {
		if (is_same(server_of(l), item, addr))
			return server_of(l);
	}
	return NULL;
}

/* Adds one address to the plan.  0 or -ENOMEM. */
static int
plan_address(struct upstream *u, const struct config_server *item,
    const struct config_addr *addr, struct plan *plan)
{
	struct back_server *s;
	bool is_new = false;

	for (unsigned i = 0; i < plan->count; i++) {
		if (is_same(plan->server[i], item, addr))
			return 0;
	}
	if (plan->count == UPSTREAM_MAX_SERVERS) {
		if (u->env.log != NULL)
			log_warn(u->env.log,
			    "only the first %d upstream addresses are used",
			    UPSTREAM_MAX_SERVERS);
		return 0;
	}
	s = find_in(&u->servers, item, addr);
	if (s == NULL)
		s = find_in(&u->leaving, item, addr);
	if (s == NULL) {
		s = back_server_new(u, item, addr);
		is_new = true;
	}
	if (s == NULL)
		return -ENOMEM;
	plan->server[plan->count] = s;
	plan->is_new[plan->count] = is_new;
	plan->count++;
	return 0;
}

static void
drop_plan(struct plan *plan)
{
	for (unsigned i = 0; i < plan->count; i++) {
		if (plan->is_new[i])
			back_server_free(plan->server[i]);
	}
}

/* Zones have servers of their own if there are any. */
static const struct config_servers *
choose_list(const struct upstream *u, const struct config *config)
{
	return u->env.for_zones && config->transfer.servers.count > 0
		   ? &config->transfer.servers
		   : &config->upstream.servers;
}

static int
make_plan(
    struct upstream *u, const struct config *config, struct plan *ret_plan)
{
	const struct config_servers *servers = choose_list(u, config);
	struct plan plan = {.count = 0};

	for (size_t i = 0; i < servers->count; i++) {
		const struct config_server *item = &servers->item[i];

		if (item->scheme != CONFIG_UDP && item->scheme != CONFIG_TCP) {
			if (u->env.log != NULL)
				log_warn(u->env.log,
				    "upstream %s: not spoken yet", item->url);
			continue;
		}
		for (size_t k = 0; k < item->addresses.count; k++) {
			if (plan_address(
				u, item, &item->addresses.item[k], &plan) == 0)
				continue;
			drop_plan(&plan);
			return -ENOMEM;
		}
	}
	*ret_plan = plan;
	return 0;
}

static void
follow_plan(struct upstream *u, const struct plan *plan)
{
	struct list *l;

	while ((l = list_pop(&u->servers)) != NULL) {
		server_of(l)->has_left = true;
		list_append(&u->leaving, l);
	}
	u->tells_clients = false;
	for (unsigned i = 0; i < plan->count; i++) {
		struct back_server *s = plan->server[i];

		s->has_left = false;
		s->position = i;
		u->tells_clients |= s->is_proxied;
		list_remove(&s->link);
		list_append(&u->servers, &s->link);
	}
	u->server_count = plan->count;
	u->next_first = 0;
	back_socket_reap(u);
	free_left(u);
}

int
upstream_reload(struct upstream *u, const struct config *config)
{
	struct back_ports ports;
	struct plan plan;
	int rc;

	rc = back_ports_make(&config->upstream.avoid_ports, &ports);
	if (rc < 0)
		return rc;
	rc = make_plan(u, config, &plan);
	if (rc < 0) {
		free(ports.range);
		return rc;
	}
	free(u->ports.range);
	u->ports = ports;
	u->policy = config->upstream.policy;
	u->turn_time = config->upstream.timeout_ms * NSEC_PER_MSEC;
	u->query_time = config->limits.query_timeout_ms * NSEC_PER_MSEC;
	u->transfer_time = config->transfer.timeout_ms * NSEC_PER_MSEC;
	u->transfer_max = config->transfer.max;
	u->prefer_tcp = config->upstream.prefer_tcp;
	u->randomise_case = config->upstream.randomise_case;
	u->cookies = config->upstream.cookies;
	follow_plan(u, &plan);
	for (struct list *l = u->servers.next; l != &u->servers; l = l->next)
		back_socket_check_ports(server_of(l));
	return 0;
}

struct upstream *
upstream_new(const struct upstream_env *env, const struct config *config)
{
	struct upstream *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->env = *env;
	random_bytes(env->random, u->cookie_key, sizeof(u->cookie_key));
	u->io = env->io != NULL ? *env->io : net_io_system(env->base);
	list_init(&u->servers);
	list_init(&u->leaving);
	list_init(&u->asks);
	list_init(&u->transfers);
	list_init(&u->transfers_over);
	list_init(&u->dirty_sockets);
	list_init(&u->pumps);
	list_init(&u->closing);
	list_init(&u->recursions_left);
	pool_init(&u->attempts, sizeof(struct back_attempt), ATTEMPTS_KEPT);
	buf_store_init(&u->bufs, NULL);
	u->stream_env = (struct net_stream_env){
	    .io = &u->io,
	    .timers = env->timers,
	    .scratch = u->scratch,
	};
	net_watch_init(&u->flush, &u->io, -1, on_flush);
	timer_init(&u->sweep, back_socket_on_sweep);
	log_limit_init(&u->log_limit, LOG_BURST, LOG_PER_SECOND, back_now(u));
	if (upstream_reload(u, config) < 0) {
		upstream_free(u);
		return NULL;
	}
	return u;
}

static void
free_servers(struct list *head)
{
	while (!list_is_empty(head))
		back_server_free(server_of(head->next));
}

void
upstream_free(struct upstream *u)
{
	if (u == NULL)
		return;
	while (!list_is_empty(&u->asks))
		upstream_cancel(
		    container_of(u->asks.next, struct upstream_ask, link));
	back_recurse_done(u);
	back_transfer_done(u);
	back_socket_reap(u);
	free_servers(&u->servers);
	free_servers(&u->leaving);
	assert(u->ask_count == 0);
	net_watch_close(&u->flush);
	timer_cancel(u->env.timers, &u->sweep);
	pool_done(&u->attempts);
	buf_store_done(&u->bufs);
	free(u->ports.range);
	free(u);
}

int
upstream_start(struct upstream *u, struct upstream_ask *ask,
    const struct dns_query *query, unsigned flags)
{
	int rc;

	assert(ask->upstream == NULL && ask->done != NULL);
	if (!upstream_can_ask(u))
		return -ENOTCONN;
	if (u->ask_count >= UPSTREAM_MAX_ASKS) {
		BACK_COUNT(u, asks_refused_limit);
		return -EAGAIN;
	}
	ask->upstream = u;
	ask->query = query;
	if (u->is_recursive)
		rc = back_recurse_begin(ask);
	else
		rc = back_ask_begin(ask, flags);
	if (rc == 0)
		BACK_COUNT(u, asks);
	else if (rc == -EAGAIN)
		BACK_COUNT(u, asks_refused_limit);
	else if (rc == -EDQUOT)
		BACK_COUNT(u, asks_refused_share);
	else if (rc != -ENOMEM && !u->is_recursive)
		rc = -EHOSTUNREACH;
	return rc;
}

void
upstream_cancel(struct upstream_ask *ask)
{
	if (ask->upstream == NULL)
		return;
	BACK_COUNT(ask->upstream, asks_cancelled);
	back_ask_detach(ask);
}

bool
upstream_can_ask(const struct upstream *u)
{
	return u->server_count > 0 || u->is_recursive;
}

bool
upstream_has_servers(const struct upstream *u)
{
	return u->server_count > 0;
}

bool
upstream_tells_clients(const struct upstream *u)
{
	return u->tells_clients && !u->is_recursive;
}

size_t
upstream_outstanding(const struct upstream *u)
{
	return u->ask_count;
}
