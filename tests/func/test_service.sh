#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: systemd
# plain only: sanitizers need what the unit forbids
#
# quolld.service as systemd reads it: no errors, and little is exposed.  How it
# runs: test_service_run.sh.

. "$SRC/tests/func/lib.sh"

[ "$VARIANT" = plain ] || skip "sanitizers need what the unit forbids"

need systemd-analyze
unit=$TMPDIR/quolld.service
# The program is not where it will be installed.
sed "s,^ExecStart=[^ ]*,ExecStart=$QUOLLD," "$BUILD/etc/quolld.service" \
    > "$unit"
verified() {
	systemd-analyze verify --man=no "$unit" > "$TMPDIR/verify" 2>&1 &&
	    ! grep "$unit" "$TMPDIR/verify"
}
check "systemd finds no fault" verified
# The figure counts directives, in tenths: 1.4 with systemd 252.
little_exposed() {
	systemd-analyze security --no-pager --offline=true --threshold=18 \
	    "$unit" > "$TMPDIR/exposure" 2>&1 && return
	cat "$TMPDIR/exposure"
	return 1
}
check "little is exposed" little_exposed
check "it is installed" grep -q '^WantedBy=multi-user.target$' "$unit"
