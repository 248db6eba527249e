#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 7200
# plain only
#
# Ten million names that nobody asks for twice.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"
. "$SRC/tests/func/cache_flood.inc"

# Without a record of all of them.
fakebe_start -l /dev/null
cache_flood 10 1000000 2000 16M 32768
