# A trace of an idle module -> "NAME NUMBER" for each thing that it could do to other CPUs than
# its leaders'. Variable: leaders (CPUs, with commas). Lines: TASK-PID [CPU] FLAGS TIME: EVENT: ...
#
# What a thread of the module does itself is told from what interrupts it by the third of FLAGS,
# which is "." outside of interrupts.

BEGIN {
	n = split(leaders, list, ",")
	for (i = 1; i <= n; i++)
		leads[list[i] + 0] = 1
	split("runs wakes ipis timers", list, " ")
	for (i in list)
		count[list[i]] = count[list[i] "-elsewhere"] = 0
}

function field(name) {
	if (!match($0, "[ (]" name "=[^ )]*"))
		return ""
	return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
}

function note(what, elsewhere) {
	count[what]++
	count[what "-elsewhere"] += !!elsewhere
}

/^#/ { next }

{
	if (!match($0, /\[[0-9]+\] +[^ ]+ +[0-9.]+: [a-z_]+: /))
		next
	split(substr($0, RSTART, RLENGTH), head, " ")
	cpu = substr(head[1], 2) + 0
	event = head[4]
	itself = $0 ~ /^ *rmpopt/ && substr(head[2], 3, 1) == "."
}

event == "sched_switch:" { note("runs", !(cpu in leads)) }

# One of its threads is woken: nobody else may have to do it. It wakes somebody: only its own.
event == "sched_waking:" {
	if (field("comm") ~ /^rmpopt/)
		note("wakes", !(cpu in leads) || !((field("target_cpu") + 0) in leads))
	else if (itself)
		note("wakes", !((field("target_cpu") + 0) in leads))
}

event == "ipi_send_cpu:" && (itself || /\[rmpopt\]/) { note("ipis", !((field("cpu") + 0) in leads)) }
event == "ipi_send_cpumask:" && (itself || /\[rmpopt\]/) { note("ipis", 1) }

# Whoever expires a timer is disturbed; one that is deleted before is an entry of a list.
event == "timer_start:" && itself { started[field("timer")] = 1 }
event == "timer_expire_entry:" && (field("timer") in started) { note("timers", !(cpu in leads)) }
event == "hrtimer_start:" && itself { started[field("hrtimer")] = 1 }
event == "hrtimer_expire_entry:" && (field("hrtimer") in started) { note("timers", !(cpu in leads)) }

END {
	for (what in count)
		print what, count[what]
}
