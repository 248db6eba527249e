#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 25
#
# Handshakes abandoned at every step: each is given up in time, counted, and
# leaves nothing.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/abuse.inc"

MANY=$(plain_or 1000 200)
SOME=$(plain_or 200 50)

# in_turn N COMMAND...: a script, N times; each client's memory of it is gone
# then, and not a word is said.
in_turn() {
	_times=$1
	shift
	raw_do 'case handshakes that nobody goes on with' nocontrol \
	    'allow failed' 'deadline 20s' "repeat $_times" "$@" abandon drop end
}
# gives_up WHAT COUNTER N COMMAND...: so often, it is counted there, and within
# a few time-outs nobody is left but the honest client.
gives_up() {
	_step=$1 _counter=$2 _n=$3
	shift 3
	_had=$(said "$_counter")
	check "$_step" abuse "$_n clients, $_step" "$@"
	check "$_step: nobody is left" wait_for 30 nobody_is_left
	_had=$(($(said "$_counter") - _had))
	echo "# $_counter $_had"
	check "$_step: all $_n are counted as $_counter, not $_had" \
	    [ $_had -ge $((_n - _n / 20)) ]
}
nobody_is_left() {
	[ "$(said connections)" -le 3 ] && [ "$(said tombstones)" -le 30 ]
}
flood() { # KIND N
	raw_do 'case first packets' nocontrol \
	    "flood $1 $2 sources=100 rate=2000 listen=10ms"
}

# Without Retry, so that each begins.
abuse_serve <<Y
quic: {handshake-timeout: 2s, idle-timeout: 2s, retry: never}
Y
gives_up 'nothing behind the ClientHello' closed_timeout "$MANY" \
    flood hello "$MANY"
gives_up 'half a ClientHello' closed_timeout "$MANY" \
    flood half "$MANY"
gives_up 'a hello that no key opens' drop_undecryptable "$MANY" \
    flood initial "$MANY"
gives_up 'a protocol that nobody serves' handshakes_failed "$MANY" \
    flood refused "$MANY"
gives_up 'no Finished behind our flight' closed_timeout "$SOME" \
    in_turn "$SOME" 'connect nowait withhold' 'wait 5ms'
gives_up 'a close behind the ClientHello' handshakes_failed "$SOME" \
    in_turn "$SOME" 'connect nowait' 'close transport 0' 'wait 2ms'
gives_up 'nothing behind Finished' closed_idle "$SOME" \
    in_turn "$SOME" connect
gives_up 'our close is lost' doq_bad_length "$SOME" \
    in_turn "$SOME" connect 'send new hex:0000 fin' 'wait 5ms'
abuse_end

# With Retry there is nothing to give up until the address is proved.
abuse_serve <<Y
quic: {handshake-timeout: 2s, idle-timeout: 2s, retry: always}
Y
gives_up 'nothing behind Retry' retries_sent "$MANY" flood hello "$MANY"
check "nothing was begun for them" [ "$(said closed_timeout)" -eq 0 ]
gives_up 'no Finished behind Retry' closed_timeout "$SOME" \
    in_turn "$SOME" 'connect nowait withhold' 'wait 10ms'
abuse_end
