#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
# packages: knot-dnsutils nsd python3
#
# Hundreds of names whose servers are silent are asked for; libunbound pursues
# each for half a minute, and others are answered meanwhile.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/nsd.inc"
need nsd python3

DEAD=400

# Addresses of this run alone, since port 53 cannot be chosen.
NET=127.$(($$ / 250 % 250 + 2)).$(($$ % 250 + 2))
[ "$(id -u)" = 0 ] || skip "port 53 needs root"

{
	cat <<Z
. 86400 IN SOA ns.root. x.root. 1 3600 600 86400 60
. 86400 IN NS ns.root.
ns.root. 86400 IN A $NET.21
www.example. 300 IN A 192.0.2.1
Z
	for i in $(seq $DEAD); do
		for j in 1 2 3 4; do
			echo "d$i. 86400 IN NS n$j.d$i."
			echo "n$j.d$i. 86400 IN A $NET.3$j"
		done
	done
} > "$TMPDIR/root"
nsd_start "$NET.21" . root
nsd_ready "$NET.21" .

printf '. 3600 IN NS ns.root.\nns.root. 3600 IN A %s\n' "$NET.21" \
    > "$TMPDIR/hints"
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  recursive:
    root-hints: $TMPDIR/hints
    validate: false
    options: {do-not-query-localhost: false}
quic: {max-streams: $((DEAD + 100))}
limits: {query-timeout: 2s}
Y
quolld_start
"$BUILD/bridge" "$QUIC_PORT" > "$TMPDIR/port" 2> "$TMPDIR/bridge.log" &
_own $!
wait_for 10 test -s "$TMPDIR/port" || fail "there is no bridge"

# All at once.  Who is silent is there, or the kernel would say that nobody is.
python3 - "$(cat "$TMPDIR/port")" $DEAD "$NET" > "$TMPDIR/python.log" 2>&1 <<'P' &
import socket, struct, sys
silent = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for j in range(4)]
for j in range(4):
    silent[j].bind(("%s.3%d" % (sys.argv[3], j + 1), 53))
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for i in range(1, int(sys.argv[2]) + 1):
    label = b"d%d" % i
    name = b"\1a" + bytes([len(label)]) + label + b"\0"
    m = struct.pack(">HHHHHH", i, 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1"
    s.sendall(struct.pack(">H", len(m)) + m)
while s.recv(65536):
    pass
P
_own $!
failed() {
	[ "$(said asks_timed_out)" -ge $DEAD ]
}
check "nobody waits for them any longer" wait_for 20 failed
check "but they are pursued" [ "$(said recursion_outstanding)" -ge $((DEAD / 4)) ]
check "others are answered" answers 'IN.A.192\.0\.2\.1' www.example A
