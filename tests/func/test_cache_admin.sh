#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# tsan
#
# What is done to the cache from outside: it is flushed by name, by suffix and
# as a whole; reloads keep it, unless others are asked then.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# asked COUNT NAME: was the backend asked for it so often?
asked() {
	_n=$(grep -c " name=$2\\. " "$BACKLOG")
	[ "$_n" -eq "$1" ] && return
	echo "$2 was asked for $_n times, not $1"
	return 1
}
config() { # PORT LINE...
	{
		cat <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$1"]}
Y
		shift
		printf '%s\n' "$@"
	} | quolld_config
}
learn() { # NAME...
	for _name; do
		check "an answer" answers '192\.0\.2\.1$' "$_name" A
	done
}
lines() { # REGEX
	grep -cE "$1" "$TMPDIR/quolld.log"
}
more_lines() { # BEFORE REGEX
	[ "$(lines "$2")" -gt "$1" ]
}
# signal NAME REGEX: sends it and waits for the line that it leads to.
signal() {
	_before=$(lines "$2")
	kill -"$1" "$QUOLLD_PID"
	check "$1 is heeded" wait_for 10 more_lines "$_before" "$2"
}
flush() { # LINE...
	printf '%s\n' "$@" > "$state/next"
	mv "$state/next" "$state/flush"
	signal USR2 'info: flushed .* names'
	check "the file is gone" [ ! -e "$state/flush" ]
}

state=$TMPDIR/quolld.state
fakebe_start -n second
SECOND_PORT=$FAKEBE_PORT
SECOND_LOG=$BACKLOG
fakebe_start
config "$FAKEBE_PORT"
quolld_start

all='ok.one.example.org ok.two.example.org ok.a.two.example.org'
all="$all ok.btwo.example.org"
learn $all
learn $all
for name in $all; do
	check "known" asked 1 "$name"
done

flush '# only this' 'OK.One.example.org.' 'a b'
check "what is no name is told of" \
    has 'warning: .*/flush:3: not understood' "$TMPDIR/quolld.log"
learn $all
check "flushed" asked 2 ok.one.example.org
check "not flushed" asked 1 ok.two.example.org
flush '*.two.example.org'
learn $all
check "below a suffix" asked 2 ok.two.example.org
check "far below" asked 2 ok.a.two.example.org
check "beside it" asked 1 ok.btwo.example.org
check "not again" asked 2 ok.one.example.org
signal USR2 'info: flushed the cache, 4 answers'
learn ok.btwo.example.org
check "all is flushed" asked 2 ok.btwo.example.org
check "and counted" [ "$(said cache_flushed)" -eq 7 ]
check "one is known" [ "$(said cache_entries)" -eq 1 ]

# What was asked before is given to who waits for it, and not kept.
ask slow600.example.org A > "$TMPDIR/slow" 2>&1 &
slow=$!
_own $slow
check "a question is on its way" wait_for 10 asked 1 slow600.example.org
signal USR2 'info: flushed the cache, 1 answers'
wait $slow
check "it is answered" has '192\.0\.2\.1$' "$TMPDIR/slow"
learn slow600.example.org ok.btwo.example.org
check "and asked again" asked 2 slow600.example.org

# What is no file does not hold us up.
mkfifo "$state/flush"
signal USR2 'error: .*/flush: nothing is flushed: is no regular file'
rm "$state/flush"
mkdir "$state/flush"
signal USR2 'error: .*/flush: nothing is flushed: Is a directory'
rmdir "$state/flush"
learn ok.btwo.example.org
check "nothing was flushed" asked 3 ok.btwo.example.org

# Reloads.
signal HUP 'info: reloaded'
config "$FAKEBE_PORT" 'cache: {max-ttl: 1h}' 'log: {level: debug}'
signal HUP 'info: reloaded'
learn ok.btwo.example.org
check "a reload keeps it" asked 3 ok.btwo.example.org
config "$FAKEBE_PORT" 'ecs: {mode: add}'
signal HUP 'info: reloaded'
check "it is said that it is emptied" \
    has 'others are asked upstream: the cache is emptied, 2 answers' \
    "$TMPDIR/quolld.log"
learn ok.btwo.example.org
check "clients' networks may matter" asked 4 ok.btwo.example.org
config "$SECOND_PORT"
signal HUP 'info: reloaded'
BACKLOG=$SECOND_LOG
learn ok.btwo.example.org ok.btwo.example.org
check "another server is asked" asked 1 ok.btwo.example.org
config "$SECOND_PORT" 'cache: {size: 0}'
signal HUP 'info: reloaded'
learn ok.btwo.example.org ok.btwo.example.org
check "nothing is kept" asked 3 ok.btwo.example.org
config "$SECOND_PORT"
signal HUP 'info: reloaded'
learn ok.btwo.example.org ok.btwo.example.org
check "kept again" asked 4 ok.btwo.example.org

# Who flushes all the time does not keep us from ending.
(while kill -USR2 "$QUOLLD_PID" 2>/dev/null; do :; done) &
storm=$!
_own $storm
sleep 0.5
check "still answers" answers '192\.0\.2\.1$' ok.one.example.org A
quolld_stop
stop $storm || : # by a signal, unless it ended first
