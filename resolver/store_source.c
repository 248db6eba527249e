/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who answers: as a text that is hashed.  Nobody gains by two that are alike;
 * the hash has a key that everybody knows, so that it is the same in the next
 * process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/back/recursor_files.h"
#include "resolver/config.h"
#include "resolver/store.h"

static uint64_t
hash_text(const char *text)
{
	static const uint8_t key[HASH_KEY_LEN];

	return hash_bytes(key, text, strlen(text));
}

static void
describe_server(FILE *out, const struct config_server *server)
{
	char url[CONFIG_URL_LEN];

	for (size_t i = 0; i < server->addresses.count; i++) {
		config_url_format(server->scheme,
		    (const void *)&server->addresses.item[i].ss, url);
		(void)fprintf(out, "%s\n", url);
	}
	for (size_t i = 0; i < server->pins.count; i++)
		(void)fprintf(out, "pin %s\n", server->pins.item[i]);
	(void)fprintf(out, "name %s\nca %s\nproxied %d\n",
	    server->name != NULL ? server->name : "",
	    server->ca != NULL ? server->ca : "", server->is_proxied);
}

/* A description as a number; 0 if there is no memory. */
static uint64_t
hash_server(const struct config_server *server)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool is_whole;
	uint64_t hash = 0;

	if (out == NULL)
		return 0;
	describe_server(out, server);
	is_whole = ferror(out) == 0;
	if (fclose(out) == 0 && is_whole)
		hash = hash_text(text);
	free(text);
	return hash;
}

/* In which order they are asked does not matter: any of them may be. */
static uint64_t
hash_servers(const struct config_servers *list)
{
	uint64_t sum = 0;
	uint64_t one;

	for (size_t i = 0; i < list->count; i++) {
		one = hash_server(&list->item[i]);
		if (one == 0)
			return 0;
		sum += one;
	}
	return sum;
}

static uint64_t
hash_recursion(const struct config *config)
{
	char *text = recursor_files_describe(config);
	uint64_t hash = text != NULL ? hash_text(text) : 0;

	free(text);
	return hash;
}

static uint64_t
hash_ecs(const struct config *config)
{
	char text[64];

	if (config->ecs.mode == CONFIG_ECS_STRIP)
		return hash_text("strip");
	(void)snprintf(text, sizeof(text), "%d %u %u", (int)config->ecs.mode,
	    config->ecs.ipv4, config->ecs.ipv6);
	return hash_text(text);
}

uint64_t
store_source(const struct config *config)
{
	uint64_t who = 0;

	switch (config->upstream.mode) {
	case CONFIG_MODE_NONE:
		return hash_text("none");
	case CONFIG_MODE_FORWARD:
		who = hash_servers(&config->upstream.servers);
		break;
	case CONFIG_MODE_RECURSIVE:
		who = hash_recursion(config);
		break;
	}
	return who != 0 ? who + hash_ecs(config) : 0;
}
