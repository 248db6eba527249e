#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 400
# alone
# plain only: its time-outs are short, and the server is not the product
#
# doqspec against a server that is wrong on purpose: each case turns red for
# the mutants that it is there for, and stays green for most others, of which
# some are tried here and all in long_doqspec_matrix.sh.

. "$SRC/tests/func/lib.sh"

[ "$VARIANT" = plain ] ||
    skip "its time-outs are short; the server is a test's, not the product"
. "$SRC/tests/func/matrix.inc"

matrix_run 16
matrix_print
matrix_check
