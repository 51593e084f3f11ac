#!/bin/sh
# sosreport, which support asks for, collects all that it knows while passes run.
# machine: --cores 4
# profiles: kind
# check: none
# packages: sosreport
# programs: sos python3 /usr/lib/python3 /usr/lib/python3.* /etc/os-release
# timeout: 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load watch_ms=100 audit_ms=1000
wait_for settled 30 "all is optimized"
mkdir /tmp/sos
python3 /usr/bin/sos report --batch --quiet --tmp-dir /tmp/sos --name host --build >/tmp/sos.log 2>&1 &
sos=$!
wait_for 'put scan full; ! kill -0 $sos 2>/dev/null' 800 "sos comes to its end"
wait $sos
status=$?
is $status 0 "well"
[ $status = 0 ] || diag "$(tail -n 20 /tmp/sos.log)"
ok "it has the module" grep -q '^rmpopt ' /tmp/sos/*/lsmod
ok "and what that has logged" grep -q 'rmpopt: ready' /tmp/sos/*/sos_commands/kernel/dmesg
wait_for settled 60 "the tables equal the truth"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
