/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options: every key that quolld knows.  The only place to add
 * one; what reads, checks, documents and prints configuration follows it.
 *
 * It has a part for each section, and files by what they are about:
 *
 *	config_table.c		which parts there are, in their order
 *	config_table_front.c	who may ask, and how
 *	config_table_back.c	who is asked, and how
 *	config_table_answers.c	what is answered without them
 *
 * Rows of a section come right after the section's own row, rows of a record
 * right after its list's.  Help is printed into etc/quolld.yaml and
 * quolld.yaml(5): plain sentences, lines of at most 70 characters, no
 * backslashes, no line that begins with a full stop or an apostrophe.
 */
#ifndef QUOLL_RESOLVER_CONFIG_TABLE_H
#define QUOLL_RESOLVER_CONFIG_TABLE_H

#include <stddef.h>

#include "resolver/config_parse.h"

/* The rows of a section; one more ends them, without a path. */
struct config_table {
	const struct config_key *keys;
	size_t count;
};

#define CONFIG_TABLE_END                                                       \
	{                                                                      \
		.path = NULL                                                   \
	}
#define CONFIG_TABLE(rows)                                                     \
	{                                                                      \
		.keys = (rows), .count = sizeof(rows) / sizeof((rows)[0]) - 1  \
	}

/* All parts; NULL ends them. */
extern const struct config_table *const config_tables[];

extern const struct config_table config_table_tls;
extern const struct config_table config_table_quic;
extern const struct config_table config_table_upstream;
extern const struct config_table config_table_ecs;
extern const struct config_table config_table_cache;
extern const struct config_table config_table_access;
extern const struct config_table config_table_limits;
extern const struct config_table config_table_transfer;
extern const struct config_table config_table_dns64;
extern const struct config_table config_table_local;
extern const struct config_table config_table_special;
extern const struct config_table config_table_ddr;

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define CONFIG_ADDRESSES_MAX 8 /* of one list of them */
#define CONFIG_PREFIXES_MAX 16384

#define IN_CONFIG(member) .offset = offsetof(struct config, member)

#endif
