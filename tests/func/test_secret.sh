#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
#
# The secret is changed while clients hold what was issued under the one before:
# by SIGHUP, by a restart, and by files that cannot be used.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

config() { # PORT
	cat > "$TMPDIR/quolld.yaml" <<Y
listen: ["quic://127.0.0.1:$1"]
upstream: {mode: none}
quic: {retry: always}
Y
}
state=$TMPDIR/quolld.state
told() { # REGEX TIMES
	[ "$(grep -cE "$1" "$TMPDIR/quolld.log")" -ge "$2" ]
}
reloads=0
reload() {
	reloads=$((reloads + 1))
	kill -HUP "$QUOLLD_PID"
	check "reload $reloads" wait_for 10 told 'info: reloaded' $reloads
}
refuses=0
refuse() { # REGEX: reloads in vain
	refuses=$((refuses + 1))
	kill -HUP "$QUOLLD_PID"
	check "refusal $refuses" \
	    wait_for 10 told 'everything stays as it was' $refuses
	check "says why" told "$1" 1
}
# As an operator does it: never a file that is half written or open.
new_secret() {
	(umask 077 && head -c 32 /dev/urandom > "$state/next")
	mv "$state/next" "$state/secret"
}

# client NAME: runs $TMPDIR/NAME.raw beside us.
client() {
	name=$1
	"$DOQSPEC" play -s "127.0.0.1:$port" -D "GO=$TMPDIR/$name.go" \
	    -D "FLAG=$TMPDIR/$name.flag" "$TMPDIR/$name.raw" \
	    > "$TMPDIR/$name.out" 2>&1 &
	client=$!
	: > "$TMPDIR/$name.flag"
	_own $client
}
reached() { # CONNECTION
	wait_for 20 has "^# $1:" "$TMPDIR/$name.out" || {
		cat "$TMPDIR/$name.out"
		fail "$name does not come to $1"
	}
}
tell() {
	echo "$1" >> "$TMPDIR/$name.flag"
}
client_end() {
	wait $client
	rc=$?
	grep -v '^# ' "$TMPDIR/$name.out"
	check "$name" [ $rc -eq 0 ]
}

config 0
quolld_start
port=$QUIC_PORT
config "$port"

# Between Retry and its answer: a reload, and one with another secret.
for what in same new; do
	cat > "$TMPDIR/$what.raw" <<'RAW'
case QSV-037 reload between Retry and the second Initial
connect hold_retry=$GO
expect retry
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR
RAW
	client $what
	reached c1
	[ $what = same ] || new_secret
	reload
	: > "$TMPDIR/$what.go"
	client_end
done
check "a new secret is told, an old one is not" \
    [ "$(grep -c 'the secret is a new one' "$TMPDIR/quolld.log")" -eq 1 ]

# Tokens of before, used ones too; and broken files.
cat > "$TMPDIR/reload.raw" <<'RAW'
case QSV-037 QSV-033 tokens over a change of the secret
connect name=live
connect name=used
expect token
connect name=kept token_of=used
expect no_retry
expect token
connect name=spare
expect token
print seen
expect log $FLAG has changed within 30s
connect token_of=used
expect retry
connect token_of=kept
expect no_retry
use live
send new query:localhost/A fin
expect answer last rcode=NOERROR
# and one change later they are nothing
connect name=ready
print seen
expect log $FLAG has twice within 30s
connect token_of=spare
expect retry

case a secret that cannot be used changes nothing
connect name=before
expect token
print seen
expect log $FLAG has broken within 30s
connect token_of=before
expect no_retry
send 0 query:localhost/A fin
expect answer 0 rcode=NOERROR
RAW
client reload
reached spare
new_secret
reload
tell changed
reached ready
new_secret
reload
tell twice
reached before
cp -p "$state/secret" "$TMPDIR/good"
head -c 31 "$TMPDIR/good" > "$state/secret"
refuse 'secret: has 31 bytes'
cp -p "$TMPDIR/good" "$state/secret"
chmod 640 "$state/secret"
refuse 'secret: is open to others.*put another in its place'
rm "$state/secret"
refuse 'secret: .*No such file'
check "none is made in its stead" not test -e "$state/secret"
mkdir "$state/secret"
refuse 'secret: .*(directory|regular)'
rmdir "$state/secret"
tell broken
client_end
cp -p "$TMPDIR/good" "$state/secret"
reload

# A restart: the old one is a file now.  Connections are reset under either.
cat > "$TMPDIR/restart.raw" <<'RAW'
case QSV-037 a restart with another secret, and the old one beside it
connect name=first
expect token
connect name=second
expect token
connect name=live
print seen
expect log $FLAG has changed within 30s
send new query:localhost/A fin
expect stateless_reset within 10s
connect token_of=first
expect no_retry
connect name=ready
print seen
expect log $FLAG has alone within 30s
connect token_of=second
expect retry
RAW
client restart
reached live
kill -KILL "$QUOLLD_PID"
wait "$QUOLLD_PID"
mv "$state/secret" "$state/secret.old"
quolld_start
check "the new one was made" test -s "$state/secret"
tell changed
reached ready
quolld_stop
# One that others may read is not used.
chmod 644 "$state/secret.old"
quolld_start
check "says so" told 'secret.old: is open to others.*not used' 1
tell alone
client_end
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
