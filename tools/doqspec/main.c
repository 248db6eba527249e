/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doqspec: a conformance tester for DNS-over-QUIC servers (RFC 9250).
 */
#include "tools/doqspec/doqspec.h"
#include "tools/doqspec/raw/bytes.h"

#include <signal.h>
#include <stdio.h>
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
	fputs("usage: doqspec control | play ...\n", stderr);
	return RAW_EXIT_TROUBLE;
}
