/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be asked about the rows of the table of options. */
#include <assert.h>
#include <string.h>

#include "resolver/config_table.h"

const struct config_key *
config_key_at(size_t i)
{
	const struct config_table *const *table;

	for (table = config_tables; *table != NULL; table++) {
		if (i < (*table)->count)
			return &(*table)->keys[i];
		i -= (*table)->count;
	}
	return NULL;
}

size_t
config_key_index(const struct config_key *key)
{
	const struct config_key *other;
	size_t i;

	for (i = 0; (other = config_key_at(i)) != key; i++)
		assert(other != NULL);
	return i;
}

const struct config_key *
config_key_find(const char *path)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		if (strcmp(key->path, path) == 0)
			return key;
	}
	return NULL;
}

const char *
config_key_name(const struct config_key *key)
{
	const char *dot = strrchr(key->path, '.');

	return dot != NULL ? dot + 1 : key->path;
}

bool
config_key_is_below(
    const struct config_key *key, const struct config_key *section)
{
	size_t len = strlen(section->path);

	return key->path != NULL &&
	       strncmp(key->path, section->path, len) == 0 &&
	       (key->path[len] == '.' || key->path[len] == '[');
}

bool
config_type_is_list(enum config_type type)
{
	return type >= CONFIG_TYPE_LISTENS;
}

bool
config_type_has_records(enum config_type type)
{
	return type == CONFIG_TYPE_SERVERS || type == CONFIG_TYPE_CERTS ||
	       type == CONFIG_TYPE_STUBS || type == CONFIG_TYPE_LISTS;
}
