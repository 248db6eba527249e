# SPDX-License-Identifier: BSD-2-Clause
#
# For functional tests that use the raw client and the scripted backend;
# sourced after lib.sh.

# fakebe_start [-n NAME] [ARGUMENT...]: sets FAKEBE_PORT, FAKEBE_PID and
# BACKLOG, the file in which every query becomes a line.
fakebe_start() {
	_fname=fakebe
	if [ "${1-}" = -n ]; then
		_fname=$2
		shift 2
	fi
	BACKLOG=$TMPDIR/$_fname.queries
	: > "$BACKLOG"
	"$FAKEBE" -l "$BACKLOG" "$@" > "$TMPDIR/$_fname.log" 2>&1 \
	    < /dev/null &
	FAKEBE_PID=$!
	_own $FAKEBE_PID
	wait_for 10 grep -q '^serving ' "$TMPDIR/$_fname.log" ||
	    fail "fakebe does not serve: $(tail -n 5 "$TMPDIR/$_fname.log")"
	FAKEBE_PORT=$(sed -n 's/^serving .*:\([0-9]*\)$/\1/p' \
	    "$TMPDIR/$_fname.log")
}

# raw_script NAME [ARGUMENT...]: runs tests/func/raw/NAME.raw against quolld;
# the script prints `ok ID` itself for every case that held.
raw_script() {
	_script=$1
	shift
	check "$_script" "$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" \
	    -D "BACKLOG=${BACKLOG:-/dev/null}" "$@" \
	    "$SRC/tests/func/raw/$_script.raw"
	check "quolld survives $_script" alive "$QUOLLD_PID"
}

# raw_do COMMAND...: each argument is one command of a script.
raw_do() {
	_commands=$TMPDIR/commands.raw
	printf '%s\n' "$@" > "$_commands"
	"$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" \
	    -D "BACKLOG=${BACKLOG:-/dev/null}" "$_commands"
}
