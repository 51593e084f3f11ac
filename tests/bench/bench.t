#!/bin/bash
# The bench with little patience for its idle case: every row is a check, and so are what it writes
# and that each row can be missed. In "make check" the cores have one thread each: what is counted are
# cores, and half as many vCPUs take half the time.
set -euo pipefail
# shellcheck source=../machine/host.sh
. "$(dirname -- "$0")/../machine/host.sh"

bench=$tree/tests/bench/run
out=$build/bench-short
tests=0

# check DESCRIPTION COMMAND...
check() {
	local what=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		printf 'ok %d - %s\n' "$tests" "$what"
	else
		printf 'not ok %d - %s\n' "$tests" "$what"
	fi
}

# Lines of the table that end in a verdict.
rows() { sed -nE 's/ +(holds|MISSED|NOT MEASURED)$/|\1/p' "$out/table.txt"; }

# The same rows are in the JSON, and the simulator's numbers.
json_is_whole() {
	perl -MJSON::PP -0e '
		my $json = decode_json(<STDIN>);
		exit !(@{$json->{rows}} == $ARGV[0] && grep { $_->{who} eq "sim" } @{$json->{measured}})' \
		"$(rows | wc -l)" <"$out/bench.json"
}

# Bars of all three, and what was simulated.
plot_is_whole() {
	local part
	for part in '^<svg ' '#9ca3af' '#b91c1c' '#2563eb' '#f59e0b' '^</svg>$'; do
		grep -q "$part" "$out/bench.svg" || return 1
	done
}

# Rows of the comparison in FILE, numbers only, without their commas.
compared() { sed -nE '/^\| (full|every|nothing|delta),? .* \/ .* \/ /{s/,//g;s/[^0-9.]+/ /g;p}' "$1"; }

# The numbers in the project's README are those that were measured, within a tenth; counts may also
# be one off.
readme_is_true() {
	paste -d ' ' <(compared "$tree/README.md") <(compared "$out/table.txt") | awk '
		function far(a, b) { return (a > b ? a - b : b - a) > 0.1 * b + (b !~ /[.]/) }
		{
			for (i = 1; i <= NF / 2; i++)
				wrong += far($i, $(i + NF / 2))
			wrong += NF < 30 || NF % 2
		}
		END { exit wrong || NR != 5 }'
}

can_fail() { "$bench" --out "$out" --can-fail >"$out/can-fail.txt" 2>&1; }

main() {
	local row threads=1
	[ -z "${RMPOPT_ALL-yes}" ] || threads=2
	host_needs perl=perl
	mkdir -p "$out"
	rm -f "$out"/table.txt "$out"/bench.*
	"$bench" --out "$out" --idle 10 --threads "$threads" >"$out/output.txt" 2>&1 || sed 's/^/# /' "$out/output.txt"
	[ -s "$out/table.txt" ] || { printf 'not ok 1 - it is measured\n1..1\n'; exit 1; }
	while IFS= read -r row; do
		check "$(tr -s ' ' <<<"${row%|*}")" [ "${row##*|}" = holds ]
	done < <(rows)
	check "there are rows, and some are the simulator's" grep -q ' sim: ' "$out/table.txt"
	check "bench.json has all rows" json_is_whole
	check "bench.svg shows all four" plot_is_whole
	check "the README has the same numbers" readme_is_true
	check "each row can be missed" can_fail
	printf '1..%d\n' "$tests"
}

main
