# What was measured -> a table on stdout, a JSON file and a plot. Input: lines "measure CASE WHO
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
function baseline(name) { return of(current, "baseline", name) }

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
	write_json()
	write_svg()		# plot.awk
	if (failed != "") {
		printf "\nMissed:\n%s", failed
		exit 1
	}
}
