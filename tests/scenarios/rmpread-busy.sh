#!/bin/sh
# RMPREAD answers "in use" now and then, or always: what can't be read changes nothing, and a wait that can't end says what to do.
# machine: --cores 4
# check: kind
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
tables_equal() { at_rest && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
became() { dmesg | grep -c "rmpopt: $1: "; }

# looked N - has the module read the RMP N times more than before?
looked() { [ $(($(machinectl count rmpreads) - reads)) -ge "$1" ]; }

# stays_ready WHAT - while the module looks, with whatever RMPREAD answers
stays_ready() {
	reads=$(machinectl count rmpreads)
	never '! state_among ready scanning' 3 "$1: the state stays ready"
	ok "$1: the module has looked meanwhile" looked 10
	is "$(became waiting)" "$waits" "$1: it has never waited"
	scan full
	is "$(get last_result)/$(get reason)" ok/ok "$1: a pass works"
	ok "$1: tables equal the truth" tables_equal
}

ok "the module loads" load hooks=N watch_ms=50 audit_ms=0
wait_state ready
wait_for tables_equal 20 "all is optimized"
rmp=$(cat $views/rmp)
waits=$(became waiting)
for every in $(everyday 2 "2 3 7"); do
	what="each $every. RMPREAD is refused"
	machinectl rmpread-busy "$every" >/dev/null
	stays_ready "$what"
	is "$(cat $views/rmp)" "$rmp" "$what: debugfs rmp is what it was"
	machinectl snp disable >/dev/null
	wait_state waiting 20 "$what: SNP goes"
	machinectl snp enable >/dev/null
	wait_for 'get reason | grep -q SNP_INIT' 20 "$what: SnpEn alone is not enough"
	machinectl snp init >/dev/null
	wait_state ready 20 "$what: waiting ends"
	wait_for tables_equal 20 "$what: tables equal the truth"
	waits=$(became waiting)
done

machinectl rmpread-busy 1 >/dev/null
stays_ready "RMPREAD never answers"
machinectl snp disable >/dev/null
wait_state waiting 20 "RMPREAD never answers: SNP goes"
machinectl reset
machinectl snp enable >/dev/null
machinectl snp init >/dev/null
wait_for 'get reason | grep -q "can.t be read.*load rmpopt with init_check=N"' 20 "RMPREAD never answers: the reason names init_check=N"
never '! state_is waiting' 5 "it waits"
is "$(machinectl count base-writes) $(machinectl count verifies)" "0 0" "nothing is tried meanwhile"
ok "unload" unload
ok "the module loads with init_check=N" load hooks=N watch_ms=50 audit_ms=0 init_check=N
wait_state ready
wait_for tables_equal 20 "tables equal the truth"
ok "unload" unload

ok "the module loads, RMPREAD does not answer" load hooks=N watch_ms=0 audit_ms=0
wait_for 'get reason | grep -q init_check=N' 20 "the reason names init_check=N"
machinectl rmpread-busy 0 >/dev/null
wait_state ready 20 "when it does, waiting ends by itself"
wait_for tables_equal 20 "tables equal the truth"
is "$(machinectl count too-early) $(machinectl count unsafe)" "0 0" "nothing was done too early"
ok "unload" unload
written_once
done_testing
