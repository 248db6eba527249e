/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_H
#define DOQSPEC_H

/*
 * The subcommands of doqspec.  Each reads its own arguments, argv[0] being its
 * name, and returns the exit status of the program: 0 when everything held,
 * RAW_EXIT_FAILED when something did not, RAW_EXIT_TROUBLE when the tool could
 * not do its work.
 */
int spec_play(int argc, char **argv);

#endif
