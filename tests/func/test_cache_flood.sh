#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Names that nobody asks for twice, many times what the cache holds, while some
# are asked for again and again.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/cache_flood.inc"

fakebe_start
BACKLOG=/dev/null
# The sanitizer keeps what was freed for a while.
most=4096
[ "$VARIANT" = plain ] || most=400000
cache_flood 5 6000 200 1M $most
