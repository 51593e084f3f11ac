#!/bin/sh
# Conversions of the laboratory: what it says where guests take regions meanwhile, how it sees losses, and where it runs.
# machine: --cores 3 --threads 2 --costs
# boot: own
# profiles: kind
# check: none
# programs: env
# timeout: 500
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# Not where instructions are held.
taskset -p 2 $$ >/dev/null
answer_of() { answers_of "$report/lab.json" | awk -v "id=$1" '$1 == id { print $2 }'; }
# why_of QUESTION - if it is unknown
why_of() { awk -F '"' -v "wanted=$1" '$2 == "id" { id = $4 } $2 == "why" && id == wanted { print $4 }' "$report/lab.json"; }
# addresses - RAX of RMPOPT and RMPREAD in readings
addresses() { awk -F '"' '$2 == "what" { what = $4 } $2 == "rax" && what ~ /^RMP(OPT|READ)$/ { print $4 }' "$report/lab.json" | sort -u; }

machinectl costs off
ok "RMPOPT is in use" load init_check=0
wait_state ready
ok "and rmpopt is unloaded" unload
host_before

# A page of every region with RAM but the RMP's own; it is region 5.
taken=$(for region in 0 1 4 6 7; do echo $((region * 0x40000 + 5)); done)
machinectl event 1 gate
begin convert --convert
ok "the first verify after a conversion is held" machinectl wait-gate --timeout 300
for page in $taken; do machinectl assign "$page" 7 4k; done
machinectl open
ended 0 "guests take all regions after the laboratory has looked for free ones"
for question in cache-success cache-failure failure-cost rcx-2 rcx-3 rcx-upper; do
	is "$(answer_of $question)" unknown "$question is unknown then"
done
like "$(why_of cache-success)" 'what a verify costs that reads the RMP is not known: guests have taken' "and why"
like "$(why_of rcx-upper)" 'taken by a guest meanwhile' "and why"
like "$(addresses | paste -sd ' ')" '^R1( R[0-9]+)*$' "the report does not tell which regions those are"
unlike "$(cat "$report/lab.md")" 'what=RMP[A-Z]+ rax=0x' "neither does the mail"
for page in $taken; do machinectl release "$page" 4k; done
host_as_before "regions that are taken"

# A verify that reads the RMP costs more cycles than all reports of a list, and the budget is in between.
machinectl costs on
machinectl crowd 401
machinectl slow 9999 0 150000
machinectl reset
run_lab --convert --steps convert
is "$status" 0 "with costs of a large host the laboratory comes to its end"
cmp_ok "$(machinectl count overrun-run)" '<' 100 "who watches a loss verifies nothing in between"
cmp_ok "$(machinectl count longest-run)" '>=' 2048 "but reports without pause"
machinectl slow 9999 0 0
machinectl costs off

# Moved in step offline, it goes back: CPU 1 is what taskset gave this shell.
machinectl event 5 gate
begin offline,passes
ok "step passes has begun" machinectl wait-gate --timeout 300
is "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$tool/status")" 1 "it runs where taskset has put it"
machinectl open
ended 0 "the laboratory comes to its end"
host_as_before "moved"

cgroup=/tmp/cgroup
mkdir -p $cgroup
mount -t cgroup2 none $cgroup
echo +cpuset >$cgroup/cgroup.subtree_control
mkdir $cgroup/some
echo 1-5 >$cgroup/some/cpuset.cpus
echo $$ >$cgroup/some/cgroup.procs
run_lab --convert --steps convert
is "$status" 0 "in a cpuset without CPU 0 it comes to its end"
is "$(answer_of loss)" unknown "without an answer about losses"
like "$(why_of loss)" 'cpuset .* does not have CPU 0' "as it says"
echo $$ >$cgroup/cgroup.procs
rmdir $cgroup/some
umount $cgroup
host_as_before "a cpuset"
done_testing
