#!/bin/sh
# rmpoptctl on a living host: check, load, status, map, scan, cores, set, metrics, unload.
# machine: --sparse --cores 2 --threads 2
# modules: msr
# check: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# Output and exit code of a command line of rmpoptctl.
ctl() {
	out=$(rmpoptctl "$@" 2>/tmp/stderr)
	code=$?
	err=$(cat /tmp/stderr)
}
cells() { rmpoptctl "$1" --noheadings --output "$2" | tr -s ' ' | sed 's/^ //; s/ $//'; }
result_of() { printf '%s\n' "$checked" | awk -v "name=$1" '$1 == name { print $2 }'; }

# The last page of region 1024 belongs to a guest; region 1 holds the RMP.
page=$((1025 * 0x40000 - 1))
ok "an SNP guest has one page of region 1024" machinectl assign "$page" 5 4k

# check_all DESC - it finds nothing wrong; what it says of each is in $checked
check_all() {
	ctl check --noheadings --output name,result,read
	checked=$out
	diag "$out"
	is "$code" 0 "check finds nothing wrong $1"
}
check_all "before the load"
for name in vendor hypervisor snp rmpread segments rmpopt syscfg rmp_base rmp_cfg iommu kernel in_kernel \
	kdump cmdline modprobe cpus snp_host snp_init built vermagic signature blacklist parameters; do
	is "$(result_of $name)" PASS "check: $name"
done
for name in loaded state; do
	is "$(result_of $name)" SKIP "check: $name is to come"
done
is "$(machinectl count base-writes)" 0 "it has written nothing"
# A check has read all of it; from here on in check-all only.
[ -n "$(everyday '' all)" ] || short_kallsyms

ctl status
is "$code" 1 "status without the module fails"
like "$err" "not loaded.*rmpoptctl load" "and says what to do"

ctl load slice_us=5
is "$code" 2 "load refuses a bad value"
nok "and loads nothing" loaded
ctl load watch_ms=0 audit_ms=0 slice_us=20
is "$code" 0 "load with parameters"
is "$(get tune/slice_us)" 20 "they are in force"
wait_state ready
wait_for had_pass 30 "the first pass ends"
ctl load
is "$code" 0 "a second load changes nothing, and is well"
like "$out" "loaded already" "and says so"
ctl load duty=3
is "$code $(get tune/duty)" "1 5" "but not if it is to change something"

check_all "after the load"
is "$(result_of loaded) $(result_of state) $(result_of debugfs)" "PASS PASS PASS" "check: loaded, at work, debugfs"

# status: each field of JSON is what the file says.
ctl status
diag "$out"
is "$code" 0 "status"
like "$out" "^  Optimized +2 of 4 GiB \(50.0 %\)" "says how much is optimized"
like "$out" "1 GiB holds the RMP itself" "and that the RMP's own region never is"
like "$out" "1 GiB held pages of SNP guests or firmware when last tried" "and that a guest is in the way"
field() { printf '%s\n' "$json" | sed -nE "s/^ *\"$1\": *\"?([^\",]*)\"?,?\$/\1/p"; }
json=$(rmpoptctl status --json)
for name in state reason regions_covered regions_optimized regions_uncovered requested served passes last_result; do
	is "$(field $name)" "$(get $name)" "status --json: $name"
done
for name in last_trigger last_pass_time_s last_pass_us last_stolen_us slices overruns faults worst_slice_ns worst_slice_cpu; do
	is "$(field $name)" "$(count $name)" "status --json: $name"
done

# map: what the machine says about each region and core.
truth() { machinectl map | awk '{ print $1, ($3 ~ /^#+$/ ? "optimized" : "not") }'; }
mapped() {
	cells map first,last,state | while read -r first last state; do
		[ "$state" = optimized ] || state=not
		for region in $(seq "$first" "$last"); do echo "$region $state"; done
	done
}
is "$(mapped)" "$(truth)" "map equals the truth"
is "$(cells map first,node,state)" "0 0 optimized
1 0 rmp
1024 1 held
1025 1 optimized" "with nodes, and why not"
ctl map
diag "$out"
like "$out" "^ +0  #R" "the picture of node 0"
like "$out" "^ +1024  \.#" "the picture of node 1"

# scan_wait OPTION... - a pass in which no core was late, as scan_whole
scan_wait() {
	for _ in 1 2 3 4 5; do
		fulls=$(count passes_full)
		ctl scan --wait "$@"
		[ $code = 64 ] || break
		wait_for 'get_is cores_behind "" && at_rest' 20
	done
}

# scan --wait
ok "the guest gives its page back" machinectl release "$page" 4k
begun=$(date +%s)
scan_wait --timeout 30
is "$code" 0 "scan --wait"
like "$out" "^ok: 3 of 4 GiB optimized" "tells the result"
is "$(get served)" "$(get requested)" "the request is served"
is "$(mapped)" "$(truth)" "map equals the truth"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
cmp_ok "$(count last_pass_time_s)" '>=' "$begun" "and when that was"
cmp_ok "$(count last_pass_time_s)" '<=' "$(date +%s)" "which is not to come"
ctl scan --cancel
is "$code" 0 "scan --cancel, with nothing to cancel"
scan_wait --full --json
is "$code" 0 "scan --full --wait --json"
json=$out
is "$(field request) $(field result) $(field regions_optimized)" "$(get requested) ok 3" "tells the same"
is $(($(count passes_full) - fulls)) 1 "a full pass has run"

# A pass that can't end: the wait does.
hold_leader 1
put scan full
ok "the leader is held" machinectl wait-gate --timeout 10
ctl scan --wait --timeout 1
is "$code" 1 "scan --wait --timeout ends"
like "$err" "request $(get requested) is not served after 1 s" "and says so"
machinectl open
wait_for at_rest 10 "the pass goes on"

ctl disable
is "$code" 0 "disable"
wait_state stopped
ctl status
is "$code" 1 "status: stopped"
like "$out" "^  Next +rmpoptctl enable starts it again\$" "says how it starts again"
ctl enable
is "$code" 0 "enable"
wait_for 'get_is regions_optimized 3 && at_rest' 20 "it works again"

is "$(cells cores cpu | tr '\n' ' ')" "0 2 4 6 " "cores: one line for each"
is "$(rmpoptctl cores 3,6 --raw -n -o cpu | tr '\n' ' ')" "2 6 " "cores LIST: those of these CPUs"
leaders=$(rmpoptctl cores -n -o cpu,role | awk '$2 == "leader" { print $1 }' | tr '\n' ',')
is "$leaders" "$(get leaders)," "cores: those that lead"

# set: all or nothing.
ctl set slice_us=30 duty=101
is "$code" 2 "set refuses a bad value"
is "$(get tune/slice_us)" 20 "and writes none of them"
ctl set slice_us=30 nonsense=1
is "$code $(get tune/slice_us)" "2 20" "set refuses an unknown name whole"
ctl set slice_us=30 cpus=0
is "$code $(get tune/slice_us)" "2 20" "set refuses what is for the load only"
ctl set slice_us=30 parallel=8192
is "$code" 0 "set takes what is in its limits"
is "$(get tune/slice_us) $(get tune/parallel)" "30 8192" "and writes it"
mkdir -p /etc/modprobe.d
ok "modprobe.d can't be written to" eval 'mount -o bind /etc/modprobe.d /etc/modprobe.d && mount -o remount,bind,ro /etc/modprobe.d'
ctl set --persist slice_us=77
is "$code $(get tune/slice_us)" "1 30" "set --persist that can't be kept changes nothing"
like "$err" "Read-only.*nothing was changed" "and says so"
ok "modprobe.d can be written to again" umount /etc/modprobe.d
printf 'options rmpopt duty=3 slice_us=40\noptions other x=1\n' >/etc/modprobe.d/rmpopt.conf
ctl set --unset duty
is "$code $(get tune/duty)" "0 5" "set --unset: the default"
ctl set --persist slice_us=25 cpus=0-3
is "$code" 0 "set --persist"
is "$(cat /etc/modprobe.d/rmpopt.conf)" "options rmpopt duty=3
options other x=1
options rmpopt slice_us=25 cpus=0-3" "keeps other lines and options"

ctl metrics
is "$code" 0 "metrics"
like "$out" "^rmpopt_regions_optimized 3\$" "have the numbers"
like "$out" "^rmpopt_passes_total\{kind=\"full\"\} $(count passes_full)\$" "and the counts"
like "$out" "^rmpopt_info\{version=\"$(cat /sys/module/rmpopt/version)\"\} 1\$" "and the version"
ctl metrics --textfile
like "$out" "^# TYPE rmpopt_passes_total counter\$" "metrics --textfile declares counters by their samples' name"

# A saved tree says what the host says.
ctl status --save /tmp/saved
is "$code" 0 "status --save"
like "$out" "where guests live" "says what is in it"
for command in "status --json" "map --json" "cores --json" "check --json" "set --json" metrics; do
	# shellcheck disable=SC2086
	is "$(rmpoptctl $command --sysroot /tmp/saved)" "$(rmpoptctl $command)" "$command --sysroot says the same"
done
if [ -n "$(everyday '' tar)" ]; then
	ctl status --save /tmp/saved.tar
	is "$code" 0 "status --save to a tar"
	mkdir /tmp/unpacked && tar -xf /tmp/saved.tar -C /tmp/unpacked
	is "$(rmpoptctl status --json --sysroot /tmp/unpacked)" "$(rmpoptctl status --json)" "which says the same"
fi
is "$(find /tmp/saved ! -perm -700 ! -perm -600 | wc -l)$(find /tmp/saved -perm /077 | wc -l)" 00 "for its owner only"
rm -rf /tmp/saved /tmp/unpacked /tmp/saved.tar

exec 9</sys/kernel/debug/rmpopt/cores
ctl unload
is "$code" 1 "unload fails while a file of debugfs is open"
like "$err" "^rmpoptctl: .*files in debugfs open" "and names that"
is "$(printf '%s\n' "$err" | wc -l)" 1 "in a line of its own"
is "$(state)" ready "nothing has happened"
exec 9<&-
ctl unload
is "$code" 0 "unload"
nok "nothing is left" loaded
written_once
ctl load
is "$code" 0 "load with what was persisted"
is "$(get tune/slice_us) $(get tune/duty) $(cat /sys/module/rmpopt/parameters/cpus)" "25 3 0-3" "is as persisted"
ctl unload
is "$code" 0 "unload"
rm -f /etc/modprobe.d/rmpopt.conf
done_testing
