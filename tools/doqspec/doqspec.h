/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOQSPEC_H
#define DOQSPEC_H

/*
 * The subcommands of doqspec.  Each reads its own arguments, argv[0] being its
 * name, and returns the exit status of the program: 0 when everything held,
 * RAW_EXIT_FAILED when something did not, RAW_EXIT_TROUBLE when the tool could
 * not do its work.
 */
int spec_main(int argc, char **argv); /* none: runs the cases */
int spec_show(int argc, char **argv);
int spec_control(int argc, char **argv);
int spec_play(int argc, char **argv);

/* A server: quic://HOST[:PORT], an IPv6 address in brackets. */
struct spec_url {
	char host[256];
	char port[6]; /* 853 where none was given (RFC 9250 4.1.1) */
};

/* Takes a URL apart; -EINVAL when it is none. */
int spec_url_read(const char *text, struct spec_url *ret_url);

#endif
