#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Names that are answered here, the server's own version and name, and ANY;
# in front of a server that writes down what it is asked.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

cd "$TMPDIR" || exit 1
fakebe_start
quolld_config <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$FAKEBE_PORT"]}
Y
quolld_start

# here RCODE NAME...: answered so, of all types, and nobody was asked.
here() {
	_rcode=$1
	shift
	for _name; do
		for _type in A TXT SVCB; do
			answers "status: $_rcode;" "$_name" $_type &&
			    has 'ANSWER: 0; AUTHORITY: 1' answer || return 1
		done
	done
	! grep -qi '^[^#]' "$BACKLOG"
}
prove FWD-145,FWD-146,FWD-151 here NXDOMAIN a.InValid x.test x.ONION
prove FWD-148 here NXDOMAIN 1.0.0.10.in-addr.arpa 2.2.0.192.in-addr.arpa
prove FWD-152 here NXDOMAIN a.home.arpa
prove FWD-153,FWD-154,FWD-155,FWD-156 here NOERROR resolver.arpa \
    _dns.resolver.arpa x.resolver.arpa
check "names that came later" here NXDOMAIN printer.local x.alt \
    x.default.service.arpa
check "no address of Mozilla's name" here NOERROR use-application-dns.net
prove FWD-144 answers 'A.127\.0\.0\.1' x.LocalHost A
prove FWD-144 answers 'ANSWER: 0; AUTHORITY: 1' localhost TXT
prove FWD-147 answers 'status: NOERROR' ok.www.example A
prove FWD-147 grep -q 'name=ok.www.example. ' "$BACKLOG"

# ---- who this is -------------------------------------------------------

hidden() {
	for _name in version.bind version.server id.server hostname.bind; do
		answers 'status: REFUSED;' -c CH $_name TXT +edns &&
		    has 'EDE: 18 ' answer || return 1
	done
	! grep -qi '\(bind\|server\)' "$BACKLOG"
}
check "version and name are not told" hidden
check "NSID is no error" answers 'A.192\.0\.2\.1' ok.example.org A +nsid
check "and not told either" not has NSID answer
quolld_stop

# ---- as it is set ------------------------------------------------------

knotd_start
quolld_config set <<Y
listen: ["quic://127.0.0.1:0"]
upstream: {servers: ["udp://127.0.0.1:$KNOTD_PORT"]}
special:
  forward: [test, local, use-application-dns.net]
  version: Quoll of our own
  id: box-1
Y
quolld_start -n set
prove FWD-146 answers 'status: REFUSED;' x.test A
check "local is the server's to answer" answers 'status: REFUSED;' x.local A
check "so is Mozilla's name" answers 'status: REFUSED;' \
    use-application-dns.net A
check "version.bind" answers 'CH.TXT."Quoll of our own"$' -c CH version.bind TXT
check "version.server" answers '"Quoll of our own"$' -c CH version.server TXT
check "id.server" answers '"box-1"$' -c CH id.server TXT
check "hostname.bind" answers '"box-1"$' -c CH HostName.Bind TXT
check "NSID" answers 'NSID: .*"box-1"' www.example.org A +nsid
check "with the answer" has 'A.192\.0\.2\.1' answer
check "not unasked" answers 'A.192\.0\.2\.1' www.example.org A +edns
check "by no option" not has NSID answer
check "four were told who we are" [ "$(said query_identity)" -eq 4 ]


# ANY: what the server says, which is one RRset of several with knotd.
prove FWD-166 answers '^example\.org\..*IN.(SOA|NS|MX).' example.org ANY
check "nothing made" not has HINFO answer
quolld_stop

# ANY, and little said.
sed 's/^  version:.*/  any: hinfo/' set.yaml > little.yaml
quolld_start -n little
prove FWD-166,FWD-168 answers 'ANSWER: 1;' example.org ANY
prove FWD-168 has 'IN.HINFO."RFC8482" ""$' answer
prove FWD-167 not has 'Flags:.* tc' answer
prove FWD-168 answers 'CNAME.www\.example\.org' alias.example.org ANY
prove FWD-168 answers '^example\.org\..*IN.(SOA|NS|MX).' example.org ANY +dnssec
check "one was told little" [ "$(said query_any)" -eq 1 ]
check "no such name" answers 'status: NXDOMAIN;' no.such.example.org ANY
check "another type" answers 'A.192\.0\.2\.1' www.example.org A
quolld_stop
