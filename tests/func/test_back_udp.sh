#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 120
# takes: 11
#
# Asking a backend by UDP (RFC 5452), with a scripted one that forges, cuts and
# refuses: what is taken for an answer, what makes TCP be asked, source ports.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

# right LABEL [KDIG OPTION...]: is the good answer delivered, and no forged one?
right() {
	_name=$1.back.example.org
	shift
	answers 'A.192\.0\.2\.1$' "$_name" A "$@" &&
	    not has '203\.0\.113\.66' "$TMPDIR/answer"
}
all_right() {
	for _label; do
		right "$_label" || return 1
	done
}
servfail() {
	answers 'status: SERVFAIL' "$1.back.example.org" A &&
	    not has '203\.0\.113\.66' "$TMPDIR/answer"
}
# asked_by WAY LABEL: how often was that name asked so?
asked_by() {
	grep -cE "^[0-9]+ $1 .* name=$2\\." "$BACKLOG"
}

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"

prove FWD-111 all_right wrongid wrongname wrongtype wrongclass wrongport \
    wrongaddr
prove BAD-132 all_right wrongid.b wrongname.b wrongtype.b wrongclass.b \
    wrongport.b wrongaddr.b qr0.b
prove FWD-117 all_right qr0 wrongopcode emptyq
prove BAD-141 right emptyq.b
prove BAD-134 right twice
check "nothing of this was asked twice" \
    [ "$(grep -cE ' name=(wrong|qr0|emptyq|twice)' "$BACKLOG")" -eq 18 ]
check "an answer without a question is an answer if it says FORMERR" \
    answers 'status: (FORMERR|SERVFAIL)' formerrempty.back.example.org A

# Truncated: by TCP, and nothing of the truncated one is used.
prove FWD-122 right tc
check "TCP was asked" [ "$(asked_by tcp tc)" -eq 1 ]
prove FWD-123 right tcpart
prove BAD-135 servfail tcrefuse

# 65,535 answers with all wrong IDs.
prove BAD-133 right flood65535
prove FWD-116 [ "$(asked_by tcp flood65535)" -ge 1 ]

# EDNS.
prove FWD-041 right noedns
check "asked again without OPT" \
    has ' udp .* name=noedns\.back.* opt=- ' "$BACKLOG"
prove FWD-040 right badvers +bufsize=1232
check "BADCOOKIE stays here, too" right badcookie +bufsize=1232
prove FWD-134 not has ' udp .* options=([0-9,]*,)?11[ ,]' "$BACKLOG"

# Nothing a backend can write does us harm.
bad_bodies() {
	for _label in loopname forwardname hugecount bomb trailing short; do
		answers 'status: (SERVFAIL|NOERROR)' "$_label.back.example.org" \
		    A || return 1
	done
}
check "answers that cannot be parsed" bad_bodies

# Silence ends before clients give up.
silence() {
	_start=$(date +%s)
	servfail silent && [ $(($(date +%s) - _start)) -le 5 ]
}
check "SERVFAIL in time" silence
prove FWD-099 [ "$(asked_by udp silent)" -eq 3 ]

# Ports, as a watcher sees them: 16 bins, 15 degrees of freedom (99.9 %: 37.7).
ports() {
	grep -E "name=ok\\.n[0-9]+\\.$1\\." "$BACKLOG" |
	    sed -n 's/.* udp port=\([0-9]*\) .*/\1/p' | awk -v least="$2" '
	{ bin[int(($1 - 1024) / 4032)]++; seen[$1] = 1 }
	$1 < 1024 { low++ }
	END {
		for (i = 0; i < 16; i++)
			x += (bin[i] - NR / 16) ^ 2 / (NR / 16)
		for (i in seen)
			n++
		printf "%d queries, %d ports, chi-square %.0f\n", NR, n, x
		exit !(NR >= 1000 && n >= least && low + 0 == 0 && x < 45)
	}'
}
check "1,000 queries, one after the other" raw_do connect \
    'many 1000 query:ok.n%u.ports.example.org/A window=1 rcode=NOERROR within 60s'
prove FWD-112 ports ports 500
check "100 at once" raw_do connect \
    'many 100 query:slow500.n%u.par.example.org/A window=100 rcode=NOERROR within 20s'
distinct() {
	grep -E "name=$1" "$BACKLOG" |
	    sed -n 's/.* udp port=\([0-9]*\) .*/\1/p' | sort -u | wc -l
}
prove FWD-113 [ "$(distinct 'slow500\.n[0-9]+\.par')" -ge 5 ]
quolld_stop

# Ports to avoid, and names in mixed case.
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream:
  servers: ["udp://127.0.0.1:$FAKEBE_PORT"]
  avoid-ports: [1024-40000]
  randomise-case: true
Y
quolld_start
check "300 queries" raw_do connect \
    'many 300 query:ok.n%u.avoid.example.org/A window=5 rcode=NOERROR within 30s'
avoided() {
	grep -E 'name=ok\.n[0-9]+\.avoid' "$BACKLOG" |
	    sed -n 's/.* udp port=\([0-9]*\) .*/\1/p' |
	    awk '$1 <= 40000 { bad++ } END { exit !(NR >= 300 && bad + 0 == 0) }'
}
prove FWD-115 avoided
restored() { # the client's spelling comes back (compared octet by octet)
	right lower && right upper && [ "$(asked_by tcp lower)" -ge 1 ] &&
	    raw_do connect \
		'send new query:lOwEr.bAcK.example.org/A,opt fin' \
		'expect answer last rcode=NOERROR an=1 rr=192.0.2.1' \
		'send new query:oK.bAcK.example.org/A,opt fin' \
		'expect answer last rcode=NOERROR an=1 rr=192.0.2.1'
}
mixed() { # as the backend saw it: not each letter as asked
	sed -n 's/.* udp .* name=ok\.back\..* len=[0-9]* //p' "$BACKLOG" |
	    tail -n 1 | grep -vi '026f4b046241634b076578616d706c65036f726700' | grep -q .
}
prove FWD-118 restored
check "0x20 was used" mixed
quolld_stop
