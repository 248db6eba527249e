#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 45
# packages: python3
# tsan
#
# The metrics endpoint: what it says, whom it serves, how it is moved, and that
# nobody can use it against the service, nor the service against it.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

need python3 openssl
metrics() {
	_cmd=$1
	shift
	python3 "$SRC/tests/func/metrics.py" "$_cmd" "$METRICS_PORT" "$@"
}
port_of() { # TIMES: of the line that was said so often
	METRICS_PORT=$(sed -n 's,.*metrics at http://[^ ]*:\([0-9]*\)/.*,\1,p' \
	    "$TMPDIR/quolld.log" | sed -n "${1}p")
}
value() { # NAME
	metrics page > "$TMPDIR/page" || return 1
	awk -v name="$1" '$1 == name { print $2 }' "$TMPDIR/page"
}
told() { # REGEX [TIMES]
	[ "$(grep -cE "$1" "$TMPDIR/quolld.log")" -ge "${2-1}" ]
}
report() {
	said connections > /dev/null
	tail -n +$((_lines + 1)) "$TMPDIR/quolld.log"
}
config() { # METRICS [MORE]
	quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
metrics: $1
tls: {cert: '$cert', key: '$TMPDIR/key.pem'}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
${2-}
Y
}

# A certificate whose file has a name that would be a sample of its own.
cert="$TMPDIR/q\"} 1\\<b>.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$TMPDIR/key.pem" -out "$cert" -days 30 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost' 2>/dev/null || fail "no certificate"

fakebe_start
config '{listen: 127.0.0.1:0}'
quolld_start
port_of 1

# ---- what it says
check "the page is valid" metrics page > "$TMPDIR/page"
check "nothing was asked yet" [ "$(value quoll_queries_total)" = 0 ]
for i in 1 2 3; do
	check "an answer" answers 'status: NOERROR' localhost A
done
check "an answer of upstream" answers 'status: NOERROR' ok.example.org A
check "three and one queries" [ "$(value quoll_queries_total)" = 4 ]
check "three of them special" [ "$(value quoll_query_special_total)" = 3 ]
check "one asked" [ "$(value quoll_upstream_asks_total)" = 1 ]
check "four connections" [ "$(value quoll_quic_conns_accepted_total)" = 4 ]
raw_do 'case a drop' nocontrol 'udp $HOST $PORT hex:40'
dropped() {
	[ "$(value 'quoll_quic_dropped_datagrams_total{reason="short"}')" = 1 ]
}
check "a drop has its reason" wait_for 10 dropped
wait_for 20 all_is_gone
report > "$TMPDIR/report"
same() {
	metrics same < "$TMPDIR/report"
}
check "it says what SIGUSR1 says" same
check "memory is told" [ "$(value quoll_quic_connection_bytes)" = 0 ]
now=$(date +%s)
start=$(value process_start_time_seconds)
check "when it started" [ "$start" -le "$now" -a "$start" -gt $((now - 600)) ]
check "the certificate is told, escaped" grep -qF \
    '/q\"}' "$TMPDIR/page"
left=$(sed -n 's/^quoll_certificate_expires_in_seconds{.*<b>.pem"} //p' \
    "$TMPDIR/page")
check "with its time" [ "$left" -gt $((29 * 86400)) ]
check "health" [ "$(metrics status /health)" = 200 ]
check "nothing else" [ "$(metrics status /)" = 404 ]
check "not there either" [ "$(metrics status /metrics/)" = 404 ]
check "a query is no matter" [ "$(metrics status '/metrics?x=%00')" = 200 ]

# ---- against it
check "hostile requests" metrics hostile
check "idle connections" metrics idle "$QUOLLD_PID" 10000
metrics slow > "$TMPDIR/slow.out" 2>&1 &
slow=$!
_own $slow
check "lines without an end" metrics stuff "$QUOLLD_PID"

# ---- against the service, and the other way round
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" -e nocontrol \
    -e 'flood hello 3000 sources=50 rate=1000 listen=1s' \
    > "$TMPDIR/flood.out" 2>&1 &
flood=$!
_own $flood
scraped=0
while alive $flood; do
	metrics page > /dev/null || break
	scraped=$((scraped + 1))
done
wait $flood
echo "# $scraped pages while QUIC was flooded"
check "answered while QUIC is flooded" [ $scraped -gt 0 ]
check "to the end" metrics page > /dev/null

metrics flood 1000 &
flood=$!
_own $flood
asked=0
answered=0
while alive $flood; do
	asked=$((asked + 1))
	answers 'status: NOERROR' localhost A > /dev/null &&
	    answered=$((answered + 1))
done
check "every page was one" wait $flood
echo "# $answered of $asked clients served while metrics were flooded"
check "QUIC is served while metrics are flooded" \
    [ $answered -eq $asked -a $asked -gt 0 ]
wait $slow
rc=$?
cat "$TMPDIR/slow.out"
check "slow clients" [ $rc -eq 0 ]

# ---- reload
hup() { # WHAT REGEX TIMES
	kill -HUP "$QUOLLD_PID"
	check "$1" wait_for 10 told "$2" "$3"
}
first=$METRICS_PORT
config '{listen: 127.0.0.1:0}' 'log: {level: debug}'
hup "a reload of something else" 'info: reloaded' 1
check "it stays" metrics page > /dev/null
config "{listen: 127.0.0.1:$(free_port)}"
hup "moves" 'info: reloaded' 2
port_of 2
check "is there" metrics page > /dev/null
second=$METRICS_PORT
METRICS_PORT=$first
check "is not where it was" not metrics page > /dev/null
METRICS_PORT=$second
config '{listen: 127.0.0.1:70000}'
hup "no such port" 'everything stays as it was' 1
check "its line" told 'quolld.yaml:2: metrics.listen: "127.0.0.1:70000"'
python3 - > "$TMPDIR/taken" <<'PY' &
import socket, time
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(600)
PY
_own $!
check "somebody has a port" wait_for 10 test -s "$TMPDIR/taken"
taken=$(cat "$TMPDIR/taken")
config "{listen: 127.0.0.1:$taken}"
hup "a port that is taken" 'everything stays as it was' 2
check "which one" told "cannot listen on http://127.0.0.1:$taken: Address"
check "it is where it was" metrics page > /dev/null
config '{}'
hup "none" 'info: reloaded' 3
check "none is there" not metrics page > /dev/null
config '{listen: 0}'
hup "again" 'info: reloaded' 4
port_of 3
check "it is there again" metrics page > /dev/null
check "a port alone is on loopback" not told 'is not on loopback'
config '{listen: 0.0.0.0:0}'
hup "for everybody" 'info: reloaded' 5
check "is warned of" told 'warning: metrics: .* is not on loopback'
port_of 4

# ---- drain: not healthy, but still there
raw_do 'case slow' nocontrol connect \
    'send 0 query:slow3000.example.org/A fin' 'expect answer 0 within 10s' \
    > "$TMPDIR/slow.out" 2>&1 &
client=$!
_own $client
waits() {
	[ "$(value quoll_queries_now)" = 1 ]
}
check "a query waits" wait_for 10 waits
kill -TERM "$QUOLLD_PID"
draining() {
	[ "$(metrics status /health)" = 503 ]
}
check "not healthy" wait_for 2 draining
check "the page is there" metrics page > /dev/null
wait $client
check "the query was answered" [ $? -eq 0 ]
wait "$QUOLLD_PID"
check "and quolld ends well" [ $? -eq 0 ]

# ---- at the start
config "{listen: 127.0.0.1:$taken}"
quolld_launch
wait "$QUOLLD_PID"
check "a port in use: status 1" [ $? -eq 1 ]
check "a line" told "error: metrics: cannot listen on .*:$taken: Address"
check "one" [ "$(grep -c error "$TMPDIR/quolld.log")" -eq 1 ]
