/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec: a conformance tester for DNS-over-QUIC servers (RFC 9250).
 */
#include "tools/doqspec/doqspec.h"

#include <signal.h>
#include <string.h>

int
main(int argc, char **argv)
{
	/* A reader that went away is an error of write(), not our end. */
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "control") == 0)
		return spec_control(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "play") == 0)
		return spec_play(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "show") == 0)
		return spec_show(argc - 1, argv + 1);
	return spec_main(argc, argv);
}
