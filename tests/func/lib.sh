# SPDX-License-Identifier: BSD-2-Clause
#
# For functional tests; sourced first: . "$SRC/tests/func/lib.sh"
#
# ./runtests gives: QUOLLD, DOQSPEC, FAKEBE, KDIG (programs), SRC, BUILD
# (folders), TMPDIR (this test's own, empty at start).  A script asserts by
# prove and check, may end anywhere, and passes if nothing failed, something
# was asserted, every quolld ended well and no sanitizer spoke.  Names that
# start with an underscore are this file's.

set -u
PATH=$PATH:/usr/sbin:/sbin
: "${SRC:?run it by ./runtests}" "${BUILD:?}" "${TMPDIR:?}" "${QUOLLD:?}"
: "${KDIG:=kdig}"
_failures=0
_assertions=0
_children=
_zone=example.org

# ---- assertions -------------------------------------------------------

# prove ID[,ID...] COMMAND...: prints `ok ID` for each, if COMMAND succeeds.
prove() {
	_ids=$(echo "$1" | tr ',' ' ')
	shift
	_assertions=$((_assertions + 1))
	if "$@"; then
		for _id in $_ids; do echo "ok $_id"; done
	else
		for _id in $_ids; do echo "not ok $_id: $*"; done
		_failures=$((_failures + 1))
	fi
}

# check WHAT COMMAND...: an assertion that proves no requirement by itself.
check() {
	_what=$1
	shift
	_assertions=$((_assertions + 1))
	"$@" && return
	echo "FAILED: $_what: $*"
	_failures=$((_failures + 1))
}

# fail TEXT...: the test cannot go on.
fail() {
	echo "FAILED: $*"
	_failures=$((_failures + 1))
	exit 1
}

# skip TEXT...: the test cannot run here.
skip() {
	echo "skip: $*"
	_skipped=yes
	exit 77
}

# need PROGRAM...: or the test is skipped.
need() {
	for _p; do
		command -v "$_p" >/dev/null 2>&1 || skip "no $_p"
	done
}

# not COMMAND...: for prove and check.
not() {
	! "$@"
}

# has REGEX FILE: is there such a line?
has() {
	grep -qE -e "$1" "$2"
}

# wait_for SECONDS COMMAND...: until it succeeds; false at the deadline.
wait_for() {
	_deadline=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$_deadline" ] || return 1
		sleep 0.05
	done
}

# ---- processes --------------------------------------------------------

# A process that ended but was not waited for is still there for kill -0.
alive() {
	kill -0 "$1" 2>/dev/null &&
	    ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}
_dead() {
	! alive "$1"
}

# _own PID: kill it when the test ends.
_own() {
	_children="$_children $1:$(_born "$1")"
}

# _born PID: when it was started, in ticks.  Numbers come again, and quickly
# where many tests run.
_born() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# _gone PID: was it ours, and is its number nobody's or somebody else's now?
_gone() {
	case "$_children " in
	*" $1:$(_born "$1") "*) return 1 ;;
	*" $1:"*) return 0 ;;
	esac
	return 1
}

# stop PID: TERM, KILL after 20 s; returns its exit status.
stop() {
	_gone "$1" || {
		kill -TERM "$1" 2>/dev/null
		wait_for 20 _dead "$1"
	} || {
		echo "pid $1 did not end by SIGTERM"
		kill -KILL "$1" 2>/dev/null
	}
	_kept=
	for _c in $_children; do
		[ "${_c%%:*}" = "$1" ] || _kept="$_kept $_c"
	done
	_children=$_kept
	wait "$1" 2>/dev/null
}

_sanitizer='ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer'
_sanitizer="$_sanitizer|: runtime error: |Assertion.*failed"
_sanitizer="$_sanitizer|==[0-9]+== (Invalid|Syscall|Conditional|Use of|.* lost in)"

_finish() {
	_status=$?
	trap - EXIT HUP INT TERM PIPE
	for _c in $_children; do
		stop "${_c%%:*}" || true
	done
	for _log in "$TMPDIR"/*.log; do
		[ -f "$_log" ] && has "$_sanitizer" "$_log" || continue
		echo "FAILED: sanitizer or assertion in $_log"
		grep -EA 30 "$_sanitizer" "$_log" | head -n 60
		_failures=$((_failures + 1))
	done
	[ "${_skipped-}" != yes ] || [ $_failures -ne 0 ] || exit 77
	if [ $_assertions -eq 0 ] && [ $_failures -eq 0 ]; then
		echo "FAILED: asserted nothing"
		_failures=1
	fi
	if [ $_failures -ne 0 ] || [ $_status -ne 0 ]; then
		for _log in "$TMPDIR"/quolld*.log; do
			[ -f "$_log" ] || continue
			echo "--- $_log, its end"
			tail -n 40 "$_log"
		done
		exit 1
	fi
	exit 0
}
trap _finish EXIT
trap 'exit 1' HUP INT TERM PIPE

# free_port: one that is free now; who uses it must be ready to try again.
free_port() {
	"$BUILD/freeport"
}

# ---- quolld -----------------------------------------------------------

# quolld_config [NAME] < YAML: the configuration of the next quolld_start.
quolld_config() {
	cat > "$TMPDIR/${1:-quolld}.yaml"
}

# quolld_start [-n NAME] [ARGUMENT...]: starts it, waits until it serves.
# Without quolld_config it listens on quic://127.0.0.1:0 and asks nobody.
# Sets QUOLLD_PID, SERVING (the line) and QUIC_PORT (of the first quic:// URL); its standard
# error is $TMPDIR/NAME.log, that of an earlier one $TMPDIR/NAME.1.log, .2.log.
quolld_start() {
	quolld_launch "$@"
	wait_for 30 _served "$QUOLLD_PID" "$_qlog" ||
	    fail "quolld does not serve: $(tail -n 5 "$_qlog")"
	alive "$QUOLLD_PID" || fail "quolld ended: $(tail -n 5 "$_qlog")"
	SERVING=$(grep -m 1 'serving ' "$_qlog")
	QUIC_PORT=$(url_port quic)
}

# quolld_launch [-n NAME] [ARGUMENT...]: the same without waiting.  It has
# $WORKERS workers, as ./runtests says; empty: what the configuration says.
quolld_launch() {
	_qname=quolld
	if [ "${1-}" = -n ]; then
		_qname=$2
		shift 2
	fi
	_qlog=$TMPDIR/$_qname.log
	[ -f "$TMPDIR/$_qname.yaml" ] ||
	    printf 'listen: [quic://127.0.0.1:0]\nupstream: {mode: none}\n' \
		> "$TMPDIR/$_qname.yaml"
	mkdir -p "$TMPDIR/$_qname.state"
	# What an earlier one said is kept: _finish looks for sanitizers in it.
	_old=1
	while [ -e "$TMPDIR/$_qname.$_old.log" ]; do
		_old=$((_old + 1))
	done
	[ ! -e "$_qlog" ] || mv "$_qlog" "$TMPDIR/$_qname.$_old.log"
	"$QUOLLD" -c "$TMPDIR/$_qname.yaml" --state "$TMPDIR/$_qname.state" \
	    ${WORKERS:+-w "$WORKERS"} "$@" 2> "$_qlog" < /dev/null &
	QUOLLD_PID=$!
	_own $QUOLLD_PID
}

_served() {
	grep -q 'serving ' "$2" || _dead "$1"
}

# url_port SCHEME [INDEX]: the port of the INDEXth (1) such URL served.
url_port() {
	echo "$SERVING" | tr ' ,' '\n\n' |
	    sed -n "s,^\"*$1://[^ ]*:\([0-9][0-9]*\).*,\1,p" |
	    sed -n "${2:-1}p"
}

# quolld_stop [PID]: SIGTERM; a status other than 0 is a failure.
quolld_stop() {
	stop "${1:-$QUOLLD_PID}"
	_rc=$?
	check "quolld ends with status 0, not $_rc" [ $_rc -eq 0 ]
}

# said NAME: the counter's or account's value now; 0 if it is not printed.
said() {
	_lines=$(wc -l < "$_qlog")
	kill -USR1 "$QUOLLD_PID"
	wait_for 10 _told
	tail -n +$((_lines + 1)) "$_qlog" |
	    awk -v name="$1" '$(NF - 1) == name { n = $NF } END { print n + 0 }'
}
_told() {
	# A report is written line by line; this is said last.
	tail -n +$((_lines + 1)) "$_qlog" |
	    grep -q 'certificate .* expires in [-0-9]* s$'
}

# all_is_gone: has quolld given back everything that was on account?
all_is_gone() {
	for _a in connections tombstones streams conn_bytes buffer_bytes \
	    queries_now doq_conns_now doq_streams_now doq_held_now; do
		[ "$(said $_a)" = 0 ] || return 1
	done
}

# ask NAME [TYPE] [KDIG OPTION...]: asks quolld over QUIC, once.
ask() {
	"$KDIG" @127.0.0.1 -p "$QUIC_PORT" +quic +timeout=10 +retry=0 "$@"
}

# answers REGEX NAME [TYPE] [KDIG OPTION...]: does a line of the answer match?
answers() {
	_re=$1
	shift
	ask "$@" > "$TMPDIR/answer" 2>&1
	grep -qE -e "$_re" "$TMPDIR/answer" && return
	cat "$TMPDIR/answer"
	return 1
}

# raw ARGUMENT...: the raw client, its output shown.
raw() {
	"$DOQSPEC" play "$@"
}

# ---- real backends ----------------------------------------------------
#
# All serve the zone example.org of zone_text on 127.0.0.1, UDP and TCP.

# zone_text: in master file form.
zone_text() {
	cat <<ZONE
$_zone. 300 IN SOA ns.$_zone. nobody.invalid. 1 3600 600 86400 60
$_zone. 300 IN NS ns.$_zone.
$_zone. 300 IN MX 10 mail.$_zone.
ns.$_zone. 300 IN A 192.0.2.53
www.$_zone. 300 IN A 192.0.2.1
www.$_zone. 300 IN AAAA 2001:db8::1
mail.$_zone. 300 IN A 192.0.2.25
alias.$_zone. 300 IN CNAME www.$_zone.
text.$_zone. 300 IN TXT "one" "two words"
*.wild.$_zone. 300 IN A 192.0.2.77
ZONE
	_i=0
	while [ $_i -lt 100 ]; do
		printf 'big.%s. 300 IN TXT "%03d %0196d"\n' $_zone $_i 0
		_i=$((_i + 1))
	done
}

# _backend NAME: starts it on a free port until one holds, by _conf_NAME PORT
# and _run_NAME PORT; sets _port and _pid.
_backend() {
	_dir=$TMPDIR/$1.d
	for _try in 1 2 3 4 5; do
		rm -rf "$_dir"
		mkdir -p "$_dir"
		_port=$(free_port)
		"_conf_$1" "$_port"
		"_run_$1" > "$TMPDIR/$1.log" 2>&1 < /dev/null &
		_pid=$!
		wait_for 20 _backend_answers_or_dead && alive $_pid && {
			_own $_pid
			return
		}
		kill -KILL $_pid 2>/dev/null
		wait $_pid 2>/dev/null
	done
	fail "$1 does not start: $(tail -n 5 "$TMPDIR/$1.log")"
}
_backend_answers_or_dead() {
	_dead $_pid || "$KDIG" @127.0.0.1 -p "$_port" +timeout=1 +retry=0 \
	    $_zone SOA 2>/dev/null | grep -q 'status: NOERROR'
}

# unbound_start [LINES]: LINES go into its server: section.  Sets
# UNBOUND_PORT and UNBOUND_PID; end it by stop $UNBOUND_PID.
unbound_start() {
	need unbound
	_lines=${1-}
	_backend unbound
	UNBOUND_PORT=$_port
	UNBOUND_PID=$_pid
}
_conf_unbound() {
	{
		cat <<CONF
server:
	interface: 127.0.0.1
	port: $1
	do-daemonize: no
	chroot: ""
	username: ""
	directory: "$_dir"
	pidfile: ""
	use-syslog: no
	logfile: ""
	do-not-query-localhost: no
	edns-buffer-size: 1232
	module-config: "iterator"
	local-zone: "$_zone." static
$_lines
CONF
		zone_text | sed "s/.*/	local-data: '&'/"
		printf 'remote-control:\n\tcontrol-enable: no\n'
	} > "$_dir/unbound.conf"
	# AppArmor confines the program by its path to its own folders.
	cp "$(command -v unbound)" "$_dir/unbound"
}
_run_unbound() {
	exec "$_dir/unbound" -d -c "$_dir/unbound.conf"
}

# knotd_start: sets KNOTD_PORT and KNOTD_PID.  $KNOT_GLOBAL, if set, goes into
# its configuration in front of the zones.
knotd_start() {
	need knotd
	_backend knotd
	KNOTD_PORT=$_port
	KNOTD_PID=$_pid
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
database:
  storage: "$_dir"
${KNOT_GLOBAL-}
zone:
- domain: $_zone
  file: "$_dir/zone"
CONF
}
_run_knotd() {
	exec knotd -c "$_dir/knot.conf"
}

# nsd_start: sets NSD_PORT and NSD_PID.
nsd_start() {
	need nsd
	_backend nsd
	NSD_PORT=$_port
	NSD_PID=$_pid
}
_conf_nsd() {
	zone_text > "$_dir/zone"
	cat > "$_dir/nsd.conf" <<CONF
server:
	ip-address: 127.0.0.1@$1
	username: ""
	database: ""
	pidfile: "$_dir/nsd.pid"
	zonesdir: "$_dir"
	xfrdir: "$_dir"
	xfrdfile: "$_dir/xfrd.state"
	zonelistfile: "$_dir/zone.list"
	server-count: 1
remote-control:
	control-enable: no
zone:
	name: $_zone
	zonefile: "$_dir/zone"
CONF
}
_run_nsd() {
	exec nsd -d -c "$_dir/nsd.conf"
}
