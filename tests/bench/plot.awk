# The plot, for report.awk: what a pass costs, as bars on logarithmic scales; an SVG of 1280 x 720.
# Grey v10, red merged, blue rmpopt, a diamond what the simulator says.

function text(x, y, anchor, size, colour, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\" fill=\"%s\">%s</text>\n", x, y, anchor, size, colour, words >svg
}

function box(x, y, width, height, colour) {
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x, y, width, height, colour >svg
}

function diamond(x, y) {
	printf "<path d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\" fill=\"#f59e0b\" stroke=\"white\"/>\n", x, y - 5 >svg
}

# 30585 -> 30.6k
function short(v) {
	if (v >= 1e6)
		return sprintf(v >= 1e8 ? "%.0fM" : "%.1fM", v / 1e6)
	if (v >= 1e4)
		return sprintf(v >= 1e5 || v % 1e3 == 0 ? "%.0fk" : "%.1fk", v / 1e3)
	return sprintf(v == int(v) || v >= 100 ? "%d" : v >= 1 ? "%.1f" : "%.2g", v)
}

# Pixels above the panel's lower edge; what is below the scale is on it.
function height_of(v) { return v > low ? 190 * log(v / low) / log(high / low) : 0 }

function bar(x, bottom, v, colour) {
	box(x, bottom - height_of(v) - 1.5, 25, height_of(v) + 1.5, colour)
	text(x + 12.5, bottom - height_of(v) - 6, "middle", 9, "#374151", short(v))
}

function scale(left, bottom,    v) {
	for (v = low; v <= high; v *= 10) {
		box(left, bottom - height_of(v), 540, v == low ? 1.5 : 0.5, v == low ? "#374151" : "#d1d5db")
		text(left - 8, bottom - height_of(v) + 4, "end", 11, "#6b7280", short(v))
	}
}

# The two remember nothing: where they were not run again, their pass is that of "full".
function measured(case_, who, name) {
	return (case_, who, name) in value ? value[case_, who, name] : value["full", who, name]
}

# panel LEFT TOP TITLE COUNTER UNIT LOW HIGH - UNIT of the counter's make one of the scale's
function panel(left, top, title, name, unit, from, to,    i, k, list, x, bottom) {
	low = from
	high = to
	bottom = top + 230
	text(left - 30, top, "start", 17, "#111827", title)
	scale(left, bottom)
	k = split("full half none delta same sparse", list, " ")
	for (i = 1; i <= k; i++) {
		if (!((list[i], "module", name) in value))
			continue
		x = left + 8 + (i - 1) * 90
		bar(x, bottom, measured(list[i], "v10", name) / unit, "#9ca3af")
		bar(x + 27, bottom, measured(list[i], "merged", name) / unit, "#b91c1c")
		bar(x + 54, bottom, measured(list[i], "module", name) / unit, "#2563eb")
		if ((list[i], "sim", name) in value)
			diamond(x + 66.5, bottom - height_of(value[list[i], "sim", name] / unit))
		text(x + 40, bottom + 17, "middle", 13, "#111827", list[i])
	}
}

function key(x, colour, words) {
	box(x, 56, 14, 14, colour)
	text(x + 20, 68, "start", 14, "#111827", words)
}

function legend() {
	key(800, "#9ca3af", "v10")
	key(865, "#b91c1c", "merged")
	key(960, "#2563eb", "rmpopt")
	diamond(1070, 63)
	text(1082, 68, "start", 14, "#111827", "rmpopt, simulated")
}

function write_svg(    host) {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1280 720\" width=\"1280\" height=\"720\" font-family=\"Helvetica, Arial, DejaVu Sans, sans-serif\">\n" >svg
	box(0, 0, 1280, 720, "white")
	text(40, 44, "start", 26, "#111827", "What one pass costs: rmpopt and two upstream algorithms")
	host = ("full", "host", "cores") in value ? sprintf("emulated host, %d cores, %d regions of 1 GiB", value["full", "host", "cores"], value["full", "host", "regions"]) : "emulated host"
	text(40, 68, "start", 14, "#4b5563", host "; counts are exact, times are of the published cost model")
	legend()
	panel(80, 110, "Verifies, all cores", "verifies", 1, 1, 1e5)
	panel(710, 110, "Interruptions of the most interrupted core", "worst-interruptions", 1, 1, 1e4)
	panel(80, 415, "Core time in RMPOPT, all cores, ms", "cycles", 2e6, 0.01, 1e3)
	panel(710, 415, "Longest stop with interrupts off, \302\265s", "longest-cycles", 2e3, 0.01, 1e5)
	text(40, 704, "start", 11, "#6b7280", "full: all optimizable. half: every second region blocked at its last page. none: every region. delta: a guest of 100 regions has ended. same: nothing changed. sparse: another host, 10 regions, node 1 at 1 TiB.")
	printf "</svg>\n" >svg
	close(svg)
}
