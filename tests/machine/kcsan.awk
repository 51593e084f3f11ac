# Of a kernel log, all lines; the first one of a KCSAN report is changed if the report is not about rmpopt:
# Linux has data races of its own. A report is about rmpopt if a function of it occurs in one of the stacks.

# Not among them is what an interrupt came to: it stands below the interrupt's entry.
function is_ours() { return /\[rmpopt/ && !interrupted }

# Races of Linux that a function of rmpopt is part of by calling Linux:
# - A sleeper looks, without READ_ONCE(), whether its timer has expired, which hrtimer_wakeup() tells by a plain
#   write. With the old value it sleeps on, and is woken up.
# - Whoever reads the clock while it is updated reads it again (a seqcount).
function is_known() {
	return /data-race in hrtimer_wakeup \/ schedule_hrtimeout_range_clock/ || \
		/data-race in ktime_get[a-z_]* \/ timekeeping_update_from_shadow/
}

function end_report() {
	if (!inside)
		return
	if (!ours || known)
		sub(/BUG: KCSAN/, "not of rmpopt: KCSAN", head)
	printf "%s\n%s", head, report
	inside = 0
}
/BUG: KCSAN:/ {
	end_report()
	head = $0
	report = ""
	interrupted = 0
	ours = is_ours()
	known = is_known()
	inside = 1
	next
}
inside {
	report = report $0 "\n"
	if (/ bytes by .* on cpu /)
		interrupted = 0
	if (is_ours())
		ours = 1
	if (/ asm_(sysvec_|common_interrupt|spurious_interrupt)/)
		interrupted = 1
	if (/==========/)
		end_report()
	next
}
{ print }
END { end_report() }
