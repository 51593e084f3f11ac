#!/bin/sh
# A surprise at a step of the laboratory ends it there, with a report of all before, and the host is as it was.
# machine: --cores 3 --threads 2
# boot: own
# profiles: kind
# check: none
# timeout: 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# Not where instructions are executed, or held.
taskset -p 2 $$ >/dev/null
surprise() { awk -F '"' '/^  "surprise"/ { print $4 }' "$report/lab.json"; }

# ends_at STEPS PATTERN - the run that was made ended in the last of them, and says why; what is before it was done
ends_at() {
	is "$status" 64 "$what at $1: exit status"
	[ "$status" = 64 ] || diag "$(printf '%s\n' "$out" | tail -n 3)"
	like "$(surprise)" "$2" "$what at $1: the report says what it was"
	is "$(step_states | paste -sd ',')" "host done,$(echo "$1" | sed 's/,/ done,/g') surprise" "$what at $1: it ends there, with what was before"
	host_as_before "$what at $1"
	machinectl open
}

host_before
machinectl reset
ok "RMPOPT is in use" load init_check=0
wait_state ready
ok "and rmpopt is unloaded" unload
host_before

for step in report verify core sibling each together base idle offline passes; do
	what='a fault'
	machinectl event 1 ud
	run_lab --steps $step
	ends_at $step ': ud$'
done

machinectl patience 5000
for step in report verify operands core each together base idle passes; do
	what='a core that hangs for 5 s'
	machinectl event 1 gate
	run_lab --steps $step
	ends_at $step '^CPU [0-9-]+ did not answer within [0-9]+ ms$'
done
machinectl patience 0

what='a CF that makes no sense'
for step in verify core each together; do
	machinectl event 1 lie
	run_lab --steps $step
	ends_at $step 'a verify of a region said CF = 0, a report right after it CF = 1'
done
# The report of region 5, which holds the RMP, and the one that looks again.
machinectl event 4 lie
machinectl event 7 lie
run_lab --steps report
ends_at report 'CF = 1 for a region of which a page is assigned'
# That of a page of the laboratory's own: after three rounds of two verifies for each page.
for region in 4 6 7; do machinectl fault-region $region ud; done
what='a fault'
run_lab --convert --steps convert
ends_at convert ': ud$'
for region in 4 6 7; do machinectl fault-region $region off; done

# It takes what step core has found out, and cores that were not armed before.
snp_again
machinectl reset
run_lab --steps arm,core
is "$status" 0 "the laboratory comes to its end"
all=$(($(machinectl count reports) + $(machinectl count verifies) + $(machinectl count faults)))
snp_again
machinectl event $((all + 1)) ud
run_lab --steps arm,core,cache
ends_at arm,core,cache ': ud$'
done_testing
