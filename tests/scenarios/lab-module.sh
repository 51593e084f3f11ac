#!/bin/sh
# The laboratory's module: who may load it, what it refuses, and that nothing waits longer than it was told to.
# machine: --cores 2 --threads 2
# check: harsh
# timeout: 240
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# Not where handlers are held.
taskset -p 2 $$ >/dev/null
lab() { insmod "$here/rmpopt_lab.ko" "$@"; }
log() { dmesg | tail -n 5; }
# RMPOPTs, writes of RMPOPT_BASE and conversions since the last reset.
done_by_lab() { echo "$(machinectl count reports) $(machinectl count verifies) $(machinectl count faults) $(machinectl count base-writes) $(machinectl count rmpupdates)"; }
refused() { is "$(labctl "$@")" "$wanted" "labctl $*: $wanted"; }
gives() { is "$(labctl "$@" | paste -sd ' ')" "$wanted" "labctl $*: $wanted"; }

verify=0:1:0:0 report=0:1:0:1 nothing=5:1:0:0
write=3:1:1:0 rmpread=1:1:0:0 msr=2:1:0:0xc0010139 cpuid=4:1:0x80000025:0

# --- one of the two

ok "rmpopt loads" load scan_on_load=0 watch_ms=0
wait_state ready
nok "the laboratory does not while it is" lab
like "$(log)" 'rmpopt_lab: rmpopt is loaded: run "rmmod rmpopt" first, or load with beside=1' "the log says what to do"
is "$(lab_loaded && echo loaded)/$(state)" "/ready" "and nothing else has changed"
ok "unload" unload
snp_again
machinectl reset
ok "the laboratory loads" lab
nok "rmpopt does not while it is" load
like "$(log)" "rmpopt_lab: rmpopt can't be loaded together with rmpopt_lab: run .rmmod rmpopt_lab. first" "the log says what to do"
is "$(loaded && echo loaded)" "" "rmpopt is not there"
is "$(done_by_lab)" "0 0 0 0 0" "loading it does nothing to the host"
like "$(labctl info | paste -sd ' ')" '^ok version 1 flags 0x7 segments [1-9]' "what it knows of the host"

# --- one process

touch /tmp/hold
labctl hold /tmp/hold >/tmp/held &
wait_for 'grep -q open /tmp/held' 10
wanted=EBUSY
refused info
nok "it can't be unloaded while it is in use" rmmod rmpopt_lab
rm /tmp/hold
wait $!

# --- what it refuses, and whole

machinectl reset
wanted=EINVAL
for field in nr_ops=0 nr_ops=2049 limit_ms=0 limit_ms=60001 flags=4 flags=2 pad=1 cpus_bytes=0 cpus_bytes=4 cpus_bytes=8200 bits=0 \
	op.what=6 op.times=0 op.times=4097; do
	refused bad "${field%=*}" "${field#*=}"
done
wanted=EFAULT
for field in ops=1 cpus=1; do
	refused bad "${field%=*}" "${field#*=}"
done
wanted=ENXIO
refused bad bits 0x10
refused bad far-bits 1
ok "a CPU goes offline" offline 3
wanted=ENXIO
refused run 0,3 0 1000 $report
refused run 0,3 1 1000 $report
ok "and online" online 3
wanted=EINVAL
refused run 0 0 1000 $report 2:1:0:0xc0000080	# EFER is not for it to read
refused run 0 0 1000 $report 3:1:5:0		# RMPOPT_BASE with a reserved bit
refused run 0 0 1000 $report 1:2:0:0		# RMPREAD twice
refused run 0 0 1000 0:4096:0:1 $report		# more than 4,096 in all
refused take-bad tries 0
refused take-bad tries 1048577
refused take-bad pad 1
refused take-bad node 7
wanted=ENOENT
refused stranger 0x100000000
wanted=ENOTTY
refused none
is "$(done_by_lab)" "0 0 0 0 0" "nothing of these runs was executed"

# --- what it does

wanted="ok 0 vector-6 1 vector-6"
gives run 0-1 0 1000 $report
wanted="ok 0 done done cf1 cf1 done done done"
gives run 0 0 1000 $nothing $write $verify $report $rmpread $msr $cpuid
wanted="ok 2 done cf0"
gives run 2 0 1000 $write $report
wanted="ok 0 cf1 1 cf1 2 cf1 3 cf1"
gives run 0-3 1 1000 $verify
wanted="ok ok ok EALREADY"
gives convert 4
is "$(machinectl pages 4 | cut -d ' ' -f 1)" 0 "a page that was turned over is back when the device is closed"
is "$(machinectl count unsafe)" 0 "no bit was unsafe"

# --- a CPU that does not answer

for together in 0 1; do
	machinectl event 1 gate 2
	begin=$(uptime_ms)
	wanted="ETIMEDOUT 0 cf1 2 not-run"
	gives run 0,2 $together 2000 $report
	cmp_ok "$(($(uptime_ms) - begin))" '<' 10000 "the call ended in time"
	wanted=EBUSY
	refused run 0 0 1000 $report
	machinectl open
	wait_for '[ "$(labctl run 0 0 1000 $report | head -n 1)" = ok ]' 20 "when it has answered the next run is accepted"
done
reports=$(machinectl count reports)
machinectl event 1 gate 2
wanted="ETIMEDOUT 2 not-run not-run not-run"
gives run 2 0 100 $report $report $report
machinectl open
wait_for '[ "$(labctl run 0 0 1000 $nothing | head -n 1)" = ok ]' 20 "it answers in the end"
is $(($(machinectl count reports) - reports)) 1 "and has executed nothing after the time limit"
# On the caller's own CPU, where nothing else than the handler can end it: 4,096 RMPOPTs take longer than 1 ms.
some=0:256:0:1
like "$(labctl run 1 0 1 $some $some $some $some $some $some $some $some $some $some $some $some $some $some $some $some | paste -sd ' ')" \
	'^ETIMEDOUT 1 cf1 .*not-run$' "a handler ends by itself when time is up"
machinectl event 1 gate 2
labctl run 2 0 20000 $report >/tmp/said &
ok "a CPU takes its time" machinectl wait-gate --timeout 10
ok "meanwhile the caller is stopped" kill -STOP $!
ok "and goes on" kill -CONT $!
machinectl open
wait $!
is "$(paste -sd ' ' /tmp/said)" "ok 2 cf1" "which does not end the run"
machinectl event 1 gate 2
labctl run 2 0 100 $report >/dev/null
rmmod rmpopt_lab &
wait_for '[ "$(cat /sys/module/rmpopt_lab/initstate)" = going ]' 20 "unload has begun"
never '! lab_loaded' 1 "and waits for the handler's end"
machinectl open
wait $!
is "$(lab_loaded && echo loaded)" "" "which has come"

# --- beside

ok "rmpopt loads" load scan_on_load=0 watch_ms=0
wait_state ready
ok "the laboratory loads beside it" lab beside=1
like "$(labctl info | paste -sd ' ')" '^ok version 1 flags 0xf ' "and says so"
machinectl reset
wanted=EPERM
refused run 0 0 1000 $verify
refused run 0 0 1000 $write
refused run 0 0 1000 0:1:0:3
refused run 0 0 1000 $report $report $verify
refused run 0 1 1000 $verify
refused run 0 3 1000 $report
refused take 4
is "$(done_by_lab)" "0 0 0 0 0" "nothing of that was executed"
wanted="ok 0 cf1 done done done 1 cf1 done done done"
gives run 0-1 1 1000 $report $rmpread $msr $cpuid
ok "rmpopt works on" scan full
ok "and is unloaded" unload
ok "and loaded, beside the laboratory" load
wait_state ready
ok "the laboratory is unloaded" rmmod rmpopt_lab
done_testing
