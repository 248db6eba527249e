#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The layers of doc/ARCHITECTURE.md, enforced: who may include whom, which
# third-party library lives where, and, from the archives that were built,
# which symbols a layer may need.  $SRC is the tree, $BUILD the build (may be
# unset: then only sources are looked at).

set -u
SRC=${SRC:-$(cd "$(dirname "$0")/.." && pwd)}
bad=0
cd "$SRC" || exit 1

complain() {
	echo "layers: $1"
	bad=1
}

# sources FOLDER...: its .c and .h files, if any.
sources() {
	for dir; do
		[ -d "$dir" ] && find "$dir" -name '*.[ch]'
	done | LC_ALL=C sort
}

# includes FILE: the names between the quotes or angle brackets.
includes() {
	sed -n 's/^[ 	]*#[ 	]*include[ 	]*[<"]\([^>"]*\)[>"].*/\1/p' "$1"
}

# Which third-party library a header belongs to; nothing for libc's.
library_of() {
	case $1 in
	ngtcp2/ngtcp2_crypto*) echo ngtcp2_crypto ;;
	ngtcp2/*) echo ngtcp2 ;;
	gnutls/*) echo gnutls ;;
	nghttp3/*) echo nghttp3 ;;
	event2/* | event.h | ev*.h) echo event ;;
	ldns/*) echo ldns ;;
	yaml.h) echo yaml ;;
	unbound.h) echo unbound ;;
	esac
}

# May file $1 use library $2?
library_allowed() {
	case "$2 $1" in
	"ngtcp2 quic/"* | "ngtcp2_crypto quic/"*) ;;
	"gnutls tls/"* | "gnutls quic/tls.c" | "gnutls quic/tls.h") ;;
	"gnutls quic/tls_client.c") ;;
	"nghttp3 h3/"*) ;;
	"event quic/"* | "event resolver/"* | "event h3/"*) ;;
	"ldns dns/"*) ;;
	"yaml resolver/config"*) ;;
	"unbound resolver/back/recursor.c") ;;
	"unbound resolver/back/recursor_setup.c") ;;
	*) return 1 ;;
	esac
}

# May file $1 include our header $2?  Every folder may use its own.
header_allowed() {
	case "$1 $2" in
	base/*" base/"*) ;;
	tls/*" tls/"* | tls/*" base/"*) ;;
	quic/*" quic/"* | quic/*" tls/"* | quic/*" base/"*) ;;
	h3/*" h3/"* | h3/*" base/"* | h3/*" quic/evquic.h") ;;
	dns/*" dns/"* | dns/*" base/"*) ;;
	resolver/*" quic/evquic.h") ;;
	resolver/*" quic/"*) return 1 ;;
	resolver/*" h3/evquic_h3.h") ;;
	resolver/*" h3/"*) return 1 ;;
	resolver/*" resolver/"* | resolver/*" dns/"*) ;;
	resolver/*" tls/"* | resolver/*" base/"*) ;;
	*) return 1 ;;
	esac
}

# Sockets, clocks and threads: not for dns/, which is a set of functions.
io_header() {
	case $1 in
	sys/socket.h | netinet/* | arpa/inet.h | netdb.h | poll.h) ;;
	sys/epoll.h | sys/select.h | sys/un.h | net/* | time.h) ;;
	sys/time.h | sys/timerfd.h | pthread.h | threads.h | unistd.h) ;;
	*) return 1 ;;
	esac
}

for file in $(sources base tls quic h3 dns resolver); do
	for header in $(includes "$file"); do
		lib=$(library_of "$header")
		if [ -n "$lib" ]; then
			library_allowed "$file" "$lib" ||
			    complain "$file includes <$header>"
			continue
		fi
		case $header in
		base/* | tls/* | quic/* | h3/* | dns/* | resolver/* | \
		tools/* | tests/* | examples/*)
			header_allowed "$file" "$header" ||
			    complain "$file includes \"$header\""
			;;
		evquic_tls.h)
			# Installed headers lie side by side.
			[ "$file" = quic/evquic.h ] ||
			    complain "$file: write \"tls/$header\""
			;;
		esac
		case $file in
		# The one thing of dns/ that threads share; a lock is no I/O.
		dns/cache_shard.h) [ "$header" = pthread.h ] ||
		    ! io_header "$header" ||
		    complain "$file includes <$header>: dns/ does no I/O" ;;
		dns/*) io_header "$header" &&
		    complain "$file includes <$header>: dns/ does no I/O" ;;
		esac
	done
done

# The judges link nothing of ours: the engine of doqspec, and the server that is
# wrong on demand.
for file in $(sources tools/doqspec/raw tests/fake/wrong); do
	for header in $(includes "$file"); do
		case $header in
		tools/doqspec/raw/* | tests/fake/wrong/*) ;;
		base/* | tls/* | quic/* | h3/* | dns/* | resolver/* | \
		tools/* | tests/* | evquic*)
			complain "$file includes \"$header\": it is a judge"
			;;
		esac
	done
done

# The transport knows no application: not in a string, not in a section
# number.  Comments may say which RFC an application's reader should see, so
# they are cut first.
strip_comments() {
	sed -e 's,/\*.*\*/,,g' -e '/\/\*/,/\*\//d' "$1"
}
for file in $(sources quic tls base); do
	if strip_comments "$file" | grep -nE '"(doq|h3)|9250' >/dev/null; then
		complain "$file speaks of an application: doq, h3 or RFC 9250"
	fi
done
for file in $(sources quic); do
	grep -n 'RFC 9250' "$file" >/dev/null &&
	    complain "$file cites RFC 9250"
done

# CVE-2026-40170: ngtcp2 before 1.22.1 overflows its stack when it writes one.
for file in $(sources quic); do
	if strip_comments "$file" | grep -n 'qlog' >/dev/null; then
		complain "$file has to do with qlog"
	fi
done

# Symbols, in what was built.
archive() {
	a=${BUILD:-}/.libs/lib$1.a
	[ -n "${BUILD:-}" ] && [ -f "$a" ] && echo "$a"
}
NM=${NM:-nm}
undefined() {
	$NM -u "$1" 2>/dev/null | awk 'NF == 2 {print $2}' | LC_ALL=C sort -u
}
forbid_symbols() { # LAYER REGEX
	lib=$(archive "$1") || return 0
	hits=$(undefined "$lib" | grep -E "^($2)$" | tr '\n' ' ')
	[ -z "$hits" ] || complain "lib$1 needs $hits"
}
io='socket|bind|connect|listen|accept4?|sendto|sendmsg|sendmmsg|recv|recvfrom'
io="$io|recvmsg|recvmmsg|poll|epoll_.*|clock_gettime|gettimeofday|time"
third='ngtcp2_.*|gnutls_.*|event_.*|evutil_.*|ldns_.*|yaml_.*|nghttp3_.*'
forbid_symbols base "$third|dns_.*|quic_.*|evquic_.*|tls_.*"
forbid_symbols tls 'ngtcp2_.*|event_.*|ldns_.*|yaml_.*|dns_.*|quic_.*'
forbid_symbols quic 'dns_.*|ldns_.*|yaml_.*|doq_.*|query_.*|log_.*|config_.*'
forbid_symbols dns "$io|event_.*|ngtcp2_.*|gnutls_.*|quic_.*|evquic_.*|tls_.*"
forbid_symbols resolver 'ngtcp2_.*|quic_.*'

# The installed library shows its public names and nothing else.
shared=${BUILD:-}/.libs/libevquic.so
if [ -n "${BUILD:-}" ] && [ -f "$shared" ]; then
	hits=$($NM -D --defined-only "$shared" | awk '{print $3}' |
	    grep -vE '^(evquic_|_init$|_fini$|__|_edata|_end$)' | tr '\n' ' ')
	[ -z "$hits" ] || complain "libevquic exports $hits"
fi

[ $bad -eq 0 ] && echo "layers: in order"
exit $bad
