#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timeout: 60
#
# ClientHellos that must be refused.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

quolld_start
raw_script hello
quolld_stop
