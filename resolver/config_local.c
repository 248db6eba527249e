/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local data and lists of names: what their keys mean together.  Files are only
 * named here; resolver/local.c reads them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/edns.h"
#include "dns/zone.h"
#include "resolver/config_parse.h"

static int
append_text(struct config_texts *list, const char *text, char *why)
{
	char **items = realloc(list->item, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count] = strdup(text);
	if (items[list->count] == NULL)
		return config_value_no_memory(why);
	list->count++;
	return 0;
}

static int
ignore(void *arg, const struct dns_local_record *rr)
{
	(void)arg;
	(void)rr;
	return 0;
}

int
config_rr_append(
    struct config_texts *list, const char *text, char why[CONFIG_ERROR_LEN])
{
	const char *what = "";
	int rc = dns_zone_parse(text, 0, ignore, NULL, &what);

	if (rc == -ENOMEM)
		return config_value_no_memory(why);
	if (rc != 0)
		return config_value_fail(why, text,
		    "is no record, such as \"printer.lan. 300 IN A "
		    "192.0.2.7\": %s",
		    what);
	return append_text(list, text, why);
}

int
config_file_append(
    struct config_texts *list, const char *text, char why[CONFIG_ERROR_LEN])
{
	if (text[0] == '\0')
		return config_value_fail(why, text, "is empty");
	return append_text(list, text, why);
}

static int
refuse(char why[CONFIG_ERROR_LEN], const char *what)
{
	(void)snprintf(why, CONFIG_ERROR_LEN, "%s", what);
	return -EINVAL;
}

int
config_blocks_append(struct config_lists *list, const struct config_list *item,
    char why[CONFIG_ERROR_LEN])
{
	struct config_list *items;

	if (item->file == NULL)
		return refuse(why, "a list without file");
	if (item->addresses.count > 0 && item->answer != CONFIG_LIST_DEFAULT)
		return refuse(why, "a list has either answer or addresses");
	if (item->subdomains && item->format == CONFIG_LIST_RPZ)
		return refuse(why, "a policy zone says itself, by \"*\", where "
				   "it means subdomains");
	if (item->name != NULL && strlen(item->name) > DNS_EDE_TEXT_MAX)
		return refuse(why, "a name longer than 64 octets");
	items = realloc(list->item, (list->count + 1) * sizeof(*items));
	if (items == NULL)
		return config_value_no_memory(why);
	list->item = items;
	items[list->count++] = *item;
	return 0;
}
