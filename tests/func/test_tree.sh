#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# takes: 18
# packages: bind9-dnsutils ldnsutils
#
# DNSSEC in front of an Unbound that validates: nothing that a validator needs
# is lost on the way, and flags are whose they should be.  The tree is first
# shown to be what it says, by others' programs alone.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/tree.inc"
need delv

tree_start
tree_unbound
check "Unbound validates it" unbound_agrees
check "BIND's validator agrees" delv_agrees "$UNBOUND_PORT"

quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$UNBOUND_PORT"]}
Y
quolld_start
bridge_start

prove FWD-048 delv_agrees "$BRIDGE_PORT"
check "AD for who wants it" is_secure '^www.*	192\.0\.2\.1$' www.ecdsa.wood A
check "and by NSEC3" is_secure '^www.*	2001:db8::2$' www.rsa.wood AAAA
check "signatures are there for who asks for them" \
    answers '	RRSIG	A 13' www.ecdsa.wood RRSIG
check "aliases in three zones" \
    is_secure '^www.*	192\.0\.2\.1$' far.ecdsa.wood A
check "a wildcard" is_secure '	192\.0\.2\.72$' a.wild.rsa.wood A
check "no such name, by NSEC" is_denied NXDOMAIN nix.ecdsa.wood A
check "no such name, by NSEC3" is_denied NXDOMAIN nix.rsa.wood A
check "no such type" is_denied NOERROR www.ecdsa.wood TXT
check "an empty name" is_denied NOERROR ent.rsa.wood A
check "not signed" is_insecure '^www.*	192\.0\.2\.5$' www.plain.wood A
check "bogus" is_bogus www.bogus.wood A
check "expired" is_bogus www.expired.wood A
prove FWD-044 is_shown '^www.*	192\.0\.2\.33$' www.bogus.wood A
check "large and signed" is_secure '^;; Received 1[0-9]{4} B' \
    big.rsa.wood TXT
quolld_stop
