#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 1800
#
# The whole matrix of doqspec's cases and the mutants of a server that is
# wrong on purpose.

. "$SRC/tests/func/lib.sh"

[ "$VARIANT" = plain ] ||
    skip "its time-outs are short; the server is a test's, not the product"
. "$SRC/tests/func/matrix.inc"

matrix_run 1
matrix_print
matrix_check
