#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Messages that cannot be parsed are answered, and never forwarded.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script malformed

# Whatever came above: the backend was not asked a single time, but is there.
prove FWD-013,BAD-091,BAD-095 [ ! -s "$BACKLOG" ]
check "the backend is asked what is well-formed" \
    answers 'A.192\.0\.2\.1$' ok.fwd013.example.org A
check "and has a log" has 'name=ok\.fwd013' "$BACKLOG"
check "responses are counted as what they are" \
    [ "$(said doq_bad_message)" -gt 0 ]
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
