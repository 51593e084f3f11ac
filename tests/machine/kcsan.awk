# Of a kernel log, all lines; the first one of a KCSAN report is changed if no function of rmpopt occurs
# in the report: Linux has data races of its own.
function end_report() {
	if (!inside)
		return
	if (!ours)
		sub(/BUG: KCSAN/, "not of rmpopt: KCSAN", head)
	printf "%s\n%s", head, report
	inside = 0
}
/BUG: KCSAN:/ {
	end_report()
	head = $0
	report = ""
	ours = /\[rmpopt/
	inside = 1
	next
}
inside {
	report = report $0 "\n"
	if (/\[rmpopt/)
		ours = 1
	if (/==========/)
		end_report()
	next
}
{ print }
END { end_report() }
