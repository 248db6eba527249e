#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 16
# tsan
# packages: ldnsutils
#
# The recursor's life: servers that die and come back, other settings at a
# reload, bad ones, and an end while questions are outstanding.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"

good() { # NAME
	answers 'A	192\.0\.2\.[1-9]' "$1" A +dnssec > "$TMPDIR/good"
}
reloaded() { # COMMAND...: does it succeed soon after a reload?
	kill -HUP "$QUOLLD_PID"
	wait_for 15 "$@"
}

tree_start
TREE_TIMEOUT=2s
tree_config
quolld_start
check "an answer" good www.ecdsa.wood

# Its servers are gone: what is known is still there, for the rest there is
# an end and a reason.
tree_gone
check "what is known" good www.ecdsa.wood
kill -HUP "$QUOLLD_PID"
check "a reload of the same is seen" wait_for 10 \
    has 'info: reload' "$TMPDIR/quolld.log"
check "what is known, still" good www.ecdsa.wood
# By order all of it is forgotten, also what libunbound knows.
kill -USR2 "$QUOLLD_PID"
check "a flush is seen" wait_for 10 \
    has 'info: flushed the cache' "$TMPDIR/quolld.log"
forgotten() {
	answers 'status: SERVFAIL' www.ecdsa.wood A +timeout=20
}
check "it is known no longer" wait_for 10 forgotten
prove DOQ-062 answers 'status: SERVFAIL' www.rsa.wood A +timeout=20
prove FWD-087 has 'EDE: 2[23] ' "$TMPDIR/answer"
tree_back || fail "the tree is not back"
check "they are back, and asked again" wait_for 60 good www.rsa.wood

# Another anchor, under which nothing holds; a bad setting, which changes
# nothing; and the right ones again.
tree_config "$TREE_WRONG_ANCHOR"
withheld() {
	answers 'status: SERVFAIL' www.ecdsa.wood A > "$TMPDIR/withheld"
}
check "nothing holds under another anchor" reloaded withheld
# Of a question that was not asked meanwhile: a remembered failure says 13.
check "and why is told" answers 'EDE: 6 ' www.ecdsa.wood AAAA
check "that is true for all of it" is_bogus www.rsa.wood A
check "and for what is not signed" is_bogus www.plain.wood A
check "CD shows it" is_shown '^www.*	192\.0\.2\.1$' www.ecdsa.wood A

# failed N: so many reloads were refused.
failed() {
	[ "$(grep -c 'error: reload failed' "$TMPDIR/quolld.log")" -eq "$1" ]
}
tree_config "$TREE_ANCHOR" '      - no-such-option: yes'
check "an option that does not exist is refused" reloaded failed 1
check "by its name" has 'error: .*no-such-option' "$TMPDIR/quolld.log"
check "and changes nothing" withheld
tree_config "$TMPDIR/no.such.file"
check "an anchor that is not there is refused" reloaded failed 2
check "and changes nothing, either" withheld

tree_config "$TREE_ANCHOR" '      - domain-insecure: ecdsa.wood'
check "the right anchor again" reloaded good www.rsa.wood
check "is proved" is_secure '	192\.0\.2\.2$' www.rsa.wood A
check "an option is obeyed" is_insecure '	192\.0\.2\.1$' www.ecdsa.wood A

# The end, with questions that nobody answers.
tree_gone
raw -s "127.0.0.1:$QUIC_PORT" -n www.ecdsa.wood -e connect \
    -e 'many 50 query:q%u.rsa.wood window=50 rcode=0|2 within 20s' \
    > "$TMPDIR/load" 2>&1 &
loader=$!
outstanding() {
	[ "$(said queries_now)" -ge 10 ]
}
check "questions are outstanding" wait_for 10 outstanding
quolld_stop
wait $loader

# Nothing can be written beside the anchors: they stay as they are, and nobody
# ends for it.
for anchor in "$TMPDIR"/quolld.state/trust-anchor-*.key; do
	mkdir -p "$anchor.new"
done
tree_back || fail "the tree is not back"
tree_config
quolld_start
check "that is said" has 'warning: the state directory cannot be written' \
    "$TMPDIR/quolld.log"
check "and proved all the same" is_secure '	192\.0\.2\.1$' www.ecdsa.wood A
quolld_stop
tree_gone

# Settings that are wrong from the beginning: no start, and one line.
bad_start() { # REGEX
	! timeout 20 "$QUOLLD" -c "$TMPDIR/quolld.yaml" \
	    --state "$TMPDIR/bad.state" 2> "$TMPDIR/bad" < /dev/null &&
	    [ "$(wc -l < "$TMPDIR/bad")" -eq 1 ] && has "$1" "$TMPDIR/bad"
}
mkdir -p "$TMPDIR/bad.state"
tree_config "$TREE_ANCHOR" '      - no-such-option: yes'
check "no start with an option that does not exist" \
    bad_start 'quolld.yaml:[0-9]+:.*no-such-option'
tree_config "$TMPDIR/no.such.file"
check "no start with an anchor that is not there" \
    bad_start 'anchor'
