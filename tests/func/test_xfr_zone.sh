#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: knot-dnsutils knot
# timeout: 90
# takes: 25
#
# Zone transfers of a real server, Knot DNS, through quolld: 50,000 records,
# compared one by one with what comes by TCP; differences; signed ones; several
# at once; and clients that do not read.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

RECORDS=50000
KEY=transfer.
SECRET=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
HELD=1048576	# all of it would be four times as much, in buffers

zone_text() {
	echo "$_zone. 300 IN SOA ns.$_zone. nobody.invalid. 3 3600 600 86400 60"
	echo "$_zone. 300 IN NS ns.$_zone."
	echo "ns.$_zone. 300 IN A 192.0.2.53"
	awk -v zone=$_zone -v count=$RECORDS 'BEGIN {
		for (i = 0; i < count; i++)
			printf "h%d.%s. 300 IN A 10.%d.%d.%d\n", i, zone,
			    i / 65536, i / 256 % 256, i % 256 }'
}
_conf_knotd() {
	zone_text > "$_dir/zone"
	cat > "$_dir/knot.conf" <<CONF
server:
  rundir: "$_dir"
  listen: 127.0.0.1@$1
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
- target: stderr
  any: info
key:
- id: $KEY
  algorithm: hmac-sha256
  secret: "$SECRET"
acl:
- id: open
  address: 127.0.0.1
  action: [transfer, update]
- id: signed
  key: $KEY
  action: [transfer, update]
database:
  storage: "$_dir"
zone:
- domain: $_zone
  file: "$_dir/zone"
  acl: [signed, open]
CONF
}

# fetch [-w WINDOW] FILE QUERY...: each on a stream of one connection; the octets
# of stream 4 * N go to FILE.N.
fetch() {
	_how=
	if [ "$1" = -w ]; then
		_how="max_data=$2 stream_data=$2"
		shift 2
	fi
	_file=$1
	shift
	{
		echo "connect $_how"
		_n=0
		for _q; do
			echo "send $((4 * _n)) $_q fin"
			_n=$((_n + 1))
		done
		_n=0
		for _q; do
			echo "expect answer $((4 * _n)) messages=any an>=1 head within 20s"
			_n=$((_n + 1))
		done
		_n=0
		for _q; do
			echo "print data $((4 * _n))"
			_n=$((_n + 1))
		done
	} > "$TMPDIR/fetch.raw"
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/fetch.raw" \
	    > "$TMPDIR/fetch.out" || return 1
	_n=0
	for _q; do
		grep "^# $((4 * _n)): .* fin$" "$TMPDIR/fetch.out" \
		    > "$_file.$_n" || return 1
		_n=$((_n + 1))
	done
}
# sorted: records, one blank between their fields.
sorted() {
	grep -v '^;' | awk 'NF { $1 = $1; print }' | sort
}
records() {
	"$BUILD/xfrdump" < "$1" 2> "$1.messages" | sorted > "$1.records"
}
by_tcp() {
	"$KDIG" @127.0.0.1 -p "$KNOTD_PORT" +tcp +noall +answer $_zone "$1" |
	    sorted
}

knotd_start
quolld_config <<CONF
listen: [quic://127.0.0.1:0]
access: {transfer: [127.0.0.1], update: [127.0.0.1]}
quic: {delivery-timeout: 3s}
CONF
quolld_start -u "udp://127.0.0.1:$KNOTD_PORT"
AXFR=query:$_zone/AXFR,opt

# Five at once.
by_tcp AXFR > "$TMPDIR/tcp"
start=$(date +%s%N)
check "five transfers" fetch "$TMPDIR/axfr" $AXFR $AXFR $AXFR $AXFR $AXFR
echo "# 5 transfers of $RECORDS records took" \
    $((($(date +%s%N) - start) / 1000000)) ms
same() {
	[ "$(wc -l < "$TMPDIR/tcp")" -eq $((RECORDS + 4)) ] || return 1
	for _i in 0 1 2 3 4; do
		records "$TMPDIR/axfr.$_i"
		cmp "$TMPDIR/tcp" "$TMPDIR/axfr.$_i.records" || return 1
	done
}
prove DOQ-087,FWD-172 same
opts() {
	[ "$(wc -l < "$TMPDIR/axfr.0.messages")" -gt 50 ] &&
	    awk '$2 != 0 || $3 != 0 || $6 != 1 || $7 != 1 { exit 1 }' \
		"$TMPDIR/axfr.0.messages"
}
prove FWD-173,FWD-174 opts

# Signed: each message is a part of the chain of MACs (RFC 8945 5.3.1).
signed=$("$BUILD/xfrdump" sign $_zone $KEY $SECRET)
check "a signed transfer" fetch "$TMPDIR/signed" "asks:$signed"
verified() {
	"$BUILD/xfrdump" verify $KEY "$1" "$signed" < "$TMPDIR/signed.0" \
	    2> "$TMPDIR/signed.messages" | sorted > "$TMPDIR/signed.records"
	cmp -s "$TMPDIR/tcp" "$TMPDIR/signed.records"
}
prove FWD-191,FWD-183,FWD-184,FWD-185 verified $SECRET
check "the judge would see it" not verified AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
check "as does kdig, of what fits into one message" answers 'TSIG' $_zone SOA \
    -y "hmac-sha256:${KEY%.}:$SECRET"

# Differences: what is new comes by UPDATE, through quolld.
update() {
	raw_do connect "send 0 query:$_zone/SOA,opcode=5,rd=0,authority=$1 fin" \
	    'expect answer 0 opcode=5 rcode=NOERROR noecho'
}
prove FWD-181 update 036e6577c00c000100010000012c0004c0000263
check "a second one" update 03657861c00c000100010000012c0004c0000264
check "it is there" answers 'exa.*192\.0\.2\.100' "exa.$_zone" A
# An SOA of that serial, as who asks has it.
ixfr() {
	printf 'query:%s/IXFR,authority=c00c000600010000000000160000%08x%032d' \
	    $_zone "$1" 0
}
check "three forms of IXFR, and again" fetch "$TMPDIR/ixfr" "$(ixfr 3)" \
    "$(ixfr 4)" "$(ixfr 5)" "$(ixfr 3)" "$(ixfr 1)"
differences() {
	for _i in 0 1 2 3 4; do records "$TMPDIR/ixfr.$_i"; done
	by_tcp IXFR=3 > "$TMPDIR/tcp3"
	by_tcp IXFR=4 > "$TMPDIR/tcp4"
	by_tcp IXFR=5 > "$TMPDIR/tcp5"
	by_tcp IXFR=1 > "$TMPDIR/tcp1"
	[ "$(wc -l < "$TMPDIR/tcp3")" -eq 8 ] &&
	    [ "$(wc -l < "$TMPDIR/tcp5")" -eq 1 ] &&
	    [ "$(wc -l < "$TMPDIR/tcp1")" -gt $RECORDS ] &&
	    cmp "$TMPDIR/tcp3" "$TMPDIR/ixfr.0.records" &&
	    cmp "$TMPDIR/tcp4" "$TMPDIR/ixfr.1.records" &&
	    cmp "$TMPDIR/tcp5" "$TMPDIR/ixfr.2.records" &&
	    cmp "$TMPDIR/tcp3" "$TMPDIR/ixfr.3.records" &&
	    cmp "$TMPDIR/tcp1" "$TMPDIR/ixfr.4.records"
}
prove DOQ-086,FWD-172 differences

# A client with windows of 1 kB: as the zone does not fit, it waits at the
# server, and comes whole all the same.
slowly() {
	fetch -w 1000 "$TMPDIR/slow" $AXFR && records "$TMPDIR/slow.0" &&
	    by_tcp AXFR | cmp - "$TMPDIR/slow.0.records"
}
check "windows of 1 kB" slowly

# A client that does not read at all: the server waits, little is held here,
# others are served; and it ends.
{
	echo 'connect max_data=0 stream_data=0 keepalive=500ms'
	echo "send 0 $AXFR fin"
	echo 'expect close app 0x4 within 20s'
} > "$TMPDIR/stuck.raw"
"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" "$TMPDIR/stuck.raw" \
    > "$TMPDIR/stuck.out" 2>&1 &
client=$!
_own $client
stuck() {
	[ "$(said transfers_now)" -eq 1 ] &&
	    [ "$(said buffer_bytes)" -gt 100000 ]
}
check "it stands still" wait_for 10 stuck
held=$(said buffer_bytes)
echo "# $held bytes are held for a client that does not read"
prove FWD-178 [ "$held" -gt 100000 -a "$held" -lt $HELD ]
check "another one is served" fetch "$TMPDIR/other" $AXFR
wait $client
check "its connection is closed" [ $? -eq 0 ]
cat "$TMPDIR/stuck.out"

check "all is given back" wait_for 10 all_is_gone
quolld_stop
