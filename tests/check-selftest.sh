#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Do the other checks turn red?  In a copy of the sources, one fault is
# planted at a time; the check must fail, name the file, and be green without
# the fault.

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
bad=0
copy=$(mktemp -d "${TMPDIR:-/tmp}/quoll-selftest.XXXXXX") || exit 1
trap 'chmod -R u+w "$copy"; rm -rf "$copy"' EXIT

mkdir -p "$copy/base" "$copy/tls" "$copy/quic" "$copy/dns" "$copy/tests" \
    "$copy/resolver/back" "$copy/tools/doqspec/raw"
cp "$SRC/.clang-format" "$copy/"
cp "$SRC"/tests/check-*.sh "$copy/tests/"
chmod -R u+w "$copy"

# run CHECK: in the copy, looking at sources only.
run() {
	(
		unset BUILD
		SRC=$copy sh "$copy/tests/check-$1.sh" 2>&1
	)
}

# red CHECK FILE LINE...: the check must fail and name FILE when it consists
# of these lines, and be green when it is gone.
red() {
	check=$1 file=$2
	shift 2
	{
		echo '/* SPDX-License-Identifier: BSD-2-Clause */'
		printf '%s\n' "$@"
	} > "$copy/$file"
	if out=$(run "$check"); then
		echo "selftest: check-$check accepts in $file: $*"
		bad=1
	elif ! echo "$out" | grep -q "$file"; then
		echo "selftest: check-$check does not name $file: $out"
		bad=1
	fi
	rm -f "$copy/$file"
	out=$(run "$check") || {
		echo "selftest: check-$check is red without a fault: $out"
		bad=1
	}
}

# green CHECK FILE LINE...: what must be allowed.
green() {
	check=$1 file=$2
	shift 2
	{
		echo '/* SPDX-License-Identifier: BSD-2-Clause */'
		printf '%s\n' "$@"
	} > "$copy/$file"
	out=$(run "$check") || {
		echo "selftest: check-$check refuses in $file: $* ($out)"
		bad=1
	}
	rm -f "$copy/$file"
}

red layers tools/doqspec/raw/x.c '#include "base/buf.h"'
red layers base/x.c '#include <event2/event.h>'
red layers base/x.c '#include "dns/name.h"'
red layers tls/x.c '#include <ngtcp2/ngtcp2.h>'
red layers tls/x.c '#include "quic/evquic.h"'
red layers quic/x.c '#include "dns/name.h"'
red layers quic/x.c '#  include "resolver/query.h"'
red layers quic/x.c '#include <gnutls/gnutls.h>'
red layers quic/x.c 'const char *quic_alpn = "doq";'
red layers quic/x.c '/* RFC 9250 4.2 */'
red layers dns/x.c '#include <sys/socket.h>'
red layers dns/x.c '#include <time.h>'
red layers dns/x.c '#include "quic/evquic.h"'
red layers dns/x.c '#include <event2/event.h>'
red layers resolver/x.c '#include "quic/conn.h"'
red layers resolver/x.c '#include <ldns/ldns.h>'
red layers resolver/x.c '#include <yaml.h>'
red layers resolver/back/x.c '#include <ngtcp2/ngtcp2.h>'
red layers quic/x.c 'settings.qlog_write = on_qlog;'
green layers resolver/config.c '#include <yaml.h>'
green layers resolver/x.c '#include "quic/evquic.h"'
green layers quic/tls.c '#include <gnutls/gnutls.h>'
green layers quic/x.c '#include <ngtcp2/ngtcp2_crypto.h>'
green layers dns/x.c '#include <ldns/ldns.h>'

# red_symbol LAYER C-TEXT: an archive of this must be refused.
red_symbol() {
	mkdir -p "$copy/b/.libs"
	echo "$2" > "$copy/x.c"
	${CC:-cc} -c -o "$copy/x.o" "$copy/x.c" &&
	    ar cr "$copy/b/.libs/lib$1.a" "$copy/x.o" || exit 1
	if out=$(SRC=$copy BUILD=$copy/b sh "$copy/tests/check-layers.sh" 2>&1)
	then
		echo "selftest: check-layers accepts in lib$1: $2"
		bad=1
	fi
	rm -rf "$copy/b" "$copy/x.c" "$copy/x.o"
}
red_symbol dns 'int socket(int, int, int); int f(void); int f(void)
	{ return socket(1, 2, 3); }'
red_symbol dns 'void event_add(void); void f(void); void f(void)
	{ event_add(); }'
red_symbol quic 'void dns_frame_init(void); void f(void); void f(void)
	{ dns_frame_init(); }'
red_symbol resolver 'void quic_conn_new(void); void f(void); void f(void)
	{ quic_conn_new(); }'

red style base/x.c '/* TODO */'
red style base/x.c 'const char *base_built = __DATE__;'
red style base/x.c "$(yes '/* line */' | head -n 801)"
red style base/x.c 'int' 'base_long(void)' '{' "$(yes '	;' | head -n 101)" '}'
if ${CLANG_FORMAT:-clang-format-14} --version 2>/dev/null |
    grep -q 'version 14\.'; then
	red style base/x.c 'int   base_spaces;'
fi

red headers base/x.h '#ifndef BASE_X_H' '#define BASE_X_H' \
    'int base_size(size_t n);' '#endif'
red headers base/x.h 'int base_no_guard(void);'
green headers base/x.h '#ifndef BASE_X_H' '#define BASE_X_H' \
    'int base_size(int n);' '#endif'

# red_cve TEXT LINE: the list, when LINE is added, is refused with TEXT.
red_cve() {
	echo "$2" > "$copy/tests/coverage/cve.txt"
	out=$(run cve)
	if [ $? -eq 0 ] || ! echo "$out" | grep -qF "$1"; then
		echo "selftest: check-cve accepts: $2 ($out)"
		bad=1
	fi
}
mkdir -p "$copy/tests/coverage" "$copy/tests/unit" "$copy/tests/func"
printf 'unit_suite("x");\nunit_test(s, "one", test_one);\n' \
    > "$copy/tests/unit/test_x.c"
red_cve 'no unit:x:on' 'CVE-1 | cause | unit:x:one, unit:x:on'
red_cve 'no unit:y:one' 'CVE-1 | cause | unit:y:one'
red_cve 'no func:x' 'CVE-1 | cause | func:x'
red_cve 'no doqspec:x/y' 'CVE-1 | cause | doqspec:x/y'
red_cve 'no check:x' 'CVE-1 | cause | check:x'
red_cve 'no none' 'CVE-1 | cause | none'
red_cve 'three parts' 'CVE-1 | cause'
red_cve 'twice: CVE-1' 'CVE-1, CVE-1 | cause | unit:x:one'
echo 'CVE-1 | cause | unit:x:one' > "$copy/tests/coverage/cve.txt"
run cve > /dev/null || {
	echo "selftest: check-cve is red without a fault"
	bad=1
}
red counters quic/counters.h '	X(of_nobody, "help") \'

[ $bad -eq 0 ] && echo "selftest: every planted fault was found"
exit $bad
