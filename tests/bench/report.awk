# What was measured -> tables on stdout, a JSON file and a plot. Input: lines "measure CASE WHO
# NAME VALUE". The bounds are compiled in by "run", as a function check_all().
# Variables: json, svg (files). Exit status 1: a bound does not hold, or a number is missing.

$1 == "measure" {
	value[$2, $3, $4] = $5 + 0
	if (!(($2, $3) in names))
		order[++n] = $2 " " $3
	names[$2, $3] = names[$2, $3] (names[$2, $3] == "" ? "" : " ") $4
}

function of(case_, who, name) {
	if (!((case_, who, name) in value)) {
		missing = missing " " case_ "/" who "/" name
		return -1
	}
	return value[case_, who, name]
}

function module(name) { return of(current, "module", name) }
function sim(name) { return of(current, "sim", name) }
function v10(name) { return of(current, "v10", name) }
function merged(name) { return of(current, "merged", name) }

function begin_row(case_) {
	current = case_
	missing = ""
	R = of(case_, "host", "regions")
	S = of(case_, "host", "owned")
	C = of(case_, "host", "cores")
}

function holds(left, op, right) {
	if (op == "==") return left == right
	if (op == "~") return (left > right ? left - right : right - left) <= 0.1 * right
	if (op == "<=") return left <= right
	if (op == "<") return left < right
	if (op == ">=") return left >= right
	return left > right
}

function number(x) { return sprintf(x == int(x) ? "%d" : "%.1f", x) }

function end_row(what, left, op, right,    verdict) {
	verdict = missing != "" ? "NOT MEASURED" : holds(left, op, right) ? "holds" : "MISSED"
	if (missing != "")
		left = right = "?"
	else {
		left = number(left)
		right = number(right)
	}
	printf "%-8s %-34s %10s %-2s %-10s %s\n", current, what, left, op, right, verdict
	rows = rows sprintf("%s\n    {\"case\": \"%s\", \"number\": \"%s\", \"got\": %s, \"must be\": \"%s\", \"bound\": %s, \"verdict\": \"%s\"}",
			    rows == "" ? "" : ",", current, what, left == "?" ? "null" : left, op,
			    right == "?" ? "null" : right, tolower(verdict))
	if (verdict != "holds")
		failed = failed sprintf("  %s: %s: %s %s %s%s\n", current, what, left, op, right,
					missing == "" ? "" : " (missing:" missing ")")
}

# 34816 -> 34,816
function commas(x,    digits, left) {
	digits = sprintf("%d", x)
	for (left = length(digits) - 3; left > 0; left -= 3)
		digits = substr(digits, 1, left) "," substr(digits, left + 1)
	return digits
}

# Three digits, or all that are in front of the point.
function rounded(x) {
	if (x == 0 || x >= 1000)
		return commas(x + 0.5)
	return sprintf(x >= 100 ? "%.0f" : x >= 1 ? "%.1f" : "%.2f", x)
}

# A cell: rmpopt / v10 / merged. UNIT of the counter's make one of the table's; 0: exact counts.
function cell(case_, name, unit,    who, k, i, x, cells) {
	k = split("module v10 merged", who, " ")
	for (i = 1; i <= k; i++) {
		x = measured(case_, who[i], name)	# plot.awk
		cells = cells (i > 1 ? " / " : "") (unit ? rounded(x / unit) : commas(x))
	}
	return cells
}

# The table of the project's README, in its own words.
function side_by_side(    cases, names_, i, k) {
	k = split("full half none delta same", cases, " ")
	split("full, all optimizable|every second region blocked at its last page|nothing optimizable|delta, a guest of 100 regions has ended|nothing has changed", names_, "|")
	if (!(("full", "merged", "cycles") in value))
		return
	printf "\nrmpopt / v10 / merged; the last two columns modelled\n\n"
	print "| a pass | verifies | interruptions | in one go | longest stop, µs | core time, ms |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= k; i++)
		printf "| %s | %s | %s | %s | %s | %s |\n", names_[i], cell(cases[i], "verifies", 0),
		       cell(cases[i], "worst-interruptions", 0), cell(cases[i], "longest-run", 0),
		       cell(cases[i], "longest-cycles", 2e3), cell(cases[i], "cycles", 2e6)
}

function write_json(    i, k, count, list, pair) {
	printf "{\n  \"measured\": [" >json
	for (i = 1; i <= n; i++) {
		split(order[i], pair, " ")
		printf "%s\n    {\"case\": \"%s\", \"who\": \"%s\"", (i > 1 ? "," : ""), pair[1], pair[2] >json
		count = split(names[pair[1], pair[2]], list, " ")
		for (k = 1; k <= count; k++)
			printf ", \"%s\": %d", list[k], value[pair[1], pair[2], list[k]] >json
		printf "}" >json
	}
	printf "\n  ],\n  \"rows\": [%s\n  ]\n}\n", rows >json
	close(json)
}

END {
	printf "%-8s %-34s %10s    %-10s\n", "case", "number", "got", "bound"
	check_all()
	side_by_side()
	write_json()
	write_svg()		# plot.awk
	if (failed != "") {
		printf "\nMissed:\n%s", failed
		exit 1
	}
}
