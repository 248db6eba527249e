#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Starts that fail: one clear line, status 1 (2 for a wrong command line), and
# nothing half-started.

. "$SRC/tests/func/lib.sh"

# refuses STATUS REGEX ARGUMENT...: does quolld end so, saying that?
refuses() {
	_want=$1 _re=$2
	shift 2
	timeout 20 "$QUOLLD" --state "$TMPDIR/state" "$@" \
	    > "$TMPDIR/out" 2>&1 < /dev/null
	_got=$?
	[ $_got -eq "$_want" ] && grep -qE -e "$_re" "$TMPDIR/out" && return
	echo "status $_got, said:"
	cat "$TMPDIR/out"
	return 1
}
accepts() {
	timeout 20 "$QUOLLD" --state "$TMPDIR/state" "$@" > "$TMPDIR/out" 2>&1
}
lines() {
	[ "$(wc -l < "$TMPDIR/out")" -eq "$1" ]
}

port=$(free_port)
url=quic://127.0.0.1:$port

# ---- command line and configuration
check "unknown flag" refuses 2 'quolld: ' --nonsense
check "-w of a word" refuses 2 'quolld: ' -w many
prove DOQ-005 refuses 2 '53' -l quic://127.0.0.1:53
check "no such file" refuses 1 "$TMPDIR/none.yaml" -c "$TMPDIR/none.yaml"
printf 'workers: 1\nlisten:\n  - quic://127.0.0.1:53\nworker: 2\n' \
    > "$TMPDIR/bad.yaml"
check "port 53 in a file, with its line" \
    refuses 1 "bad.yaml:3: " -c "$TMPDIR/bad.yaml" --check
check "the RFC is named" has 'RFC 9250' "$TMPDIR/out"
check "every wrong key is told" has 'bad.yaml:4: ' "$TMPDIR/out"
: > "$TMPDIR/empty.yaml"
check "an empty file is fine" accepts -c "$TMPDIR/empty.yaml" --check

# ---- certificates
certtool() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.crt" -days 30 -subj /CN=x \
	    -addext 'subjectAltName=DNS:localhost' 2>/dev/null
}
need openssl
certtool "$TMPDIR/a" && certtool "$TMPDIR/b" || fail "no certificates"
head -c 200 "$TMPDIR/a.crt" > "$TMPDIR/cut.crt"
check "key of another certificate" refuses 1 'a.crt.*b.key|b.key.*a.crt' \
    -l "$url" --cert "$TMPDIR/a.crt" --key "$TMPDIR/b.key"
check "said in one line" lines 1
check "--check looks into it, too" refuses 1 'a.crt.*b.key|b.key.*a.crt' \
    --cert "$TMPDIR/a.crt" --key "$TMPDIR/b.key" --check
check "truncated PEM" refuses 1 'cut.crt' \
    -l "$url" --cert "$TMPDIR/cut.crt" --key "$TMPDIR/a.key"
check "no such certificate" refuses 1 'none.crt' \
    -l "$url" --cert "$TMPDIR/none.crt" --key "$TMPDIR/a.key"
check "said in one line" lines 1

# ---- addresses
check "an address that is not there" \
    refuses 1 'cannot listen on quic://192.0.2.1:.*' \
    -l "quic://192.0.2.1:$port"
quolld_start -n first -l "$url"
check "a port in use" refuses 1 "cannot listen on $url: Address already in use" \
    -l "$url"
check "a port in use, several workers" \
    refuses 1 "cannot listen on $url: Address already in use" -l "$url" -w 2
check "the first goes on" answers '127\.0\.0\.1' localhost A
quolld_stop

# ---- state directory
: > "$TMPDIR/file"
state_is_file() {
	timeout 20 "$QUOLLD" --state "$TMPDIR/file" -l "$url" \
	    > "$TMPDIR/out" 2>&1
	[ $? -eq 1 ] && grep -q "$TMPDIR/file" "$TMPDIR/out" && lines 1
}
check "a state directory that is a file" state_is_file

check "version" sh -c '"$0" -V | grep -q "^ngtcp2 "' "$QUOLLD"
check "help" sh -c '"$0" -h | grep -q -- --check' "$QUOLLD"
