/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of the script language, for `help`; the manual page is compared
 * with it.  What they do is in raw/.
 */
#include "tools/doqspec/player.h"

#include <stddef.h>

static const struct spec_command commands[] = {
    {"case", "[ID...] TITLE", "a fresh state; the one before is judged"},
    {"name", "WORD", "a note: the case's name in its group"},
    {"rfc", "TEXT", "a note: where its rule stands"},
    {"needs", "VARIABLE...", "without them the case is not applicable"},
    {"applies", "EXPECTATION", "if it does not hold, no verdict"},
    {"alone", "", "a note: not beside other cases"},
    {"set", "NAME VALUE", "a variable"},
    {"default", "NAME VALUE", "a variable that the user has not given"},
    {"repeat", "N ... end", "the lines between, $I counts from 0"},
    {"deadline", "D", "for expectations that follow"},
    {"wait", "D", "time passes"},
    {"control", "[HOST PORT NAME]", "a fresh connection is answered"},
    {"nocontrol", "", "no control client at the end of this case"},
    {"persist", "", "a failure does not end this case"},
    {"allow", "stop_sending|foreign|failed|codes", "do not fail for that"},
    {"print", "params|seen|state|answer ID|data ID", "what is known"},
    {"connect", "[HOST PORT] [OPTION...]", "a new connection"},
    {"use", "NAME", "the connection of the commands that follow"},
    {"drop", "[NAME]", "closes and forgets a connection"},
    {"abandon", "", "says nothing more, not even acknowledgements"},
    {"rebind", "[to ADDRESS]", "goes on from another port or address"},
    {"takeover", "", "from now on frames go out as they are written"},
    {"recount", "", "frames and datagrams are counted from 0 again"},
    {"save_ticket", "PATH [N]", "the last session ticket, or the Nth"},
    {"replay", "NAME [times=N] [no_initial]", "its first flight again"},
    {"send", "STREAM PART... [fin] [split=N]", "octets of a stream"},
    {"reset", "STREAM CODE", "RESET_STREAM"},
    {"stop", "STREAM CODE", "STOP_SENDING"},
    {"close", "app|transport CODE [REASON]", "CONNECTION_CLOSE"},
    {"many", "N query:PATTERN [OPTION...]", "N queries, all answered once"},
    {"dribble", "N query:QUERY [OPTION...]", "N connections, octet by octet"},
    {"cancel", "N query:QUERY [OPTION...]", "N streams, stopped at once"},
    {"flood", "KIND COUNT [OPTION...]", "datagrams from many addresses"},
    {"udp", "HOST PORT PART...", "one bare datagram"},
    {"outsider", "[move] [bind=ADDRESS]", "a new socket for udp"},
    {"frame", "NAME WORD...", "one frame, after takeover"},
    {"packet", "[raw PART...|again]", "frames up to flush share a packet"},
    {"flush", "", "sends what packet began"},
    {"long", "TYPE CID N|PART [alone]", "a packet with a long header"},
    {"scatter", "STREAM PART... [OPTION...]", "a packet for each piece"},
    {"quiet", "", "acknowledges nothing more"},
    {"bits", "[reserved=N] [fixed=N] [corrupt=N]", "of packets that follow"},
    {"cid", "N", "packets go to the server's connection ID N"},
    {"keyupdate", "", "our next key phase"},
    {"expect", "EXPECTATION [|| ...] [within D]", "waits until it holds"},
};

const struct spec_command *
spec_command_next(const struct spec_command *last)
{
	const struct spec_command *next = last != NULL ? last + 1 : commands;

	return next < commands + sizeof(commands) / sizeof(commands[0]) ? next
									: NULL;
}
