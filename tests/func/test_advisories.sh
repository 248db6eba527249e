#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
# takes: 10
# packages: faketime
#
# What broke other implementations and has no better place, see
# tests/coverage/cve.txt.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

quolld_start
raw_script advisories

# dnsdist CVE-2026-33595: errors kept their buffers as long as the connection.
raw_do connect 'wait 100ms' \
    'many 2000 query:a.n%u.invalid/A,two-questions window=90 rcode=FORMERR' \
    'many 2000 query:a.n%u.invalid/A,opt window=90 rcode=NXDOMAIN' \
    'wait 4s' 'expect open' > "$TMPDIR/errors.out" 2>&1 &
client=$!
_own $client
answered() {
	[ "$(said query_formerr)" -ge 2000 ] &&
	    [ "$(said query_special)" -ge 2000 ]
}
given_back() {
	[ "$(said streams)" = 0 ] && [ "$(said buffer_bytes)" = 0 ] &&
	    [ "$(said doq_held_now)" = 0 ]
}
check "2,000 errors and 2,000 other answers" wait_for 20 answered
check "nothing of them is kept" wait_for 10 given_back
check "while the connection is open" [ "$(said doq_conns_now)" = 1 ]
wait $client
check "and in use" [ $? -eq 0 ]
quolld_stop

# Unbound CVE-2026-14586: steps of the wall clock under a live connection.  A
# sanitizer does not like to be second among preloaded libraries.
[ "$VARIANT" = plain ] || exit 0
need faketime
real=$QUOLLD
lib=$(faketime -m -f +1h printenv LD_PRELOAD)
clock=$TMPDIR/clock
echo +0 > "$clock"
cat > "$TMPDIR/stepped" <<X
#!/bin/sh
FAKETIME_TIMESTAMP_FILE='$clock' FAKETIME_NO_CACHE=1
FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD='$lib'
export FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE
export FAKETIME_DONT_FAKE_MONOTONIC LD_PRELOAD
exec $real "\$@"
X
chmod +x "$TMPDIR/stepped"
QUOLLD=$TMPDIR/stepped
quolld_start
raw_do connect 'repeat 25' 'expect open' 'wait 200ms' end \
    > "$TMPDIR/steps.out" 2>&1 &
client=$!
_own $client
connected() {
	[ "$(said doq_conns_now)" = 1 ]
}
check "a connection" wait_for 10 connected
for step in +400d -400d +1d +0; do
	echo $step > "$clock"
	check "the connection lives at $step" connected
	sleep 0.5
done
wait $client
check "every query was answered" [ $? -eq 0 ]
cat "$TMPDIR/steps.out"
years=$(sed -n 's/^\(2[0-9]*\)-.*/\1/p' "$TMPDIR/quolld.log" | sort -u | wc -l)
check "the clock was stepped: $years years" [ "$years" -ge 3 ]
quolld_stop
