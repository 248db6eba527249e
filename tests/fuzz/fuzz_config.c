/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a configuration file. It loads or leaves at least one line that
 * says what is wrong, each of them printable.
 */
#include <stdlib.h>

#include "resolver/config.h"
#include "tests/fuzz/fuzz.h"

static const struct config_build build = {
    .listen_schemes = CONFIG_SCHEME_BIT(CONFIG_SCHEMES) - 1,
    .upstream_schemes = CONFIG_SCHEME_BIT(CONFIG_SCHEMES) - 1,
};

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_errors(const struct config_errors *errors)
{
	const char *text;
	size_t i;

	require(errors->count > 0 && errors->count <= CONFIG_ERRORS_MAX);
	for (i = 0; i < errors->count; i++) {
		for (text = errors->text[i]; *text != '\0'; text++)
			require(*text >= ' ' && *text <= '~');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_errors errors = {.count = 0};
	struct config *config = NULL;
	int rc;

	rc = config_load_text(
	    "fuzz", (const char *)data, len, &build, NULL, &errors, &config);
	if (rc == 0) {
		require(errors.count == 0 && config->access.list != NULL);
		require(config->listen.count > 0);
		config_unref(config);
	} else {
		require(config == NULL);
		check_errors(&errors);
	}
	return 0;
}
