# shellcheck shell=dash source=../lib.sh disable=SC2016,SC2154,SC2317
# A whole host without RMPOPT, with SNP guests, for viewing-zen*.sh. The machine is
#	--cores 2 --cpu zenN --snp psp --region-nodes 2
# Node 1 is region 8, node 2 is region 9; both are empty but for guests.
#
# viewing_host OWNERS - OWNERS is known, where there is RMPREAD, or unknown

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
is_used() { ! is_free "$1"; }
# pages_wrong - regions for which rmp_region has not as many pages as the machine
pages_wrong() {
	local region pages
	for region in $(of_regions is_used); do
		pages=$(exact "$region" | awk '{ n += $4 } END { print n + 0 }')
		[ "$pages" = "$(assigned "$region")" ] || echo "$region:$pages"
	done
}

# --- forecast -------------------------------------------------------------------

# The region of RMP_BASE, which holds all of it here
rmp_first() { echo $(($(machinectl rdmsr 0 0xc0010132) >> 30)); }
in_guests() {
	local state pages=0
	for state in pre-guest guest unvalidated; do
		pages=$((pages + $(machinectl states $state "$1")))
	done
	[ $pages -gt 0 ]
}
# true_state REGION - what forecast has to call it
true_state() {
	if [ "$1" = "$rmp" ]; then
		echo rmp
	elif is_free "$1"; then
		echo optimizable
	elif [ "$owners" = unknown ]; then
		echo assigned
	elif in_guests "$1"; then
		echo guest
	else
		echo firmware
	fi
}
# "REGION STATE" of all, by the machine
true_forecast() {
	local region
	for region in $(of_regions true); do
		echo "$region $(true_state "$region")"
	done
}
# It reads the whole RMP, which without RMPREAD takes seconds here: once for all that is asked of it.
# forecast - one object of its --json a line, without blanks, in /tmp/forecast
forecast() { { rmpoptctl forecast --json | tr -d ' \n'; echo; } | sed 's/.*\[//; s/},/}\n/g' >/tmp/forecast; }
# field NAME OBJECT
field() { printf '%s\n' "$2" | sed -nE "s/.*\"$1\":(\"([^\"]*)\"|([^,}]*)).*/\2\3/p"; }
# The same as true_forecast, by the last forecast
said_forecast() {
	local object range
	while read -r object; do
		for range in $(field list "$object" | tr , ' '); do
			seq "${range%-*}" "${range#*-}" | sed "s/\$/ $(field state "$object")/"
		done
	done </tmp/forecast | sort -n
}
# asids_of REGION - by forecast, of that region's node
asids_of() {
	local object
	while read -r object; do
		[ "$(field list "$object")" != "$1" ] || field asids "$object"
	done </tmp/forecast
}
# forecast_is_true DESC
forecast_is_true() {
	forecast
	is "$(said_forecast)" "$(true_forecast)" "forecast is the machine's truth $1"
	is "$(rmpoptctl forecast --noheadings --output state,regions | awk '$1 == "optimizable" { n += $2 } END { print n + 0 }')" \
		"$(of_regions is_free | wc -l)" "its sums, too"
}

# --- the host -------------------------------------------------------------------

# In how many blocks of 2 MiB 16 pages lie is the kernel's choice.
some_blocks='([1-9]|1[0-6])'
# recorded REGION - what rmp has said of it with both guests
recorded() { grep "^$1 " /tmp/rmp; }
guests_known() {
	is "$(recorded 8 | cut -d ' ' -f 4-)" "0 $asid_a" "the guest's ASID"
	like "$(recorded 9)" "^9 0 $some_blocks 0 $asid_b\$" "the other one's, and how many blocks"
	is "$(exact 8)" "8 $asid_a guest $(assigned 8)" "its pages"
	is "$(exact 9)" "9 $asid_b guest $(assigned 9)" "the other one's"
	is "$(asids_of 8) $(asids_of 9)" "$asid_a $asid_b" "forecast names them by node"
}

guests_unknown() {
	is "$(recorded 8 | cut -d ' ' -f 4-)" "? ?" "whose the pages are is not known"
	like "$(recorded 9)" "^9 0 $some_blocks \\? \\?\$" "how many blocks is"
	is "$(exact 8)" "8 ? unknown $(assigned 8)" "and how many pages"
	is "$(exact 9)" "9 ? unknown $(assigned 9)" "in each region"
	is "$(asids_of 8) $(asids_of 9)" "? ?" "forecast says so"
	like "$(rmpoptctl forecast)" "This CPU has no RMPREAD: whether guests or firmware own" "in words"
}

viewing_host() {
	owners=$1
	ok "kvm_amd loads" modprobe kvm_amd
	ok "the module loads" load
	wait_for 'get_is reason "view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC"' 20 "it only looks, and says why"
	is "$(dmesg | grep -c 'rmpopt: viewing: view only: this CPU has no RMPOPT')" 1 "and the kernel log does, once"
	rmp=$(rmp_first)
	is "$(get covered)" "0-$(($(get regions_covered) - 1))" "the RMP covers all from 0 on"
	is "$(get regions_covered)" 10 "up to the last region that has RAM"
	is "$(sed 1d "$views/segments" | awk '{ n += $3 } END { print n }')" 10 "as segments have it"
	same_as_machine "optimizable is what the machine has"
	ok "a region that nobody uses is optimizable" in_list 8 "$(get optimizable)"
	is "$(record rmp 8)" "8 0 0 0 -" "nothing is assigned there"
	is "$(exact 8)" "" "none of its pages"
	[ -z "${RMPOPT_ALL:-}" ] || forecast_is_true "before guests"

	ok "a VMM starts" vmm one
	is "$(vm one launch a 4M@1)" "ok a 8:1024" "a guest"
	asid_a=$(machinectl pages 8 | cut -d ' ' -f 2)
	is "$(vm one launch b 64K@2)" "ok b 9:16" "another one"
	asid_b=$(machinectl pages 9 | cut -d ' ' -f 2)
	same_as_machine "optimizable follows at once"
	forecast_is_true "with guests"
	cat "$views/rmp" >/tmp/rmp
	"guests_$owners"
	is "$(pages_wrong)" "" "all that are in use have as many pages as the machine says"

	vm one end a >/dev/null
	wait_for 'is_free 8' 30 "one guest ends"
	is "$(record rmp 8)" "8 0 0 0 -" "it is gone"
	[ -z "${RMPOPT_ALL:-}" ] || forecast_is_true "with the other one"
	vm one end b >/dev/null
	vmm_end one
	wait_for 'is_free 9' 30 "that one ends, too"
	same_as_machine "their regions are optimizable again"
	[ -z "${RMPOPT_ALL:-}" ] || forecast_is_true "after guests"

	is "$(get optimized)" "" "nothing is optimized"
	is "$(machinectl count base-writes) $(machinectl count faults)" "0 0" "RMPOPT_BASE was not touched, RMPOPT not tried"
	ok "unload" unload
}
