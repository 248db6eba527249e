#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 150
# takes: 10
# packages: systemd openssl python3 iproute2 ldnsutils nsd
# plain only: sanitizers need what the unit forbids
#
# quolld.service, run by a systemd of our own: in namespaces, with the unit as
# it will be installed.  What it forbids is forbidden, and quolld does all that
# it must: port 853 without root, workers, metrics, UDP and TCP to a backend,
# recursion with anchors that it keeps, certificates as credentials, reload,
# stop, restart.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"

[ "$VARIANT" = plain ] || skip "sanitizers need what the unit forbids"

T=$TMPDIR
need unshare nsenter systemctl ip openssl python3 nsd
[ -x /lib/systemd/systemd ] || skip "no systemd"
program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$BUILD/etc/quolld.service")
case $program in
/usr/local/*) ;;
*) skip "$program is not ours to put there" ;;
esac

# ---- what is inside ------------------------------------------------------

mkdir "$T/stage"
cp "$QUOLLD" "$FAKEBE" "$BUILD/etc/quolld.service" \
    "$SRC/tests/func/service_probe.py" "$T/stage"
cat > "$T/stage/quolld.yaml" <<'Y'
listen: ["quic://127.0.0.1:853", "quic://[::1]:853"]
workers: 2
metrics: {listen: "127.0.0.1:9853"}
upstream: {servers: ["udp://127.0.0.1:5353"]}
Y
tree_stump 127.0.0.53
cp "$TREE_STUMP" "$T/stage/root"
cp "$TREE_HINTS" "$T/stage/hints"
cp "$TREE_ANCHOR" "$T/stage/anchor"
cat > "$T/stage/nsd.conf" <<CONF
server:
	ip-address: $TREE_ROOT
	username: ""
	database: ""
	pidfile: "/run/nsd.pid"
	zonesdir: "/run/stage"
	xfrdir: "/run"
	xfrdfile: "/run/xfrd.state"
	zonelistfile: "/run/zone.list"
	server-count: 1
remote-control:
	control-enable: no
zone:
	name: .
	zonefile: "/run/stage/root"
CONF
cat > "$T/inside.sh" <<'INSIDE'
set -e
# Nothing that is written stays, and what this machine runs is not run here.
mount -n -t tmpfs none /mnt
cp -r "$1/stage" /mnt/stage
for dir in /tmp /var/tmp /var/lib /usr/local /home; do
	mount -n -t tmpfs -o mode=1777 none $dir
done
mount -n --bind /mnt /run
umount -n /mnt
chmod 755 /run
mount -n -t cgroup2 none /sys/fs/cgroup
mount -n --bind /etc /etc
mount -n -o remount,bind,ro /etc
mount -n -t tmpfs none /etc/systemd/system
mount -n -t tmpfs -o mode=755 none /mnt
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /mnt
mkdir /mnt/pts /mnt/shm
ln -s pts/ptmx /mnt/ptmx
: > /mnt/probe
mount -n --bind /mnt /dev
umount -n /mnt
ip link set lo up
: > /tmp/shared
mkdir -p "$(dirname "$2")" /usr/local/etc/quoll
cp /run/stage/quolld "$2"
cp /run/stage/quolld.yaml /run/stage/hints /run/stage/anchor \
    /usr/local/etc/quoll
units=/etc/systemd/system
cp /run/stage/quolld.service $units
for stub in basic sysinit shutdown network-online multi-user; do
	printf '[Unit]\nDefaultDependencies=no\n' > $units/$stub.target
done
echo Wants=fakebe.service nsd.service probe.service >> \
    $units/multi-user.target
printf '[Socket]\nListenStream=/run/none\n' > $units/systemd-journald.socket
mkdir $units/quolld.service.d $units/probe.service.d
echo '[Service]
StandardOutput=null
StandardError=append:/run/quolld.log' > $units/quolld.service.d/log.conf
echo '[Service]
StandardOutput=file:/run/probe.out
StandardError=file:/run/probe.err' > $units/probe.service.d/log.conf
# The same but for what is run.
sed -e 's,^Type=.*,Type=oneshot,' -e '/^Restart/d' -e '/^ExecReload/d' \
    -e 's,^ExecStart=.*,ExecStart=/usr/bin/python3 /run/stage/service_probe.py,' \
    $units/quolld.service > $units/probe.service
echo '[Service]
ExecStart=/run/stage/fakebe -p 5353
StandardOutput=null
StandardError=null' > $units/fakebe.service
echo "[Service]
ExecStart=$(command -v nsd) -d -c /run/stage/nsd.conf
StandardOutput=null
StandardError=append:/run/nsd.log" > $units/nsd.service
systemctl --root=/ enable quolld.service
# As it is for systemd on a machine: so credentials come to the service.
mount -n --make-rshared /
: > /run/ready
exec env -i PATH="$PATH" container=quoll SYSTEMD_UNIT_PATH=$units \
    SYSTEMD_GENERATOR_PATH= SYSTEMD_LOG_TARGET=console \
    /lib/systemd/systemd --system --unit=multi-user.target
INSIDE

unshare --pid --fork --kill-child --mount --cgroup --ipc --uts --net \
    --mount-proc sh "$T/inside.sh" "$T" "$program" > "$T/systemd.log" 2>&1 \
    < /dev/null &
outer=$!
_own $outer
init=
# The first process of a namespace heeds no TERM, and takes all with it.
trap '[ -z "$init" ] || kill -KILL $init; _finish' EXIT
find_init() {
	init=$(cat "/proc/$outer/task/$outer/children" 2>/dev/null) &&
	    [ -n "$init" ] && [ -e "/proc/${init% }/root/run/ready" ]
}
wait_for 10 find_init || {
	grep -qE 'not permitted|denied|failed' "$T/systemd.log" &&
	    skip "no namespaces here: $(head -n 1 "$T/systemd.log")"
	fail "cannot be prepared: $(cat "$T/systemd.log")"
}
init=${init% }
run=/proc/$init/root/run

inside() { nsenter -t "$init" -m -p -n -i -u "$@"; }
is() { # PROPERTY VALUE
	[ "$(inside systemctl show -p "$1" --value quolld)" = "$2" ]
}
main_status() { # FIELD
	inside sed -n "s/^$1:[[:space:]]*//p" \
	    "/proc/$(inside systemctl show -p MainPID --value quolld)/status"
}
answered() { # REGEX KDIG ARGUMENT...
	_re=$1
	shift
	inside "$KDIG" @127.0.0.1 -p 853 +timeout=5 +retry=0 "$@" +quic \
	    > "$T/answer" 2>&1
	grep -qE -e "$_re" "$T/answer" && return
	cat "$T/answer" "$run/quolld.log"
	return 1
}
logged() { # COUNT REGEX
	[ "$(grep -cE -e "$2" "$run/quolld.log")" -ge "$1" ]
}

# ---- what is forbidden ---------------------------------------------------

active() { inside systemctl is-active -q quolld 2> /dev/null; }
wait_for 30 active ||
    fail "not active: $(cat "$run/quolld.log" "$T/systemd.log")"
wait_for 20 grep -q keyring "$run/probe.out"
for what in unprivileged private-umask bind-853 write-state; do
	check "$what" grep -qx "allowed $what" "$run/probe.out"
done
for what in write-usr write-etc see-home see-others see-machine see-tmp \
    see-devices netlink namespace write-and-execute personality set-user-id \
    nice lock-memory keyring; do
	check "$what" grep -qx "denied $what" "$run/probe.out"
done
check "no more was tried" [ "$(wc -l < "$run/probe.out")" -eq 19 ]

not_root() {
	! main_status Uid | grep -qw 0 && ! main_status Gid | grep -qw 0
}
check "not root" not_root
for set in CapPrm CapEff CapBnd CapAmb; do
	check "$set is CAP_NET_BIND_SERVICE" \
	    [ "$(main_status $set)" = 0000000000000400 ]
done
check "no new privileges" [ "$(main_status NoNewPrivs)" = 1 ]
check "system calls are filtered" [ "$(main_status Seccomp)" = 2 ]
check "the state directory" inside sh -c \
    '[ "$(stat -Lc %a /var/lib/quoll/.)" = 700 ] && [ -f /var/lib/quoll/secret ]'

# ---- what works ----------------------------------------------------------

check "localhost" answered '127\.0\.0\.1$' localhost A
check "by UDP" answered '192\.0\.2\.1$' ok.a.example A
check "by TCP" answered '192\.0\.2\.1$' tc.a.example A
check "metrics" inside python3 -c 'import urllib.request as r
assert b"quoll_" in r.urlopen("http://127.0.0.1:9853/metrics").read()'
check "two workers" [ "$(main_status Threads)" -ge 4 ]
pin() { sed -n 's/.*pin-sha256 \([^,]*\),.*/\1/p' "$run/quolld.log" | "$1" -n 1; }
check "a restart" inside systemctl restart quolld
check "the same certificate" [ "$(pin head)" = "$(pin tail)" ]
check "another address" inside sed -i 's/127.0.0.1:5353/127.0.0.1:5354/' \
    /usr/local/etc/quoll/quolld.yaml
check "a reload" inside systemctl reload quolld
check "is done" wait_for 10 logged 1 'info: reloaded'
check "it is in force" answered 'SERVFAIL' ok.b.example A

# ---- recursion ------------------------------------------------------------

configure() { # LINE...: as it is with these below `upstream:`
	inside sed -i '/^upstream:/,$d' /usr/local/etc/quoll/quolld.yaml
	for _l; do
		echo "$_l"
	done | inside sh -c 'cat >> /usr/local/etc/quoll/quolld.yaml'
}
anchors() { # REGEX
	inside sh -c 'grep -qE -e "$1" /var/lib/quoll/trust-anchor-*.key' - "$1"
}
# The Internet's root, from where there is no way to it.
configure
check "a restart" inside systemctl restart quolld
check "there is no way" answered 'status: SERVFAIL' www.example A
check "it says so" has 'EDE: 23 ' "$T/answer"
check "the root's keys are in the state directory" anchors '20326|38696'

# Another root.  What has been found of its keys is written beside them.
configure upstream: '  recursive:' \
    '    root-hints: /usr/local/etc/quoll/hints' \
    '    trust-anchor: /usr/local/etc/quoll/anchor' \
    '    options: {do-not-query-localhost: no}'
check "a reload" inside systemctl reload quolld
check "is done" wait_for 10 logged 2 'info: reloaded'
check "a root is asked" answered '192\.0\.2\.1$' www A +dnssec
check "and believed" flagged ad
check "its keys are kept up to date" \
    wait_for 10 anchors '^;;last_success: [1-9]'
check "nobody else may read them" inside sh -c \
    '[ "$(stat -c %a /var/lib/quoll/trust-anchor-*.key | sort -u)" = 600 ]'
check "a restart" inside systemctl restart quolld
check "with what was kept" answered '192\.0\.2\.1$' www A +dnssec
check "is believed, too" flagged ad
check "nothing was amiss" not logged 1 'libunbound:|error:'

# ---- certificates as credentials -----------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -keyout "$T/key.pem" -out "$T/cert.pem" -days 5 -subj /CN=dns.example \
    -addext subjectAltName=DNS:dns.example 2> "$T/openssl.out"
chmod 600 "$T/key.pem"
inside sh -c 'umask 077 && mkdir -p /usr/local/etc/ssl
	cat > /usr/local/etc/ssl/key.pem' < "$T/key.pem"
inside sh -c 'cat > /usr/local/etc/ssl/cert.pem' < "$T/cert.pem"
inside sh -c 'cat > /etc/systemd/system/quolld.service.d/cert.conf' <<C
[Service]
LoadCredential=cert.pem:/usr/local/etc/ssl/cert.pem
LoadCredential=key.pem:/usr/local/etc/ssl/key.pem
ExecStart=
ExecStart=$program --cert %d/cert.pem --key %d/key.pem
C
check "with credentials" inside sh -c \
    'systemctl daemon-reload && systemctl restart quolld'
inside cp /usr/local/etc/ssl/cert.pem /run/ca.pem
check "they are served" answered '127\.0\.0\.1$' localhost A \
    +tls-ca=/run/ca.pem +tls-hostname=dns.example
check "a reload" inside systemctl reload quolld
check "reads them again" wait_for 10 logged 3 'info: reloaded'
check "and finds no fault" not logged 1 'error:'

# ---- its end --------------------------------------------------------------

inside kill -SEGV "$(inside systemctl show -p MainPID --value quolld)"
came_back() { is NRestarts 1 && is ActiveState active; }
check "started again" wait_for 20 came_back
check "stop" inside systemctl stop quolld
check "orderly" is Result success
check "its status" is ExecMainStatus 0

# The filter is in force: without a call that it needs, nothing works.
inside sh -c 'cat > /etc/systemd/system/quolld.service.d/cut.conf' <<'C'
[Service]
SystemCallFilter=~recvmmsg setsockopt
Restart=no
C
cut_off() {
	! inside sh -c 'systemctl daemon-reload && systemctl start quolld' \
	    > "$T/cut.out" 2>&1
}
check "without setsockopt it does not start" cut_off
