#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A backend that answers nonsense, adds what was not asked for, or is silent.

. "$SRC/tests/func/lib.sh"
. "$SRC/tests/func/raw.sh"

fakebe_start
quolld_start -u "udp://127.0.0.1:$FAKEBE_PORT"
raw_script backend -D WAY=udp -D SILENT=silent -D SLOW=slow9000
quolld_stop

fakebe_start -n stream -U
quolld_start -u "tcp://127.0.0.1:$FAKEBE_PORT"
raw_script backend -D WAY=tcp -D SILENT=tcpsilent -D SLOW=tcpslow
check "everything is given back" wait_for 60 all_is_gone
quolld_stop
