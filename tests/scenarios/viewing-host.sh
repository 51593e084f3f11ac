#!/bin/sh
# Zen 4 has no RMPOPT, no RMPREAD and a contiguous RMP: what the RMP holds is shown, and nothing else is done.
# machine: --cores 2 --cpu zen4 --contiguous --no-rmpopt --snp psp --region-nodes 2
# kernel: 7
# profiles: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt

# of_regions COMMAND - prints the numbers of those for which it succeeds
of_regions() {
	local region=0
	while [ $region -lt "$(get regions_covered)" ]; do
		! "$1" $region || echo $region
		region=$((region + 1))
	done
}
assigned() { machinectl pages "$1" | cut -d ' ' -f 1; }
is_free() { [ "$(assigned "$1")" = 0 ]; }
is_listed() { in_list "$1" "$list"; }
# same_as_machine DESC - optimizable, by the machine
same_as_machine() {
	list=$(get optimizable)
	is "$(of_regions is_listed)" "$(of_regions is_free)" "$1"
}
record() { sed 1d "$views/$1" | grep "^$2 "; }
# exact REGION - what rmp_region says of it
exact() {
	echo "$1" >"$views/rmp_region"
	record rmp_region "$1"
}

ok "kvm_amd loads" modprobe kvm_amd
ok "the module loads" load
wait_for '[ "$(get reason)" = "view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC" ]' 20 "it only looks, and says why"
is "$(get covered)" "0-$(($(get regions_covered) - 1))" "the RMP covers all from 0 on"
is "$(get regions_covered)" 10 "up to the last region that has RAM"
is "$(sed 1d "$views/segments" | cut -d ' ' -f 1-3)" "0 0 10" "it is as one segment"
same_as_machine "optimizable is what the machine has"
ok "a region that nobody uses is optimizable" in_list 8 "$(get optimizable)"
is "$(record rmp 8)" "8 0 0 0 -" "nothing is assigned there"
is "$(exact 8)" "" "none of its pages"

ok "a VMM starts" vmm one
is "$(vm one launch a 4M@1 64K@2)" "ok a 8:1024 9:16" "a guest"
same_as_machine "optimizable follows at once"
is "$(record rmp 8 | cut -d ' ' -f 4-)" "? ?" "whose the pages are is not known"
like "$(record rmp 9)" '^9 0 [1-9][0-9]* \? \?$' "that blocks are divided is"
is "$(exact 8)" "8 ? unknown $(assigned 8)" "and how many pages"
is "$(exact 9)" "9 ? unknown $(assigned 9)" "in each region"
wrong=
for region in $(of_regions true); do
	pages=$(exact "$region" | cut -d ' ' -f 4)
	[ "${pages:-0}" = "$(assigned "$region")" ] || wrong="$wrong $region:$pages"
done
is "$wrong" "" "all regions"
vm one end a >/dev/null
vmm_end one
is "$(record rmp 8)" "8 0 0 0 -" "it is gone"
same_as_machine "its regions are optimizable again"

is "$(get optimized)" "" "nothing is optimized"
is "$(machinectl count base-writes) $(machinectl count faults)" "0 0" "RMPOPT_BASE was not touched, RMPOPT not tried"
ok "unload" unload
done_testing
