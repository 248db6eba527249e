#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Measures the daemon with a warm cache from outside: CPU of the server for a
# query, with many, few and one in flight on each of ten connections, beside
# what ngtcp2, GnuTLS and the kernel need for messages of that size.  Nothing is
# compared with anything but the limit of the same minute, since machines drift.
#
#   DOQLOAD=PROGRAM FLOOR=PROGRAM tests/bench/e2e.sh [BUILD]
#
# BUILD (build) is where configure has run; quolld and fakebe are made there.
# Neither of the two programs comes with Quoll.  DOQLOAD is a load generator: it
# takes -m load -p PORT -q PID -c CONNECTIONS -w WINDOW -d SECONDS -W SECONDS
# -f FORMAT -n NAMES, asks so many names, made of the format, on so many
# connections with so many queries in flight on each, after the seconds of -W
# measures for those of -d, and prints JSON: srv_us_per_q (CPU that the process
# PID took for a query), qps, p50us and bad, which should be 0.  FLOOR takes
# WINDOW QUERIES QUERY-OCTETS ANSWER-OCTETS and prints a line
# limit_us_per_query: what the libraries and the kernel take for that without a
# server around them.  More:
#
#   ROUNDS (3)  SECONDS_EACH (2)  WINDOWS (100 4 1)  NAMES (10000)
#   QUOLLDS     programs to be measured in turn, instead of BUILD's
#   RIVAL       a command that serves DoQ on the port that it is given behind
#               it, and asks the server whose port comes next

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$top/build}
: "${DOQLOAD:?must name a load generator, see the head of $0}"
: "${FLOOR:?must name the program of the limit, see the head of $0}"
: "${QUOLLDS:=$build/quolld}" "${ROUNDS:=3}" "${SECONDS_EACH:=2}"
: "${WINDOWS:=100 4 1}" "${NAMES:=10000}"
if [ ! -f "$build/Makefile" ]; then
	echo "$0: $build is no build directory: run configure there" >&2
	exit 1
fi
${MAKE:-make} -s -C "$build" quolld fakebe >&2
dir=$(mktemp -d)
pids=

cleanup() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null && wait "$pid" || :
	done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# ready LOG WORD: waits until a program has said so.
ready() {
	for _ in $(seq 100); do
		grep -q "$2" "$1" && return
		sleep 0.1
	done
	cat "$1" >&2
	exit 1
}

# field NAME: a number of the JSON at standard input.
field() {
	sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"
}

# The server has the first processor for itself, all else the second.
if [ "$(nproc)" -gt 1 ]; then
	server='taskset -c 0' client='taskset -c 1'
else
	server= client=
fi

: > "$dir/back"
$client "$build/fakebe" -l /dev/null > "$dir/back" &
pids="$pids $!"
ready "$dir/back" serving
back=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$dir/back")
port=$((back > 40000 ? back - 10000 : back + 10000))
cat > "$dir/quolld.yaml" <<CONF
listen: ["quic://127.0.0.1:$port"]
workers: 1
state: $dir/state
upstream: {mode: forward, servers: ["udp://127.0.0.1:$back"]}
CONF
mkdir -m 700 "$dir/state"

# measure TITLE PID: each window, after all names were asked once.
measure() {
	for window in $WINDOWS; do
		limit=$($server "$FLOOR" "$window" 200000 41 57 |
		    sed -n 's/^limit_us_per_query //p')
		$client "$DOQLOAD" -m load -p "$port" -q "$2" -c 10 \
		    -w "$window" -d "$SECONDS_EACH" -W 1 \
		    -f h%u.bench.example.org -n "$NAMES" > "$dir/result"
		us=$(field srv_us_per_q < "$dir/result")
		awk -v title="$1" -v window="$window" -v us="$us" \
		    -v limit="$limit" -v p50="$(field p50us < "$dir/result")" \
		    -v qps="$(field qps < "$dir/result")" \
		    -v bad="$(field bad < "$dir/result")" 'BEGIN {
			printf "%-12s %6d %8.2f %8.2f %6.1f %9d %8.1f %5d\n",
			    title, window, us, limit, us / limit, qps, p50, bad
		}'
	done
}

# run TITLE COMMAND...: starts a server, measures it, ends it.
run() {
	title=$1
	shift
	$server "$@" > "$dir/log" 2>&1 &
	pid=$!
	pids="$pids $pid"
	ready "$dir/log" "${READY:-serving}"
	measure "$title" "$pid"
	kill "$pid"
	wait "$pid" 2> /dev/null || :
}

printf '%-12s %6s %8s %8s %6s %9s %8s %5s\n' server window us/query limit \
    ratio qps p50us bad
for round in $(seq "$ROUNDS"); do
	for quolld in $QUOLLDS; do
		run "$(basename "$quolld")" "$quolld" -c "$dir/quolld.yaml"
	done
	# shellcheck disable=SC2086
	[ -z "${RIVAL-}" ] || READY= run rival $RIVAL "$port" "$back"
done
