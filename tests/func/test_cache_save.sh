#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cache.save: what was known at the end is known at the start, unless the file
# is damaged, foreign, or no file.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

asked() { # COUNT NAME
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -eq "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
config() { # PORT SAVE
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$1"]}
cache: {save: $2}
Y
}
learn() {
	check "an answer" answers '192\.0\.2\.1$' "$1" A
}
logged() {
	has "$1" "$TMPDIR/quolld.log"
}
ttl() { # NAME
	ask "$1" A 2>&1 | awk '/^[^;]/ && $4 == "A" { print $2 }'
}

file=$TMPDIR/quolld.state/cache
fakebe_start
config "$FAKEBE_PORT" true
quolld_start
check "the first start says nothing of it" not logged 'the cache'
learn ok.one.example.org
learn ok.two.example.org
ask servfail.example.org A > /dev/null 2>&1
sleep 2
quolld_stop
check "it is saved" logged 'info: saved the cache, 2 answers$'
check "for nobody else" [ "$(stat -c %a "$file")" = 600 ]
cp "$file" "$TMPDIR/good"

quolld_start
check "it is loaded" logged 'info: loaded the cache, 2 of 2 answers$'
left=$(ttl ok.one.example.org)
check "the TTL has gone down, to $left" [ "$left" -le 298 ]
learn ok.two.example.org
check "nobody is asked" asked 1 ok.one.example.org
check "nobody is asked" asked 1 ok.two.example.org
# Who is killed saves nothing, and nothing is lost.
kill -KILL "$QUOLLD_PID"
stop "$QUOLLD_PID"
check "the file is still there" cmp -s "$file" "$TMPDIR/good"

# refused REGEX: a start with a file that is of no use.
refused() {
	quolld_start
	check "told of" logged "warning: .*/cache: $1: the cache begins empty"
	check "nothing is known" [ "$(said cache_entries)" -eq 0 ]
	learn ok.one.example.org
	kill -KILL "$QUOLLD_PID"
	stop "$QUOLLD_PID"
	rm -rf "$file"
}
head -c 100 "$TMPDIR/good" > "$file"
refused 'is damaged'
check "asked again" asked 2 ok.one.example.org
tr '\001' '\002' < "$TMPDIR/good" > "$file"
refused 'is (damaged|of another version.*)'
echo nonsense > "$file"
refused 'is damaged'
seq 1000 > "$file"
refused 'is no saved cache'
mkfifo "$file"
refused 'is no regular file'

# Of another upstream; then what cannot be written, which is no reason to stay.
cp "$TMPDIR/good" "$file"
BEFORE=$FAKEBE_PORT
fakebe_start -n second
config "$FAKEBE_PORT" true
[ "$BEFORE" != "$FAKEBE_PORT" ] || fail "one port for two servers"
refused 'is of another upstream'
quolld_start
learn ok.one.example.org
mkdir -p "$file/in.the.way"
quolld_stop
check "it is said why" logged 'error: .*the cache cannot be saved: '
check "the end is a good one" logged 'info: stopped'
check "nothing is left" [ ! -e "$file.new" ]

# Not wanted: neither read nor written.
rm -r "$file"
cp "$TMPDIR/good" "$file"
config "$BEFORE" false
quolld_start
check "not loaded" [ "$(said cache_entries)" -eq 0 ]
quolld_stop
check "not saved" cmp -s "$file" "$TMPDIR/good"
