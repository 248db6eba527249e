#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 90
#
# Address validation (RFC 9000 8.1): quic.retry, Retry and NEW_TOKEN as a client
# sees them, and tokens that outlive the server.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

config() { # PORT POLICY
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://127.0.0.1:$1"]
upstream: {mode: none}
quic: {retry: $2}
Y
}
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge "$1" ]
}

# With auto and nobody there, and with never, there is none.
quolld_start
check "auto" raw_do 'case DOQ-115 auto' connect 'expect no_retry' \
    'expect token' 'send 0 query:localhost/A fin' \
    'expect answer 0 rcode=NOERROR'
quolld_stop

config 0 never
quolld_start
port=$QUIC_PORT
check "never" raw_do 'case DOQ-115 never' connect 'expect no_retry' \
    'expect token' 'send 0 query:localhost/A fin' \
    'expect answer 0 rcode=NOERROR'
config "$port" always
kill -HUP "$QUOLLD_PID"
wait_for 10 reloaded 1 || fail "does not reload"
: > "$TMPDIR/flag"
cat > "$TMPDIR/retry.raw" <<'RAW'
case DOQ-115 QSV-030 QSV-036 always: Retry, once, and then all is well
connect name=first
expect retry
expect token
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR

case DOQ-116 who comes again is let in at once
connect name=first
expect token
connect token_of=first
expect no_retry
expect token
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR
# but not from another address
connect token_of=first bind=127.0.0.2
expect retry
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR

case QSV-033 a token counts once, in whatever worker
connect name=second
expect token
connect token_of=second
expect no_retry
connect token_of=second
expect retry
connect token_of=second
expect retry
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR

case tokens outlive the server
connect name=third
expect token
print seen
expect log $FLAG has again within 30s
connect token_of=third
expect no_retry
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR
connect
expect retry
RAW
"$DOQSPEC" play -s "127.0.0.1:$port" -D "FLAG=$TMPDIR/flag" \
    "$TMPDIR/retry.raw" > "$TMPDIR/raw.out" 2>&1 &
client=$!
_own $client
wait_for 20 has '^# third' "$TMPDIR/raw.out" || {
	cat "$TMPDIR/raw.out"
	fail "no third connection"
}
kill -USR1 "$QUOLLD_PID"
check "Retry packets are counted" wait_for 10 has 'retries_sent [1-9]' \
    "$TMPDIR/quolld.log"
check "used tokens, too" wait_for 10 has 'tokens_reused 2' "$TMPDIR/quolld.log"
quolld_stop
quolld_start
echo again > "$TMPDIR/flag"
wait $client
rc=$?
cat "$TMPDIR/raw.out"
check "the client finds what it expects" [ $rc -eq 0 ]

# kdig, and the policy that is none.
check "kdig is served" answers 'status: NOERROR' localhost A
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
config 0 sometimes
check "another word is an error" not "$QUOLLD" --check -c "$TMPDIR/quolld.yaml"
