/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spec_reports json|junit: doqspec's report of a server that says every octet
 * there is.  A real parser shall read it.
 */
#include "tools/doqspec/report.h"

#include <string.h>

enum {
	OCTETS = 255
};

int
main(int argc, char **argv)
{
	char all[OCTETS + 1], group[] = "hostile", name[] = "octets",
			      full[] = "hostile/octets", ids[] = "DOQ-039",
			      rfc[] = "9250 8.4", title[] = "<\"&\\>";
	struct spec_case c = {.group = group,
	    .name = name,
	    .full = full,
	    .ids = ids,
	    .rfc = rfc,
	    .title = title};
	const struct spec_case *cases[] = {&c, &c};
	struct spec_result results[2] = {{0}};
	struct spec_outcome outcome = {.url = "quic://[::1]:853",
	    .cases = cases,
	    .results = results,
	    .count = 2};
	struct raw_buf steps = {0};

	for (size_t i = 0; i < OCTETS; i++)
		all[i] = (char)(i + 1);
	all[OCTETS] = '\0';
	spec_step_put(&steps, SPEC_STEP_MISSED, all, all);
	spec_step_put(&steps, SPEC_STEP_END, "", "");
	spec_result_read(&results[0], steps.data, steps.len, 0);
	spec_result_skip(&results[1], all);
	if (argc == 2 && strcmp(argv[1], "json") == 0)
		spec_report_json(stdout, &outcome);
	else
		spec_report_junit(stdout, &outcome);
	raw_buf_done(&steps);
	spec_result_done(&results[0]);
	spec_result_done(&results[1]);
	return 0;
}
