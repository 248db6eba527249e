#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 27
#
# doqspec play: what its engine sees and waits for, recordings, the prompt.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_config <<YAML
listen: [quic://127.0.0.1:0]
quic: {early-data: on}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
YAML
quolld_start

raw_script levels

# Each of these waits sees when it is not so, too.
check "a close in the wrong packet" not raw_do nocontrol \
    'connect alpn=h3 nowait' 'expect close transport 0x178 in=1rtt'
check "credit that is not there" not raw_do connect \
    'expect credit 100000 within 300ms'
check "data that is not there" not raw_do connect 'send new hex:00' \
    'expect data last within 300ms'
check "an end that is not there" not raw_do connect 'send new hex:00' \
    'expect fin last within 300ms'
check "frames that are not there" not raw_do connect \
    'expect seen handshake:PING>=100 within 300ms'
quolld_stop

# ---- recordings ---------------------------------------------------------

# plays FILE OUT ARGUMENT...: plays FILE and records it in OUT.
plays() {
	_file=$1 _out=$2
	shift 2
	"$DOQSPEC" play --record "$_out" "$@" "$_file" > "$_out.said" 2>&1 ||
	    { cat "$_out.said"; return 1; }
}
lines() {
	grep -v '^#' "$1"
}
same() { # FILTER FILE FILE
	$1 "$2" > "$TMPDIR/one"
	$1 "$3" > "$TMPDIR/other"
	[ -s "$TMPDIR/one" ] && diff "$TMPDIR/one" "$TMPDIR/other"
}
# view LOG: the 1-RTT frames that quolld had from clients, by connection and
# kind; what a client's ngtcp2 sends by itself and when, is not the script's, nor
# which kind it puts first into a packet, if there is more than one to send.
view() {
	awk '{ sub(/.*quic: I[0-9]* /, "") } !($1 in nth) { nth[$1] = ++n }
	    / frm rx [0-9]+ 1RTT (STREAM|RESET_|STOP_|MAX_|CONN)/ ||
	    / frm rx [0-9]+ 0RTT STREAM/ {
		id = nth[$1]
		sub(/.* frm rx [0-9]+ /, "")
		# Once: on a busy machine some are sent again.
		kind = $2
		sub(/\(.*/, "", kind)
		if (!sent[id, $0]++)
			print id, kind, $0
	    }' "$1" | LC_ALL=C sort -s -k 1,1n -k 2,2
}

# One quolld, since tickets and tokens are its own; its log of each run.
quolld_start -vv
url=quic://127.0.0.1:$QUIC_PORT
run_of() { # FILE OUT
	_begin=$(wc -l < "$TMPDIR/quolld.log")
	plays "$1" "$2" "$url"
	_rc=$?
	said connections > /dev/null # what was said before is there now
	tail -n +$((_begin + 1)) "$TMPDIR/quolld.log" > "$2.seen"
	return $_rc
}
check "a run is recorded" \
    run_of "$SRC/tests/func/raw/record.raw" "$TMPDIR/first"
check "it can be repeated" run_of "$TMPDIR/first" "$TMPDIR/second"
check "and that, too" run_of "$TMPDIR/second" "$TMPDIR/third"
check "recordings are the same" \
    same lines "$TMPDIR/first" "$TMPDIR/second"
check "and stay so" same lines "$TMPDIR/second" "$TMPDIR/third"
check "the server saw the same frames, those of a kind in the same order" \
    same view "$TMPDIR/first.seen" "$TMPDIR/second.seen"
check "three times" same view "$TMPDIR/first.seen" "$TMPDIR/third.seen"
check "nothing in it is left to chance" not grep -qE \
    '^[^#]*( new |random:|query:|file:|_of=|new_cid|initial:)' "$TMPDIR/first"
quolld_stop

# Retry changes the keys of Initial packets (RFC 9001 5.2).
quolld_config <<YAML
listen: [quic://127.0.0.1:0]
quic: {retry: always}
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
YAML
quolld_start
check "Initial packets after Retry are opened" raw_do connect 'expect retry'     'expect seen initial:CRYPTO>=1' 'expect seen handshake:CRYPTO>=1'
quolld_stop

# ---- octets -------------------------------------------------------------

# An echo says what octets it got: the same in both runs, chance included.
if [ -x "$BUILD/share" ] && command -v openssl > /dev/null; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$TMPDIR/k.pem" -out "$TMPDIR/c.pem" -days 30 \
	    -subj /CN=x 2>/dev/null
	"$BUILD/share" "$TMPDIR/c.pem" "$TMPDIR/k.pem" > "$TMPDIR/port" \
	    2> "$TMPDIR/share.log" &
	_own $!
	has_port() {
		has '^[0-9]+$' "$TMPDIR/port"
	}
	wait_for 20 has_port || fail "share does not serve"
	cat > "$TMPDIR/echo.raw" <<'RAW'
nocontrol
connect alpn=echo
send new random:3000 text:'a  b' split=700 fin
send new hex:00ff random:7
send last random:5 fin
expect fin 0
expect fin 4
print data 0
print data 4
takeover
frame stream id=8 off=4 random:6 fin
frame stream id=8 off=0 random:4
expect fin 8
print data 8
RAW
	url=quic://127.0.0.1:$(cat "$TMPDIR/port")
	check "octets are recorded" \
	    plays "$TMPDIR/echo.raw" "$TMPDIR/octets" "$url"
	check "octets are repeated" \
	    plays "$TMPDIR/octets" "$TMPDIR/again" "$url"
	echoed() {
		grep -E '^# [048]: [0-9a-f]+ fin$' "$1"
	}
	check "the server got the same octets" same echoed \
	    "$TMPDIR/octets.said" "$TMPDIR/again.said"
	check "on all streams" [ "$(echoed "$TMPDIR/octets.said" |
	    wc -l)" -eq 3 ]
fi

# ---- how it ends --------------------------------------------------------

quolld_config <<YAML
listen: [quic://127.0.0.1:0]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
YAML
quolld_start
url=quic://127.0.0.1:$QUIC_PORT
ends() { # STATUS ARGUMENT...
	_want=$1
	shift
	timeout 60 "$DOQSPEC" play "$@" < /dev/null \
	    >> "$TMPDIR/ends.log" 2>&1
	[ $? -eq "$_want" ]
}
check "as soon as all holds" ends 0 -e 'deadline 1000s' -e connect \
    -e "send new query:a.example.com fin" -e 'expect fin last' "$url"
check "1 when something does not hold" ends 1 -e connect \
    -e 'expect fin 0 within 100ms' "$url"
check "2 for what it does not understand" ends 2 -e nonsense "$url"
check "2 for a file that is not there" ends 2 "$url" "$TMPDIR/nothing"
check "2 for a URL that is none" ends 2 -e connect "quic://:x"
check "2 for a recording that cannot be" ends 2 \
    --record "$TMPDIR/no/such" -e connect "$url"
check "2 for nothing to do" ends 2 "$url"
check "-v shows frames" "$DOQSPEC" play -v -e connect -e 'expect open' \
    "$url" > "$TMPDIR/shown"
check "sent" has '^c1 > STREAM id=0 off=0 len=29 fin$' "$TMPDIR/shown"
check "and seen" has '^c1 < STREAM id=0 off=0 len=45 fin$' "$TMPDIR/shown"
check "and those before" has '^c1 < handshake CRYPTO off=0' "$TMPDIR/shown"

# ---- the prompt ---------------------------------------------------------

shows() {
	has "$1" "$TMPDIR/prompt"
}
mkfifo "$TMPDIR/fifo"
"$DOQSPEC" play -i "$url" < "$TMPDIR/fifo" > "$TMPDIR/prompt" 2>&1 &
prompt=$!
_own $prompt
exec 3> "$TMPDIR/fifo"
echo help >&3
check "help" wait_for 20 shows '^quit  '
echo 'connect idle=1s keepalive=200ms' >&3
check "a connection" wait_for 20 shows '^# c1: connection open$'
echo 'send new query:www.example.com fin' >&3
check "what comes is shown" wait_for 20 shows \
    '^< STREAM id=0 off=0 len=[0-9]+ fin$'
check "as text, too" wait_for 20 shows '^  www.example.com. [0-9]+ A '
echo 'what is this' >&3
check "an error" wait_for 20 shows '^prompt:3: not understood: what is this$'
printf 'repeat 2\nsend new query:a$I.example.com fin\n' >&3
sleep 2 # the connection would be idle
printf 'end\nexpect fin 8\nexpect fin 400 within 100ms\n' >&3
check "a failure" wait_for 20 shows '^prompt:.*expected: fin 400'
echo "record $TMPDIR/session" >&3
printf 'send new query:last.example.com fin\nexpect answer last\n' >&3
check "it goes on" wait_for 20 shows '^  last.example.com. '
printf 'send new hex:000200 fin\nexpect close app 0x2' >&3
exec 3>&-
wait $prompt
check "it ends with its input, and says how it went" [ $? -eq 2 ]
check "the close" shows '^< CONNECTION_CLOSE\(app\) code=0x2 '
check "the session is there from its begin" [ "$(grep -cE \
    '^(connect|send|expect|nocontrol|persist)' "$TMPDIR/session")" -eq 12 ]
check "it fails as it did" ends 1 --record "$TMPDIR/session2" \
    "$TMPDIR/session"
check "and is the same" same lines "$TMPDIR/session" "$TMPDIR/session2"

# Streams that cannot be had.
printf 'connect\nsend 1 hex:00\nsend new-uni hex:00\n' |
    "$DOQSPEC" play -i "$url" > "$TMPDIR/prompt" 2>&1
check "a stream of the server" shows '^prompt:2: a client has no stream 1;'
check "a stream that is not permitted" \
    shows '^# c1: stream 2 waits for room$'

# Lines of any kind end neither the session nor the tool.
awk 'BEGIN {
	srand(7)
	n = split("connect send new last fin hex: hex:0 hex:00 query: query:. " \
	    "query:a/b random:9 random:x zeros:99999999999 expect || within " \
	    "1s 10ms 0 1 -1 0x 18446744073709551616 4*4 4- @c1 @ @x use drop " \
	    "reset stop close app transport takeover frame stream crypto raw " \
	    "packet again flush long own alone scatter size=0 times=2 " \
	    "split=0 bits rebind to abandon print data answer seen name= " \
	    "PING>=1 $NAME ${NAME ${x0a} ${x00} \047 \" # set default HOST " \
	    "expect close handshake data fin credit open alive ticket " \
	    "ticket_data=00/ token_of=c1 ticket_of=c1 hello=1:2 hello=x " \
	    "version=9 bind=x nowait alpn= wait deadline 1ms udp initial: " \
	    "long:x replay allow persist", w, " ")
	for (i = 0; i < 1500; i++) {
		line = ""
		for (k = int(rand() * 6); k >= 0; k--)
			line = line " " w[1 + int(rand() * n)]
		print line
	}
	print "set HOST 127.0.0.1\nset PORT '"$QUIC_PORT"'\nset NAME a.b"
	print "set TYPE A\ndeadline 5s\nconnect\nexpect open\nprint state"
}' > "$TMPDIR/junk"
timeout 100 "$DOQSPEC" play -i "$url" < "$TMPDIR/junk" > "$TMPDIR/junk.log" 2>&1
check "junk is not understood" [ $? -eq 2 ]
check "and the session lives" has '^# c[0-9]*: connection open; ' \
    "$TMPDIR/junk.log"
quolld_stop
