#!/bin/sh
# Slices: how often and for how long followers are interrupted, on the modelled clock.
# machine: --cores 4 --regions 256 --costs
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

cycles_per_us=2000
followers=3

# pass_with SLICE_US - a full pass with counters from 0
pass_with() {
	put tune/slice_us "$1"
	machinectl reset
	scan full 60
}

machinectl costs on
ok "the module loads" load duty=100
wait_state ready
wait_for at_rest 60 "first pass"
won=$(get regions_optimized)
cmp_ok "$won" '>=' 250 "most of 256 regions are optimized"

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

machinectl costs off
ok "unload" unload
done_testing
