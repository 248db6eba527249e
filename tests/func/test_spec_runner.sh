#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# packages: python3
#
# The runner of doqspec: verdicts, exit status, order, reports, and what it does
# when a server, a case or the user ends early.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
need python3

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
url=quic://127.0.0.1:$QUIC_PORT
first=$QUOLLD_PID

cat > "$TMPDIR/mix.case" <<'CASES'
case DOQ-008 alone and first in the file
name alone
rfc 9250 4.2
alone
connect
expect open
case passes
name pass
rfc 9250 4.2
connect
send new query:$NAME/$TYPE fin
expect answer last
case fails
name fail
rfc 9250 4.2; 9250 4.3.3
connect name=a
connect
@a send new query:$NAME/$TYPE fin
@a expect answer last rcode=REFUSED || no_answer last
case fails by its manners
name broken
rfc 9250 4.2
connect ticket=nonsense
case needs an option
name skip
rfc 9250 4.2
needs big
send new query:$BIG fin
case has no subject here
name na
rfc 9250 4.2
connect
applies ticket count>=90 within 50ms
expect close app 0x77
CASES
cat > "$TMPDIR/long.case" <<'CASES'
case DOQ-008 short
name short
rfc 9250 4.2
connect
expect open
case long
name long
rfc 9250 4.2
connect
wait 100s
CASES

cat > "$TMPDIR/lone.case" <<'CASES'
case by itself
name lone
rfc 9250 4.2
alone
connect
send new query:ok.lone.example.org fin
expect answer last
case with others
name long
rfc 9250 4.2
connect
send new query:slow500.begin.example.org fin
expect answer last
send new query:ok.end.example.org fin
expect answer last
CASES

# spec STATUS ARGUMENT...: runs it; is that its exit status?
spec() {
	_want=$1
	shift
	"$DOQSPEC" "$@" > "$TMPDIR/out" 2> "$TMPDIR/err"
	_got=$?
	[ $_got -eq "$_want" ] && return
	echo "status $_got instead of $_want: $*"
	cat "$TMPDIR/out" "$TMPDIR/err"
	return 1
}
mix() {
	_status=$1
	shift
	spec "$_status" --cases "$TMPDIR/mix.case" "$@" "$url"
}
says() {
	grep -qxE -e "$1" "$TMPDIR/out" && return
	cat "$TMPDIR/out"
	return 1
}

# ---- verdicts ----------------------------------------------------------

check "a failure is status 1" mix 1
check "a pass is told with what was seen" \
    says 'PASS mix/pass \(RFC 9250 4\.2\): id 0 NOERROR .*'
check "an id stands behind the name" \
    says 'PASS mix/alone DOQ-008 \(RFC 9250 4\.2\): .*'
check "a failure" says 'FAIL mix/fail \(RFC 9250 4\.2; 9250 4\.3\.3\): .*'
check "what was sent, with the variables' values" \
    says '     sent      @a send new query:example\.com/A fin'
check "what was expected" says \
    '     expected  @a answer last rcode=REFUSED \|\| no_answer last'
check "what was seen" says '     seen      .*NOERROR.*|     seen      .* octets.*'
check "a line that makes no sense is a failure" says \
    'FAIL mix/broken .*: not understood: connect ticket=nonsense'
check "an option that was not given" says \
    'SKIP mix/skip .*: needs --big NAME\[/TYPE\]: an answer of 60,000 octets'
check "a case that does not apply" says \
    'N/A  mix/na .*: ticket count>=90 within 50ms does not hold: .*'
check "the summary" says '6 cases: 2 passed, 2 failed, 1 not applicable, 1 skipped; [0-9.]+ s'
check "no colour, no status line" not grep -q "$(printf '\033')" \
    "$TMPDIR/out" "$TMPDIR/err"

# In the order of the file, those alone last, with any number of jobs.
order() {
	sed -n 's,^[A-Z][A-Z/]* *mix/\([a-z]*\) .*,\1,p' "$TMPDIR/out" |
	    tr '\n' ' '
}
want='pass fail broken skip na alone '
check "the order of one job" [ "$(order)" = "$want" ]
check "four jobs" mix 1 -j 4
check "the order of four" [ "$(order)" = "$want" ]

# The backend's log tells who asked when.
check "neighbours, and one that has none" spec 0 -j 4 \
    --cases "$TMPDIR/lone.case" "$url"
check "it waits for its neighbours' end" \
    [ "$(grep -oE 'end|lone' "$BACKLOG" | tr '\n' ' ')" = 'end lone ' ]

# ---- choice ------------------------------------------------------------

# In front of the URL or behind it.
check "one case" spec 0 --cases "$TMPDIR/mix.case" "$url" mix/pass
check "only that" says '1 case: 1 passed, 0 failed, .*'
check "an ID" spec 0 --cases "$TMPDIR/mix.case" "$url" DOQ-008
check "only that, too" says '1 case: 1 passed, 0 failed, .*'
check "a group" spec 1 --cases "$TMPDIR/mix.case" "$url" mix
check "all of it" says '6 cases: .*'
check "nothing of that name" spec 2 "$url" nonsense
check "which is said" grep -q nonsense "$TMPDIR/err"
check "a list needs no server" spec 0 --list --cases "$TMPDIR/mix.case"
check "with titles" says 'mix/alone DOQ-008 \(RFC 9250 4\.2\): alone and first in the file'
check "a case that is shown" spec 0 show framing/two-queries
cp "$TMPDIR/out" "$TMPDIR/shown.raw"
check "can be played" "$DOQSPEC" play -s "127.0.0.1:$QUIC_PORT" \
    -n example.com "$TMPDIR/shown.raw"
check "shown that is not there" spec 2 show framing/nonsense

# ---- options -----------------------------------------------------------

check "an option that was given" mix 1 --big big60000.example.org/TXT -v
check "is used" says '     sent      send new query:big60000\.example\.org/TXT fin'
check "a pass is told in full, too" says '     expected  open'
check "colour when asked" mix 1 --color
check "is there" grep -q "$(printf '\033')\[32mPASS" "$TMPDIR/out"
check "a name for the certificate" spec 0 "$url" --address 127.0.0.1 \
    framing/two-queries
check "any answer will do" spec 0 --name nxdomain.example.org "$url" \
    framing/two-queries
for bad in --bogus "--timeout 0" "--timeout x" "-j 0" "--dangling x" \
    "--json=$TMPDIR/no/such" "--json --junit" "--cases $TMPDIR/none"; do
	# shellcheck disable=SC2086
	check "$bad is refused" spec 2 $bad "$url"
	check "in a line" [ "$(wc -l < "$TMPDIR/err")" -eq 1 ]
done
for bad in 127.0.0.1 tls://127.0.0.1 quic:// quic://127.0.0.1:0 \
    quic://127.0.0.1:99999 'quic://[::1' quic://a:b; do
	check "$bad is refused" spec 2 "$bad"
	check "in one line" [ "$(wc -l < "$TMPDIR/err")" -eq 1 ]
done
check "no server is asked for" spec 2
check "a case without a name" spec 2 --cases "$SRC/README.md" "$url" x

# ---- reports -----------------------------------------------------------

# Both are read by others' parsers; the numbers are those of the text.
json() {
	python3 - "$1" "$2" <<'PYTHON'
import json, sys
report = json.load(open(sys.argv[1]))
cases = {c["case"]: c for c in report["cases"]}
assert eval("(%s)" % sys.argv[2]), (sys.argv[2], report)
PYTHON
}
xml() {
	python3 - "$1" "$2" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
cases = {c.get("name"): c for c in suite.findall("testcase")}
assert eval("(%s)" % sys.argv[2]), sys.argv[2]
PYTHON
}
check "both into files, the text as before" mix 1 \
    --json="$TMPDIR/r.json" --junit="$TMPDIR/r.xml"
check "the summary is there" says '6 cases: .*'
check "JSON's summary" json "$TMPDIR/r.json" \
    'report["summary"] == {"cases": 6, "passed": 2, "failed": 2,
    "not_applicable": 1, "skipped": 1, "not_run": 0}'
check "JSON's verdict" json "$TMPDIR/r.json" \
    'cases["mix/fail"]["verdict"] == "fail" and
    cases["mix/fail"]["steps"][-1]["held"] is False and
    cases["mix/alone"]["ids"] == ["DOQ-008"]'
check "JUnit's numbers" xml "$TMPDIR/r.xml" \
    '(suite.get("tests"), suite.get("failures"), suite.get("skipped")) ==
    ("6", "2", "2")'
check "JUnit's failure" xml "$TMPDIR/r.xml" \
    '"not understood" in cases["broken"].find("failure").get("message") and
    cases["pass"].find("failure") is cases["pass"].find("skipped") is None'
check "which were skipped, and which have no subject" xml "$TMPDIR/r.xml" \
    'cases["skip"].find("skipped").get("message").startswith("skip: needs") and
    cases["na"].find("skipped").get("message").startswith("not applicable: t")'
check "what was done and seen, if all held" xml "$TMPDIR/r.xml" \
    '"ids DOQ-008\nrfc 9250 4.2\nsent connect\nexpected handshake\nseen " in
    cases["alone"].find("system-out").text'
check "JSON instead of text" mix 1 --json
check "and nothing else" json "$TMPDIR/out" 'len(cases) == 6'
check "XML instead of text" mix 1 --junit
check "and nothing but it" xml "$TMPDIR/out" 'len(cases) == 6'
"$BUILD/spec_reports" json > "$TMPDIR/hostile.json"
"$BUILD/spec_reports" junit > "$TMPDIR/hostile.xml"
check "JSON of a hostile server" json "$TMPDIR/hostile.json" \
    'cases["hostile/octets"]["title"] == "<\"&\\>"'
check "XML of a hostile server" xml "$TMPDIR/hostile.xml" \
    'cases["octets"].find("failure") is None'
check "and its words" xml "$TMPDIR/hostile.xml" \
    'suite[1].find("failure").get("message").startswith(r"\x01\x02")'

# ---- ends before the end -----------------------------------------------

# A port that nobody listens on.
port=$(free_port)
check "no server is trouble" spec 2 "quic://127.0.0.1:$port"
check "told in one line" [ "$(wc -l < "$TMPDIR/err")" -eq 1 ]
check "and nothing else" [ ! -s "$TMPDIR/out" ]
check "neither is a name without address" spec 2 quic://nowhere.invalid
check "told in one line, too" [ "$(wc -l < "$TMPDIR/err")" -eq 1 ]

# A server that a case has killed: what comes later is not its failure.
quolld_start -n second -u "udp://127.0.0.1:$FAKEBE_PORT"
second=$QUOLLD_PID
cat > "$TMPDIR/death.case" <<'CASES'
case before
name before
rfc 9250 4.2
connect
expect open
case survived by no server
name deadly
rfc 9250 4.2
connect
expect handshake_fail || close app 0x0 within 10s
expect open
case after
name after
rfc 9250 4.2
connect
expect open
CASES
"$DOQSPEC" --timeout 0.5 --cases "$TMPDIR/death.case" \
    "quic://127.0.0.1:$QUIC_PORT" > "$TMPDIR/out" 2> "$TMPDIR/err" &
spec_pid=$!
_own $spec_pid
check "a first case passes" wait_for 10 grep -q '^PASS' "$TMPDIR/out"
stop $second
wait $spec_pid
check "a server that ends is a failure" [ $? -eq 1 ]
check "of one case" says \
    '3 cases: 1 passed, 1 failed, 0 not applicable, 0 skipped, 1 not run; .*'
check "which is said" grep -q 'no longer answers' "$TMPDIR/err"

# start_long: doqspec, in the midst of its second case.
start_long() {
	"$DOQSPEC" --cases "$TMPDIR/long.case" "$url" > "$TMPDIR/out" \
	    2> "$TMPDIR/err" &
	spec_pid=$!
	_own $spec_pid
	wait_for 10 has_child
}
has_child() {
	grep -q PASS "$TMPDIR/out" &&
	    child=$(cat "/proc/$spec_pid/task/$spec_pid/children") &&
	    [ -n "$child" ]
}
check "a long case runs" start_long
kill -KILL ${child:-}
wait $spec_pid
check "a case that crashes is a failure, not the end" [ $? -eq 1 ]
check "its signal is told" says \
    'FAIL long/long .*: doqspec itself was ended by signal 9 .*'
check "the others count" says '2 cases: 1 passed, 1 failed, .*'

check "a long case runs again" start_long
kill -TERM $spec_pid
wait $spec_pid
check "an interrupt is trouble" [ $? -eq 2 ]
check "with a summary of what ran" says \
    '2 cases: 1 passed, 0 failed, 0 not applicable, 0 skipped, 1 not run; .*'
check "and leaves no process" wait_for 10 _dead "${child:-1}"

QUOLLD_PID=$first
quolld_stop
