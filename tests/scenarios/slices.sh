#!/bin/sh
# Slices: how often and for how long followers are interrupted, on the modelled clock.
# machine: --cores 4 --regions 256 --costs
# check: harsh
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

[ ! -e /sys/module/kcsan ] || skip_all "on this kernel KCSAN's pauses make slices longer"

views=/sys/kernel/debug/rmpopt
cycles_per_us=2000
followers=3

# pass_with SLICE_US - a full pass with counters from 0
pass_with() {
	put tune/slice_us "$1"
	machinectl reset
	scan full 60
}

machinectl costs on
# Verifies take longer beside those of other cores. If these begin late in a slice, it overruns,
# so that would be a matter of luck.
machinectl crowd 1
# By tick each instruction has an interruption of its own.
ok "the module loads" load duty=100 followers=ipi
wait_state ready
wait_for had_pass 60 "first pass"
won=$(get regions_optimized)
cmp_ok "$won" '>=' 250 "most of 256 regions are optimized"

# Reading the clock costs 20, an interrupt now and then more.
share() { sed 1d $views/latency | awk -v "kind=$1" -v "from=$2" '$1 == kind { all += $3 } $1 == kind && $2 == from { n += $3 } END { print int(n * 100 / all) }'; }
cmp_ok "$(share report 64)" '>=' 90 "latency: a report takes 80 cycles"
cmp_ok "$(share leader_verify 4096)" '>=' 90 "and a leader's verify 5,020"

over=$(count overruns)
ok "a pass with slices of 50 us" pass_with 50
is "$(machinectl count verifies)" $((256 + won * followers)) "exactly the verifies that are needed"
short=$(machinectl count interruptions)
run=$(machinectl count longest-run)
diag "$short interruptions for $((won * followers)) verifies, $run at most in one"
cmp_ok "$run" '>' 3 "several regions in one interruption"
cmp_ok "$short" '<' $((won * followers / 3)) "so there are far fewer of them than verifies"
cmp_ok "$(machinectl count longest-cycles)" '<=' $((50 * cycles_per_us)) "none is longer than slice_us"
is "$(count overruns)" "$over" "and the module says so"

ok "a pass with slices of 500 us" pass_with 500
long=$(machinectl count interruptions)
cmp_ok "$long" '<' "$short" "longer slices, fewer interruptions ($long)"
cmp_ok "$(machinectl count longest-cycles)" '<=' $((500 * cycles_per_us)) "none is longer than slice_us"

# One instruction can't be cut short: it overruns, alone.
ok "a pass with slices of 10 us, one core at a time" sh -c "echo 1 >$rmpopt/tune/parallel"
ok "ends" pass_with 10
cmp_ok "$(machinectl count longest-cycles)" '<=' $((10 * cycles_per_us)) "none is longer than slice_us"
cmp_ok "$(count worst_slice_ns)" '>' 0 "the worst slice is shown"
like "$(count worst_slice_cpu)" '^[0-3]$' "with its CPU"
put stats/worst_slice_ns 0
is "$(count worst_slice_ns)" 0 "and forgotten on request"
is "$(count worst_slice_cpu)" -1 "with its CPU"

# Who reads debugfs table keeps to that, too: 256 reports of 80 cycles don't fit.
for _ in 1 2 3 4 5; do
	machinectl reset
	table=$(sed 1d $views/table)
	# A core that a busy machine keeps from answering is left out.
	case $table in *' - - -'*) ;; *) break ;; esac
done
is "$(printf '%s\n' "$table" | awk '$3 == 256' | wc -l)" 4 "table shows all cores"
is "$(machinectl count reports)" 1024 "by one report each"
cmp_ok "$(machinectl count longest-run)" '<=' 250 "no more of them in one interruption than fit"
cmp_ok "$(machinectl count interruptions)" '>=' 8 "so each core is interrupted twice"

# As if 128 cores verified at once: 27,400 cycles for a cached result, a slice has 20,000.
machinectl crowd 128
over=$(count overruns)
slices=$(count slices)
ok "a pass in which each instruction takes longer than a slice" pass_with 10
sent=$(($(count slices) - slices))
is "$(machinectl count longest-run)" 1 "each slice executes exactly one"
is "$sent" $((won * followers)) "so there is one for each verify"
is "$(machinectl count interruptions)" "$sent" "the machine saw as many"
is $(($(count overruns) - over)) "$sent" "all of them are overruns"
longest=$(($(machinectl count longest-cycles) * 1000 / cycles_per_us))
cmp_ok "$longest" '>' 10000 "longer than slice_us by the machine's clock, too"
cmp_ok "$(count worst_slice_ns)" '>=' $((longest * 95 / 100)) "the worst slice is as long as that"
cmp_ok "$(count worst_slice_ns)" '<=' $((longest * 105 / 100)) "and not longer"
worst=$(count worst_slice_cpu)
isnt "$worst" "$(get leaders)" "it was a follower's"
like "$worst" '^[0-3]$' "whose CPU is named"
machinectl crowd 1
over=$(count overruns)
ok "a pass in which none does" pass_with 10
is "$(count overruns)" "$over" "has no overrun"

# One that comes back late is judged by what it was sent with, though slice_us is another by then.
# Nothing but the held RMPOPT is on a CPU that is held: this script is on the leader's.
leader=$(get leaders)
ok "on the leader's CPU" taskset -pc "$leader" $$ >/dev/null
victim=$(all_cpus | grep -vx "$leader" | head -n 1)
put tune/slice_us 1000
machinectl event 20 gate "$victim"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ] && get_is last_result partial' 20 "a slice of 1000 us is held in its middle"
is "$(get cores_behind)" "$victim" "its core is behind"
over=$(count overruns)
ok "meanwhile a pass with slices of 10 us" pass_with 10
machinectl open
wait_for 'get_is cores_behind "" && at_rest' 20 "it comes back"
cmp_ok "$(machinectl count longest-cycles "$victim")" '>' $((10 * cycles_per_us)) "it took longer than 10 us"
is "$(count overruns)" "$over" "which is no overrun"

machinectl costs off
ok "unload" unload
done_testing
