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
	printf "%-7s %-29s %12s %-2s %-12s %s\n", current, what, left, op, right, verdict
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

# --- the plot: bars, logarithmic ------------------------------------------------

function text(x, y, anchor, size, words) {
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" font-size=\"%d\">%s</text>\n", x, y, anchor, size, words >svg
}

function bar(x, top, v, colour,    height) {
	height = v > 0 ? 20 + 16 * log(v) / log(10) : 1
	printf "<rect x=\"%d\" y=\"%d\" width=\"36\" height=\"%d\" fill=\"%s\"/>\n", x, top + 180 - height, height, colour >svg
	text(x + 18, top + 175 - height, "middle", 10, v)
}

function panel(top, title, name,    i, k, list, base) {
	text(20, top, "start", 14, title)
	k = split("full half none delta same sparse", list, " ")
	printf "<line x1=\"20\" y1=\"%d\" x2=\"640\" y2=\"%d\" stroke=\"black\"/>\n", top + 180, top + 180 >svg
	for (i = 1; i <= k; i++) {
		# The baseline remembers nothing: where it was not run again, its pass is the one of "full".
		base = (list[i], "baseline", name) in value ? list[i] : "full"
		if (!((list[i], "module", name) in value))
			continue
		bar(i * 100 - 70, top, value[base, "baseline", name], "#b0b0b0")
		bar(i * 100 - 30, top, value[list[i], "module", name], "#2060b0")
		text(i * 100 - 32, top + 196, "middle", 12, list[i])
	}
}

function write_svg() {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"660\" height=\"1020\" font-family=\"sans-serif\">\n" >svg
	printf "<rect width=\"660\" height=\"1020\" fill=\"white\"/>\n" >svg
	text(20, 30, "start", 16, "rmpopt (blue) and the upstream algorithm (grey), logarithmic")
	panel(70, "verifies of all cores in a pass", "verifies")
	panel(310, "interruptions of the core that has most", "worst-interruptions")
	panel(550, "longest interruption of a core (modelled cycles)", "longest-cycles")
	panel(790, "modelled cycles spent in RMPOPT, all cores", "cycles")
	printf "</svg>\n" >svg
	close(svg)
}

END {
	printf "%-7s %-29s %12s    %-12s\n", "case", "number", "got", "bound"
	check_all()
	write_json()
	write_svg()
	if (failed != "") {
		printf "\nMissed:\n%s", failed
		exit 1
	}
}
