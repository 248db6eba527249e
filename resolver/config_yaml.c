/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML into a configuration.
 *
 * Two passes over the text. The first one looks at libyaml's events and refuses
 * what no configuration needs and what could be used to hurt: aliases, anchors,
 * tags, a second document, deep nesting. The second one loads the document,
 * whose nodes know their lines, and walks it along the table of options. It
 * goes on after an error, so that all of them are told at once.
 *
 * Keys never reach a value without having been found in the table; the walk is
 * as deep as the table, not as deep as the text.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "resolver/config_parse.h"

#define SHOWN_MAX 64

/* One pass over the events. */
struct scan {
	struct config_loader *loader;
	size_t depth;
	size_t documents;
	bool is_over;
};

/* The second pass: where the walk is. */
struct walk {
	struct config_loader *loader;
	yaml_document_t *document;
};

static size_t
line_of(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

static bool
start_parser(yaml_parser_t *parser, const char *text, size_t len)
{
	if (yaml_parser_initialize(parser) == 0)
		return false;
	yaml_parser_set_input_string(parser, (const unsigned char *)text, len);
	/* Otherwise a byte order mark would turn it into UTF-16. */
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	return true;
}

/* The reader knows an offset only, and at the end not even that. */
static size_t
line_at(const char *text, size_t len, size_t offset)
{
	size_t line = 1;
	size_t i;

	for (i = 0; i < len && i < offset; i++) {
		if (text[i] == '\n')
			line++;
	}
	return line;
}

static void
report_parser(struct config_loader *loader, const yaml_parser_t *parser,
    const char *text, size_t len)
{
	const char *problem = parser->problem;

	if (parser->error == YAML_MEMORY_ERROR) {
		loader->rc = -ENOMEM;
		return;
	}
	if (problem == NULL)
		problem = "cannot be read";
	if (parser->error == YAML_READER_ERROR)
		config_error(loader, line_at(text, len, parser->problem_offset),
		    "this is no YAML in UTF-8: %s", problem);
	else
		config_error(loader, parser->problem_mark.line + 1,
		    "this is no YAML: %s (text with [ ] { } , # or : may need "
		    "quotes)",
		    problem);
}

/* Refuses anchors and tags; `what` is "anchor" or "tag". */
static void
refuse_mark(struct scan *scan, const yaml_event_t *event,
    const unsigned char *name, const char *what)
{
	if (name == NULL)
		return;
	config_error(scan->loader, event->start_mark.line + 1,
	    "no %s is allowed here (\"%.*s\")", what, SHOWN_MAX,
	    (const char *)name);
	scan->is_over = true;
}

static void
enter_collection(struct scan *scan, const yaml_event_t *event)
{
	if (++scan->depth <= CONFIG_DEPTH_MAX)
		return;
	config_error(scan->loader, event->start_mark.line + 1,
	    "lists and mappings are nested too deeply");
	scan->is_over = true;
}

static void
scan_document(struct scan *scan, const yaml_event_t *event)
{
	if (++scan->documents == 1)
		return;
	config_error(scan->loader, event->start_mark.line + 1,
	    "a second document begins here; a file is one");
	scan->is_over = true;
}

static void
scan_event(struct scan *scan, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		scan_document(scan, event);
		break;
	case YAML_ALIAS_EVENT:
		refuse_mark(scan, event, event->data.alias.anchor, "alias");
		break;
	case YAML_SCALAR_EVENT:
		refuse_mark(scan, event, event->data.scalar.anchor, "anchor");
		refuse_mark(scan, event, event->data.scalar.tag, "tag");
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_mark(
		    scan, event, event->data.sequence_start.anchor, "anchor");
		refuse_mark(scan, event, event->data.sequence_start.tag, "tag");
		enter_collection(scan, event);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_mark(
		    scan, event, event->data.mapping_start.anchor, "anchor");
		refuse_mark(scan, event, event->data.mapping_start.tag, "tag");
		enter_collection(scan, event);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		scan->depth--;
		break;
	case YAML_STREAM_END_EVENT:
		scan->is_over = true;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

/* The first pass. Returns whether the text may be loaded. */
static bool
scan_text(struct config_loader *loader, const char *text, size_t len)
{
	size_t errors = loader->errors->count;
	struct scan scan = {.loader = loader};
	yaml_parser_t parser;
	yaml_event_t event;

	if (!start_parser(&parser, text, len)) {
		loader->rc = -ENOMEM;
		return false;
	}
	while (!scan.is_over) {
		if (yaml_parser_parse(&parser, &event) == 0) {
			report_parser(loader, &parser, text, len);
			break;
		}
		scan_event(&scan, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return loader->rc == 0 && loader->errors->count == errors;
}

static bool
is_null(const yaml_node_t *node)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE ||
	    node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	text = (const char *)node->data.scalar.value;
	return text[0] == '\0' || strcmp(text, "~") == 0 ||
	       strcmp(text, "null") == 0;
}

/* The text of a scalar; NULL, with an error, if it cannot be used. */
static const char *
text_of(
    struct walk *walk, const struct config_key *key, const yaml_node_t *node)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		config_error(walk->loader, line_of(node),
		    "%s: a single value is needed here", key->path);
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (is_null(node)) {
		config_error(
		    walk->loader, line_of(node), "%s: has no value", key->path);
		return NULL;
	}
	if (strlen(text) != node->data.scalar.length) {
		config_error(walk->loader, line_of(node),
		    "%s: a NUL character in the value", key->path);
		return NULL;
	}
	if (node->data.scalar.length > CONFIG_TEXT_MAX) {
		config_error(walk->loader, line_of(node),
		    "%s: longer than %d characters", key->path,
		    CONFIG_TEXT_MAX);
		return NULL;
	}
	return text;
}

/* Sets a value, or appends an item. */
static void
read_scalar(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	const char *text = text_of(walk, key, node);
	char why[CONFIG_ERROR_LEN];
	int rc;

	if (text == NULL)
		return;
	rc = config_value_set(key, base, walk->loader->build, text, why);
	if (rc == -ENOMEM)
		walk->loader->rc = rc;
	else if (rc != 0)
		config_error(
		    walk->loader, line_of(node), "%s: %s", key->path, why);
}

static void read_mapping(struct walk *walk, const struct config_key *section,
    void *base, const yaml_node_t *node);

/* An item that is a mapping: a server, a certificate. */
static void
read_record(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	struct config_loader *loader = walk->loader;
	size_t errors = loader->errors->count + loader->errors->dropped;
	union config_record record;
	const struct config_key *below;
	char why[CONFIG_ERROR_LEN];
	int rc;

	for (below = key + 1; config_key_is_below(below, key); below++)
		loader->line[config_key_index(below)] = 0;
	memset(&record, 0, sizeof(record));
	read_mapping(walk, key, &record, node);
	if (loader->rc != 0 ||
	    loader->errors->count + loader->errors->dropped != errors) {
		config_record_clear(key, &record);
		return;
	}
	if (key->type == CONFIG_TYPE_CERTS)
		record.cert.line = line_of(node);
	if (key->type == CONFIG_TYPE_STUBS)
		record.stub.line = line_of(node);
	if (key->type == CONFIG_TYPE_LISTS)
		record.list.line = line_of(node);
	rc = config_record_append(key, base, loader->build, &record, why);
	if (rc == -ENOMEM)
		loader->rc = rc;
	else if (rc != 0)
		config_error(loader, line_of(node), "%s: %s", key->path, why);
}

static void
add_option(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *name, const yaml_node_t *value)
{
	struct config_options *list = (void *)((char *)base + key->offset);
	const char *of = text_of(walk, key, name);
	const char *is = of != NULL ? text_of(walk, key, value) : NULL;
	size_t count = list->count;
	char why[CONFIG_ERROR_LEN];
	char *text;
	int rc;

	if (is == NULL)
		return;
	if (count >= key->max) {
		config_error(walk->loader, line_of(name),
		    "%s: more than %llu items", key->path,
		    (unsigned long long)key->max);
		return;
	}
	if (asprintf(&text, "%s: %s", of, is) < 0) {
		walk->loader->rc = -ENOMEM;
		return;
	}
	rc = config_value_set(key, base, walk->loader->build, text, why);
	free(text);
	if (rc == 0)
		list->item[count].line = line_of(value);
	else if (rc == -ENOMEM)
		walk->loader->rc = rc;
	else
		config_error(
		    walk->loader, line_of(name), "%s: %s", key->path, why);
}

/* NAME: VALUE, or NAME: [VALUE, ...]; any number of them. */
static void
read_options(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	const yaml_node_pair_t *pair;
	const yaml_node_item_t *item;

	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name =
		    yaml_document_get_node(walk->document, pair->key);
		const yaml_node_t *value =
		    yaml_document_get_node(walk->document, pair->value);

		if (config_is_hopeless(walk->loader))
			return;
		if (value->type != YAML_SEQUENCE_NODE) {
			add_option(walk, key, base, name, value);
			continue;
		}
		for (item = value->data.sequence.items.start;
		     item < value->data.sequence.items.top; item++)
			add_option(walk, key, base, name,
			    yaml_document_get_node(walk->document, *item));
	}
}

static void
read_item(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	if (config_type_has_records(key->type) &&
	    node->type == YAML_MAPPING_NODE)
		read_record(walk, key, base, node);
	else if (key->type == CONFIG_TYPE_OPTIONS &&
		 node->type == YAML_MAPPING_NODE)
		read_options(walk, key, base, node);
	else
		read_scalar(walk, key, base, node);
}

/* A list; one value alone is a list of one. It replaces the default. */
static void
read_list(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	const yaml_node_item_t *item;
	const yaml_node_t *child;
	size_t count = 0;

	config_value_clear(key, base);
	if (node->type != YAML_SEQUENCE_NODE) {
		read_item(walk, key, base, node);
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++) {
		if (config_is_hopeless(walk->loader))
			return;
		child = yaml_document_get_node(walk->document, *item);
		if (++count > key->max) {
			config_error(walk->loader, line_of(child),
			    "%s: more than %llu items", key->path,
			    (unsigned long long)key->max);
			return;
		}
		read_item(walk, key, base, child);
	}
}

static void
read_section(struct walk *walk, const struct config_key *key, void *base,
    const yaml_node_t *node)
{
	/* All keys of a section may have been commented out. */
	if (is_null(node))
		return;
	if (node->type != YAML_MAPPING_NODE)
		config_error(walk->loader, line_of(node),
		    "%s: a mapping of keys is needed here", key->path);
	else
		read_mapping(walk, key, base, node);
}

/* Is `key` a direct child of the section (NULL: the top)? */
static bool
is_child(const struct config_key *key, const struct config_key *section)
{
	size_t len = strlen(key->path) - strlen(config_key_name(key));

	if (section == NULL)
		return len == 0;
	if (!config_key_is_below(key, section))
		return false;
	len -= strlen(section->path);
	return len == strlen(".") || len == strlen("[].");
}

static const struct config_key *
find_child(const struct config_key *section, const char *name)
{
	const struct config_key *key;

	for (size_t i = 0; (key = config_key_at(i)) != NULL; i++) {
		if (is_child(key, section) &&
		    strcmp(config_key_name(key), name) == 0)
			return key;
	}
	return NULL;
}

static void
report_unknown(struct walk *walk, const struct config_key *section,
    const yaml_node_t *node)
{
	char all[CONFIG_ERROR_LEN / 2] = "";
	const struct config_key *key;
	size_t len = 0;

	for (size_t i = 0;
	     (key = config_key_at(i)) != NULL && len < sizeof(all); i++) {
		if (is_child(key, section))
			len += (size_t)snprintf(all + len, sizeof(all) - len,
			    "%s%s", len > 0 ? ", " : "", config_key_name(key));
	}
	config_error(walk->loader, line_of(node),
	    "unknown key \"%.*s\"%s%s; there are: %s", SHOWN_MAX,
	    (const char *)node->data.scalar.value, section ? " in " : "",
	    section ? section->path : "", all);
}

/* The row of a key that may be read now; NULL, with an error, if not. */
static const struct config_key *
key_of(struct walk *walk, const struct config_key *section,
    const yaml_node_t *node)
{
	const struct config_key *key;
	size_t *line;

	if (node->type != YAML_SCALAR_NODE) {
		config_error(
		    walk->loader, line_of(node), "a key must be a single word");
		return NULL;
	}
	key = find_child(section, (const char *)node->data.scalar.value);
	if (key == NULL) {
		report_unknown(walk, section, node);
		return NULL;
	}
	line = &walk->loader->line[config_key_index(key)];
	if (*line != 0) {
		config_error(walk->loader, line_of(node),
		    "%s: was given before, in line %zu", key->path, *line);
		return NULL;
	}
	*line = line_of(node);
	return key;
}

static void
read_mapping(struct walk *walk, const struct config_key *section, void *base,
    const yaml_node_t *node)
{
	const yaml_node_pair_t *pair;
	const struct config_key *key;
	const yaml_node_t *value;

	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		if (config_is_hopeless(walk->loader))
			return;
		key = key_of(walk, section,
		    yaml_document_get_node(walk->document, pair->key));
		if (key == NULL)
			continue;
		value = yaml_document_get_node(walk->document, pair->value);
		if (key->type == CONFIG_TYPE_SECTION)
			read_section(walk, key, base, value);
		else if (config_type_is_list(key->type))
			read_list(walk, key, base, value);
		else
			read_scalar(walk, key, base, value);
	}
}

static void
walk_document(struct config_loader *loader, yaml_document_t *document)
{
	struct walk walk = {.loader = loader, .document = document};
	const yaml_node_t *root = yaml_document_get_root_node(document);

	/* No node: nothing but comments. */
	if (root == NULL || is_null(root))
		return;
	if (root->type != YAML_MAPPING_NODE)
		config_error(loader, line_of(root),
		    "a mapping of keys is needed here, such as \"workers: 2\"");
	else
		read_mapping(&walk, NULL, loader->config, root);
}

void
config_yaml_read(struct config_loader *loader, const char *text, size_t len)
{
	yaml_parser_t parser;
	yaml_document_t document;

	if (!scan_text(loader, text, len))
		return;
	if (!start_parser(&parser, text, len)) {
		loader->rc = -ENOMEM;
		return;
	}
	if (yaml_parser_load(&parser, &document) == 0) {
		report_parser(loader, &parser, text, len);
	} else {
		walk_document(loader, &document);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
}
