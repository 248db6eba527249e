/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The port of the metrics endpoint, and what the log says of it.
 */
#ifndef RESOLVER_OPS_METRICS_PORT_H
#define RESOLVER_OPS_METRICS_PORT_H

struct config_addr;
struct log;

/*
 * Opens a listening socket there, non-blocking, and logs its URL; warns if it
 * is not on loopback.  0 and the caller owns *ret_fd; or a negative errno, and
 * a line in the log says why.
 */
int metrics_port_open(
    const struct config_addr *addr, struct log *log, int *ret_fd);

#endif
