#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# Does doqspec judge rightly?  A verdict that is always the same would prove
# nothing: each is seen both ways here.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

quolld_start

# A connection that lives is not dead, whoever asks it and however.
check "it lives" not raw_do connect 'expect abandoned within 600ms'
check "it lives, taken over" not raw_do connect takeover \
    'expect abandoned within 600ms'
check "it lives without a stream to ask on" not raw_do connect takeover \
    'send 4*$STREAMS_BIDI-4 hex:00' 'expect abandoned within 600ms'
check "it was closed" not raw_do connect 'send new hex:0000 fin' \
    'expect abandoned within 600ms'
check "closed before it could be dead" raw_do connect 'send new hex:0000 fin' \
    'expect abandoned || close app 0x2 within 600ms'

# Packets that nobody can open are not answered: that is what silence is like.
check "it is silent" raw_do nocontrol connect takeover 'expect open' \
    'wait 100ms' 'bits corrupt=1' 'expect abandoned within 600ms'
check "who sends nothing learns nothing" not raw_do connect abandon \
    'expect abandoned within 600ms'

check "nor does who withholds" not raw_do 'connect withhold nowait' \
    'expect abandoned within 600ms'

# The idle time is over for the server only; it says that it knows nothing.
check "it is forgotten" raw_do 'connect idle=1s' takeover 'expect open' \
    'wait 1300ms' 'send new hex:00' 'expect abandoned within 600ms'

# Silence proves nothing when nobody is served.
dead() {
	raw_do nocontrol 'connect name=a' takeover 'print state' \
	    "expect log $TMPDIR/stopped has yes" \
	    'deadline 1s' 'expect abandoned within 600ms'
}
dead > "$TMPDIR/dead" 2>&1 &
client=$!
_own $client
wait_for 10 has 'connection open' "$TMPDIR/dead"
kill -STOP "$QUOLLD_PID"
echo yes > "$TMPDIR/stopped"
wait $client
check "a server that is dead is no right one" [ $? -eq 1 ]
kill -CONT "$QUOLLD_PID"
check "that was the reason" has 'control client not answered' "$TMPDIR/dead"

# Whoever is dropped is not current any more, even if it was before its line.
dropped() {
	raw_do 'connect name=c1' '@c1 drop' 'expect open' \
	    2> "$TMPDIR/dropped"
}
check "no connection is left" not dropped
check "that is what it says" has 'not understood: expect open' \
    "$TMPDIR/dropped"
check "the one that was current is current again" raw_do 'connect name=c1' \
    'connect name=c2' '@c1 drop' 'expect open'

# A version that the server does not speak: the client gives up.
check "what fails may be why the case does not apply" raw_do \
    'connect version=0x1a2a3a4a nowait' 'applies handshake'

# Another stream is not permitted while none has ended.
check "a loop ends without credit" raw_do connect 'deadline 500ms' \
    'repeat 1000 while credit' 'send new hex:00' end \
    'send 0 hex: fin' 'expect close app 0x2'
check "unlinkable" raw_do 'repeat 12' 'connect cid_limit=8' 'expect open' end \
    'expect unlinkable'
check "one connection tells nothing" not raw_do 'deadline 300ms' \
    'connect cid_limit=8' 'expect unlinkable'

# What waits for a server to lose patience must not go on when it has.
check "a loop ends with its connection" raw_do connect \
    'send new hex:0000 fin' 'repeat 1000000 while alive' 'wait 2*5ms' end \
    'expect close app 0x2'
quolld_stop
