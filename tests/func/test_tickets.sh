#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 90
# takes: 12
# packages: faketime
#
# Session tickets: who comes back resumes, also after a restart, at another
# process with the same secret, and hours later; not with another secret.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# The server prefers x25519, so it has to ask for the key share.
SHARE=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL
SHARE=$SHARE:+GROUP-FFDHE2048:+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE
T=$TMPDIR

config() { # PORT TICKETS
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://127.0.0.1:$1"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
tls: {tickets: $2}
Y
}
reloaded() {
	[ "$(grep -c 'info: reloaded' "$TMPDIR/quolld.log")" -ge "$1" ]
}
save() { # NAME: a fresh ticket of the server at hand
	raw_do 'case a ticket' connect 'expect not_resumed' \
	    'expect ticket lifetime>=21600 lifetime<=604800' \
	    "save_ticket $T/$1"
}
comes_back() { # NAME resumed|not_resumed
	raw_do "case $1, $2" "connect ticket_file=$T/$1" "expect $2" \
	    'send 0 query:ok.back.example.org/A fin' \
	    'expect answer 0 rcode=NOERROR'
}

# Another server, with a secret of its own.
fakebe_start
quolld_start -n other
check "a foreign ticket" save foreign
quolld_stop

config 0 on
quolld_start
port=$QUIC_PORT
raw_script tickets -D "TICKETS=$T" -D "SHARE=$SHARE"
check "a ticket" save first
kill -USR1 "$QUOLLD_PID"
check "resumptions are counted" wait_for 10 has 'sessions_resumed [1-9]' \
    "$T/quolld.log"

# Over a reload; and a reload that turns tickets off.
config "$port" on
kill -HUP "$QUOLLD_PID"
wait_for 10 reloaded 1 || fail "does not reload"
check "after a reload" comes_back first resumed
config "$port" off
kill -HUP "$QUOLLD_PID"
wait_for 10 reloaded 2 || fail "does not reload"
check "without tickets" comes_back first not_resumed
check "none is given" raw_do 'case none' connect 'expect no_ticket' \
    'expect open'
config "$port" on
kill -HUP "$QUOLLD_PID"
wait_for 10 reloaded 3 || fail "does not reload"

# Another process with the same secret; one with another.
mkdir -p "$T/second.state"
chmod 700 "$T/second.state"
cp "$T/quolld.state/secret" "$T/second.state/secret"
first=$QUOLLD_PID
echo "upstream: {servers: [udp://127.0.0.1:$FAKEBE_PORT]}" > "$T/second.yaml"
cp "$T/second.yaml" "$T/third.yaml"
quolld_start -n second -l quic://127.0.0.1:0
check "the same secret in another process" comes_back first resumed
quolld_stop
quolld_start -n third -l quic://127.0.0.1:0
check "another secret" comes_back first not_resumed
quolld_stop

# Over a restart.
quolld_stop "$first"
quolld_start
check "after a restart" comes_back first resumed
check "as early data" raw_do 'case early' \
    "connect early ticket_file=$T/first" \
    'send 0 query:ok.restarted.example.org/A fin' 'expect resumed' \
    'expect early rejected' 'expect answer 0 rcode=NOERROR' \
    "expect log $BACKLOG has name=ok.restarted.example.org count=1"
quolld_stop

# Hours later; a sanitizer does not like to be second among preloaded
# libraries.
[ "$VARIANT" = plain ] || exit 0
need faketime
real=$QUOLLD
lib=$(faketime -m -f +1h printenv LD_PRELOAD)
later() { # HOURS: starts it with the wall clock put forward
	cat > "$T/later" <<X
#!/bin/sh
FAKETIME=+${1}h FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD='$lib'
export FAKETIME FAKETIME_DONT_FAKE_MONOTONIC LD_PRELOAD
exec $real "\$@"
X
	chmod +x "$T/later"
	QUOLLD=$T/later
	quolld_start
	check "the clock is put forward" not has "^$(date -u +%FT%H)" \
	    "$T/quolld.log"
}
later 5
prove DOQ-103 comes_back first resumed
quolld_stop
later 7
check "not for ever" comes_back first not_resumed
prove BAD-078 raw_do 'case expired' \
    "connect early ticket_file=$T/first withhold" \
    'send 0 query:ok.expired.example.org/A fin' 'expect early rejected' \
    'expect no_answer 0' "expect log $BACKLOG lacks name=ok.expired" \
    'repeat 100' "connect early ticket_file=$T/first" \
    'send 0 query:ok.expired$I.example.org/A fin' 'expect not_resumed' \
    'expect early rejected' 'expect answer 0 rcode=NOERROR' \
    "expect log $BACKLOG has name=ok.expired\$I.example.org count=1" 'end'
check "all accounts return to 0" wait_for 40 all_is_gone
quolld_stop
