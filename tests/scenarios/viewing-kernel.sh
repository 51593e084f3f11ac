#!/bin/sh
# Beside a kernel that drives RMPOPT itself the module only looks, and shows what that kernel's passes achieve.
# machine: --nodes 2 --cores 2 --threads 2
# build: tests/modules/in_kernel
# modules: msr
# check: harsh
# timeout: 300 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2034,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
why='view only: this kernel drives RMPOPT itself'
all=0-4,6-7

records() { sed 1d "$views/$1"; }
# What table has to show, by the machine, on these cores.
machine_table() { for cpu in "$@"; do echo "$cpu 0 8 $(machinectl table "$cpu")"; done; }
pass_of_kernel() { echo 1 >/sys/module/in_kernel/parameters/pass; }
kernel_passes() { cat /sys/module/in_kernel/parameters/passes; }
# optimized_is LIST DESC - within a watch, which a busy machine may make long
optimized_is() { wait_for "[ \"\$(get optimized)\" = \"$1\" ]" 30 "$2"; }
# only_looked DESC - nothing was written and verified; the kernel is idle
only_looked() { is "$(machinectl count base-writes) $(machinectl count verifies)" "0 0" "$1"; }
cells() { rmpoptctl "$1" --noheadings --output "$2" | tr -s ' ' | sed 's/^ //; s/ $//'; }
# ctl COMMAND... - sets $out, checks the exit code
ctl() { out=$(rmpoptctl "$@" 2>&1); is $? 0 "rmpoptctl $*"; }

ok "the module loads into a kernel without" load
wait_state ready
ok "unload" unload
snp_again

ok "a kernel drives RMPOPT itself" load_test in_kernel delay_ms=3600000
is "$(armed)" 4 "it has armed all cores"
is "$(kernel_passes)" 0 "no pass yet"
machinectl reset
ok "the module loads" load watch_ms=100
wait_for 'get_is reason "$why"' 20 "it only looks, and says why"
is "$(state)" viewing "as its state says"
is "$(dmesg | grep -c "rmpopt: viewing: $why")" 1 "and the kernel log, once"
wait_for 'get_is cores 0,2,4,6' 20 "all cores have a table"
leader=$(get leaders)
like "$leader" '^[0246]$' "one of them is looked at often"
is "$(get optimized) $(get regions_optimized)" " 0" "nothing is optimized"
is "$(get hooks)" "none: not used in view-only mode" "hooks says that there are none, and why"
is "$(get optimizable)" "$all" "what the RMP allows is shown"
only_looked "RMPOPT_BASE was not touched, nothing verified"

ok "the kernel makes a pass" pass_of_kernel
machinectl reset
optimized_is "$all" "its regions show as optimized"
is "$(get regions_optimized)" 7 "as many as that"
wait_for 'get_is cores_behind ""' 20 "no core is behind"
is "$(records table)" "$(machine_table 0 2 4 6)" "table is what the machine has"
is "$(records windows | cut -d ' ' -f 1,2,4-)" "0 0 8 7 2
1 0 8 7 2" "windows counts them, by node"
wait_for '[ "$(machinectl count reports)" -ge 200 ]' 30 "the module looks again and again"
is "$(get passes) $(count passes_full) $(count passes_delta)" "0 0 0" "which are no passes"
only_looked "RMPOPT_BASE was not touched, nothing verified"

# A follower loses its table alone: its leader does not see that.
victim=$([ "$leader" = 6 ] && echo 4 || echo 6)
machinectl event 1 lose "$victim"
wait_for '[ "$(machinectl events)" = "0 0" ]' 20 "a core loses its table"
put tune/audit_ms 1000
wait_for 'get_is cores_behind "$victim"' 30 "all are asked within audit_ms: it is behind"
optimized_is "" "so nothing is optimized on all cores"
put tune/audit_ms 3600000
ok "the kernel makes a pass" pass_of_kernel
optimized_is "$all" "it has all again"
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
machinectl reset

# Nothing can be asked for.
for word in now full later cancel; do
	is "$(filectl write $rmpopt/scan $word)" EOPNOTSUPP "scan $word is refused"
done
for word in 0 1; do
	is "$(filectl write $rmpopt/enabled $word)" EOPNOTSUPP "enabled $word is refused"
done
is "$(state) $(get requested) $(get served)" "viewing 0 0" "and changes nothing"

ok "a guest takes a page of region 2" machinectl assign $((3 * 0x40000 - 1)) 9 4k
optimized_is 0-1,3-4,6-7 "which shows within a watch"
is "$(get optimizable)" 0-1,3-4,6-7 "the RMP says so, too"
ok "a guest has 2 MiB of region 6" machinectl assign $((6 * 0x40000 + 512)) 7 2m
optimized_is 0-1,3-4,7 "and that"
ok "the page comes back" machinectl release $((3 * 0x40000 - 1)) 4k
is "$(get optimizable)" 0-4,7 "the RMP allows it"
never '[ "$(get optimized)" != 0-1,3-4,7 ]' 2 "nobody regains it"
only_looked "nor touches or verifies anything"

# rmpoptctl
ctl status
diag "$out"
like "$out" "view only: this kernel drives RMPOPT itself" "says why it only looks"
like "$out" "Optimized +5 of 8 GiB" "and how much is optimized"
like "$out" "Cores +4 with a table in use" "and where"
ctl status --json
like "$out" '"state": *"viewing"' "the state is a word"
like "$out" '"regions_optimized": *5' "and the count a number"
ctl map
diag "$out"
like "$out" "5 of 8 regions of 1 GiB optimized" "sums up"
is "$(cells map first,last,state)" "0 1 optimized
2 2 optimizable
3 4 optimized
5 5 rmp
6 6 held
7 7 optimized" "map by region"
ctl why
is "$(cells why region,state,asids)" "2 optimizable
5 rmp
6 held 7" "why lists what is not optimized, and whose it is"
ctl why 6
like "$out" "guest with ASID 7: 512 pages" "names the guest"
ctl why 2
like "$out" "the kernel, which drives RMPOPT itself, decides" "says who could regain it"
ctl cores
is "$(cells cores cpu,node,base,role,error)" "$(for cpu in 0 2 4 6; do
	echo "$cpu $((cpu / 4)) 0 $([ $cpu = "$leader" ] && echo leader || echo follower) 0"
done)" "cores by node"
ctl forecast
like "$out" "RMPOPT could optimize 6 of 8 GiB" "counts what could be"
like "$out" "5 GiB are optimized now" "and what is"
ctl metrics
like "$out" '^rmpopt_state\{.*"viewing"\} 1' "the state is a metric"
like "$out" '^rmpopt_regions_optimized 5' "what is optimized, too"
modprobe msr
ctl check
like "$out" "VIEW.*the kernel has .*\(\)" "names the function that it knows the kernel by"
unlike "$out" '\[ FAIL \]' "and no failure"
rmpoptctl scan 2>/tmp/stderr
is $? 1 "rmpoptctl scan fails"
like "$(cat /tmp/stderr)" "this kernel drives RMPOPT itself" "and says why"
only_looked "none of them has touched or verified anything"

ok "the kernel makes a pass" pass_of_kernel
optimized_is 0-4,7 "region 2 shows as optimized again"
ok "guest 7 ends" machinectl release $((6 * 0x40000 + 512)) 2m

# A core whose table is not in use is not listed, and found when it is.
# A pass of the kernel begins with the core that asks for it, and would arm that.
ok "another core asks" taskset -pc 0-1 $$ >/dev/null
machinectl event 1 en-off 6
ok "another pass, in which a core loses RMPOPT_EN" pass_of_kernel
wait_for 'get_is cores 0,2,4' 30 "that core is not listed any more"
optimized_is "$all" "what the others have is"
is "$(records cores | awk '$1 == 6 { print $4 }')" out "cores says so"
snp_again
ok "SNP is initialised anew, the kernel arms all and makes a pass" pass_of_kernel
wait_for 'get_is cores 0,2,4,6 && get_is optimized "'$all'" && get_is cores_behind ""' 60 "all is shown again" ||
	diag "cores $(get cores), behind $(get cores_behind), optimized $(get optimized), faulty $(get faulty)" "$(machinectl map)" "$(records cores)"
machinectl reset
# It lets no CPU go offline. Whoever goes tells so before he is gone; here are neither watches nor audits.
ok "the kernel's module is unloaded" rmmod in_kernel
put tune/watch_ms 0
put tune/audit_ms 0
ok "a CPU goes offline" offline 7
ok "and its sibling" offline 6
wait_for 'get_is cores 0,2,4' 20 "their core is not listed any more"
ok "one comes back" online 6
ok "and the other" online 7
put tune/watch_ms 100
wait_for 'get_is cores 0,2,4,6' 20 "it is listed again"
ok "unload" unload
only_looked "it has left RMPOPT_BASE alone"

# Conversions and passes at once, at random moments to each other.
snp_again
ok "a kernel makes passes all the time" load_test in_kernel delay_ms=10 period_ms=30
ok "the module loads" load watch_ms=20
wait_state viewing
optimized_is "$all" "all is optimized"
before=$(kernel_passes)
for n in $(seq 60); do
	page=$(((n * 7 % 5) * 0x40000 + n * 3001))
	machinectl assign $page 3 4k
	[ $((n % 3)) != 0 ] || get optimized >/dev/null
	machinectl release $page 4k
done
cmp_ok $(($(kernel_passes) - before)) '>' 5 "guests come and go beside it"
page=$((4 * 0x40000 + 8))
machinectl assign $page 3 4k
optimized_is 0-3,6-7 "one stays"
machinectl release $page 4k
optimized_is "$all" "in the end all is optimized"
wait_for '[ "$(records table)" = "$(machine_table 0 2 4 6)" ]' 10 "and table is what the machine has"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
written_once
done_testing
