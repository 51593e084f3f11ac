# shellcheck shell=dash source=../lib.sh disable=SC2016,SC2154,SC2317
# Random answers of the hardware: the laboratory finds them out, and what things cost. Sourced with
# the number of settings in $settings; three cores of two threads, modelled costs.
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# draw SEED - "QUESTION ANSWER" lines. Of a number of ms the laboratory says the order of magnitude.
# A table that is lost with one thread is lost with all.
draw() {
	awk -v "seed=$1" '
		BEGIN { srand(seed) }
		{
			answer = $(2 + int(rand() * (NF - 1)))
			if ($1 == "offline-thread" && answer == "emptied") emptied = 1
			if ($1 == "offline-core" && emptied) answer = "emptied"
			print $1, answer
		}' <<-END
		disarmed ud gp cf0
		report-first cf0 cf1
		rax-unaligned rounded gp cf0
		rax-upper ignored gp cf0
		rax-below cf0 gp wraps
		rax-above cf0 gp wraps
		rax-beyond-rmp cf0 cf1 gp
		rax-hole cf0 cf1 gp
		rcx-2 verify report gp
		rcx-3 verify report gp
		rcx-upper ignored gp
		en-clear ignored gp cleared
		other-base taken-emptied taken-kept ignored gp
		same-base kept emptied gp
		sibling shared own
		cache-success none until-conversion 100 1000 10000
		cache-failure none yes
		failure-cost early whole
		idle kept emptied
		offline-thread kept emptied
		offline-core kept emptied
		rmpread-own assigned gp ud code-5
		rmpread-mmio unassigned gp code-3
		rmpread-unaligned rounded gp code-2
		loss at-once before-return late
		END
}

# expected GOT - what the laboratory is to say. What can't be seen: the window begins at address 0. Where cores were armed
# before, what comes before that is over, and results may be remembered. Some questions need a bit that is clear: where
# cores were armed before, or with "cf1", all may be set; then GOT may say unknown, but nothing that is wrong.
expected() {
	local unknown=rax-below maybe=''
	[ -z "$armed_before" ] || unknown="$unknown disarmed report-first cache-success cache-failure failure-cost"
	if [ -n "$armed_before" ] || [ "$(machinectl answer report-first)" = cf1 ]; then
		maybe="rcx-2 rcx-3 rcx-upper sibling"
	fi
	machinectl answers | awk -v "got=$1" -v "list=$unknown" -v "open=$maybe" '
		function note(names, set, n, name, i) {
			n = split(names, name, " ")
			for (i = 1; i <= n; i++) set[name[i]] = 1
		}
		BEGIN {
			note(list, unknown)
			note(open, maybe)
			while ((getline line <got) > 0)
				if (split(line, word, " ") == 2 && word[2] == "unknown" && word[1] in maybe)
					unknown[word[1]] = 1
		}
		{ print $1, $1 in unknown ? "unknown" : $2 }'
}

# Without the one that needs clocks that can be compared, or only that one.
but_loss() { grep -v '^loss '; }
the_loss() { grep '^loss '; }

# median ID - of what was measured on one core, all rounds
median() {
	awk -F '[": ,]+' -v "id=$1" '$2 == "id" { now = $3 } $2 == "cores" { cores = $3 }
		$2 == "median" && now == id && cores == 1 { print $3 }' "$report/lab.json"
}

# costs ID CYCLES... - every median is within 5 % of one of these; there may be none
costs() {
	local id=$1
	shift
	median "$id" | awk -v "id=$id" -v "wanted=$*" '
		BEGIN { n = split(wanted, w, " ") }
		{
			for (i = 1; i <= n; i++)
				if ($1 >= 0.95 * w[i] && $1 <= 1.05 * w[i]) next
			print id, $1
		}'
}

# What the model says of each. Of three verifies that fail the one in the middle is that of the RMP's own region,
# which begins in block 384; a result that is remembered is not read again.
wrong_costs() {
	local failed=3765 cached=2000
	[ "$(machinectl answer failure-cost)" = early ] || failed=5000
	[ "$(machinectl answer cache-failure)" = none ] || failed="$failed 2000"
	[ "$(machinectl answer cache-success)" != none ] || cached=5000
	costs report 60
	costs rmpread 100
	costs verify-paid 5000
	# shellcheck disable=SC2086 # a list
	costs verify-failed $failed
	case $(machinectl answer cache-success) in *0) return ;; esac
	costs verify-again "$cached"
	costs verify-cached "$cached"
}

# Totals, in us, of passes by the kernel's algorithms: no verify takes more than 6,000 cycles of 0.5 ns.
wrong_totals() {
	awk -F '[": ,]+' '
		$2 == "algorithm" { verifies = 0 }
		$2 == "verifies" { verifies = $3 }
		$2 == "total_us" && verifies { n++; if ($3 == 0 || $3 > 3 * verifies) print $3 " for " verifies }
		END { if (n != 6) print n " of them" }' "$report/lab.json"
}

# took - of the steps, in ms
took() { awk -F '[": ,]+' '$2 == "id" { id = $3 } $2 == "took_ms" { printf "%s %s; ", id, $3 }' "$report/lab.json"; }

# How cores were used before: not at all, by rmpopt, which is loaded, or by rmpopt, which is gone.
used_before() {
	armed_before=''
	case $1 in 1 | 2) ;; *) return 0 ;; esac
	armed_before=yes
	load watch_ms=5000 init_check=0 && wait_for 'state_is ready && at_rest' 60 && put tune/delay_ms 7000 || return 1
	[ "$1" = 1 ] || unload
}

# setting SEED - one
setting() {
	local seed=$1 line
	ok "setting $seed: a fresh machine" fresh "$(profile)"
	short_kallsyms
	draw "$seed" >/tmp/drawn
	while read -r line; do
		# shellcheck disable=SC2086 # two words
		machinectl answer $line
	done </tmp/drawn
	# Pages of a guest's, near the beginning of region 0 and near the end of region 1.
	machinectl assign $((100 * 512)) 1
	machinectl assign $((0x40000 + 470 * 512)) 1
	ok "setting $seed: the host before" used_before $((seed % 5))
	host_before
	machinectl crowd 1
	machinectl costs on
	run_lab
	is "$status" 0 "setting $seed: the laboratory comes to its end"
	[ "$status" = 0 ] || diag "$(printf '%s\n' "$out" | tail -n 5)"
	is "$(wrong_totals | paste -sd ' ')" "" "setting $seed: passes take as long as their instructions"
	diag "$(took)"
	answers_of "$report/lab.json" | but_loss | sort >/tmp/got
	expected /tmp/got | but_loss | sort >/tmp/wanted
	is "$(diff /tmp/got /tmp/wanted)" "" "setting $seed: its answers are the machine's"
	is "$(wrong_costs | paste -sd ' ')" "" "setting $seed: costs are those of the model"
	machinectl costs off
	[ $((seed % 4)) != 3 ] || when_lost
	host_as_before "setting $seed"
}

# What takes clocks that can be compared, and minutes.
when_lost() {
	run_lab --convert --steps convert
	diag "$(took)"
	is "$status" 0 "setting $seed: conversions"
	is "$(answers_of "$report/lab.json" | the_loss)" "$(expected /tmp/got | the_loss)" "setting $seed: when bits are lost"
}

first=${RMPOPT_SEED:-1}
# Others under the other profile.
[ "$(profile)" = kind ] || first=$((first + 1000))
for seed in $(seq "$first" $((first + settings - 1))); do
	setting "$seed"
done
done_testing
