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
    "$copy/resolver/back"
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
green layers resolver/config.c '#include <yaml.h>'
green layers resolver/x.c '#include "quic/evquic.h"'
green layers quic/tls.c '#include <gnutls/gnutls.h>'
green layers quic/x.c '#include <ngtcp2/ngtcp2_crypto.h>'
green layers dns/x.c '#include <ldns/ldns.h>'

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

[ $bad -eq 0 ] && echo "selftest: every planted fault was found"
exit $bad
