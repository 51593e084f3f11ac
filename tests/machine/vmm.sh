# shellcheck shell=dash
# VMs for tests in the guest: each VMM is one snpvm with a FIFO for its commands and one for its answers.
# Sourced by lib.sh of the scenarios and of the machine's own tests.

# pause SECONDS - a process that sleeps would take as much CPU time, under emulation
[ -p /tmp/never ] || mkfifo /tmp/never
exec 8<>/tmp/never
# shellcheck disable=SC3045 # busybox
pause() { read -r -t "$1" _ <&8 || :; }
nap() { pause 0.02; }

# vmm_until CONDITION SECONDS
vmm_until() {
	local tries=$(($2 * 50))
	until eval "$1"; do
		[ "$tries" -gt 0 ] || return 1
		tries=$((tries - 1))
		nap
	done
}

# vmm NAME - start one
vmm() {
	local dir=/tmp/vmm-$1
	rm -rf "$dir"
	mkdir "$dir" && mkfifo "$dir/in" "$dir/out" || return 1
	snpvm <"$dir/in" >"$dir/out" 2>&1 &
	echo $! >"$dir/pid"
	# Held open: snpvm would see the end after the first command, and have nobody to answer to.
	sleep 100000 >"$dir/in" 4<"$dir/out" 2>/dev/null &
	echo $! >"$dir/holder"
	[ "$(vmm_says "$1" 30)" = ready ]
}

# vmm_says VMM SECONDS - the next line that it says. Opened for both, as opening it waits for nobody then.
vmm_says() {
	local line
	# shellcheck disable=SC3045 # busybox
	read -r -t $(($2 * ${RMPOPT_SLOWER:-1})) line <>"/tmp/vmm-$1/out" && printf '%s\n' "$line"
}

# vm_send VMM COMMAND... - without waiting for the answer
vm_send() {
	local dir=/tmp/vmm-$1
	shift
	echo "$*" >"$dir/in"
}

# vm_answer VMM [SECONDS] - print the answer to what was sent; status 1: an error, 2: none
vm_answer() {
	local answer
	answer=$(vmm_says "$1" "${2:-60}") || return 2
	printf '%s\n' "$answer"
	case $answer in ok*) ;; *) return 1 ;; esac
}

# vm VMM COMMAND... - both; the commands are in tests/machine/README.md
vm() {
	vm_send "$@"
	vm_answer "$1"
}

# A zombie has closed all that it had.
vmm_gone() { vmm_until "! grep -q '^State:.[^ZX]' /proc/$(cat "/tmp/vmm-$1/pid")/status 2>/dev/null" 60; }

# vmm_end VMM - it closes what it has and ends
vmm_end() {
	kill "$(cat "/tmp/vmm-$1/holder")"
	vmm_gone "$1"
}

# vmm_kill VMM - it dies by SIGKILL; whoever keeps memory for it lives on
vmm_kill() {
	kill -KILL "$(cat "/tmp/vmm-$1/pid")" "$(cat "/tmp/vmm-$1/holder")" 2>/dev/null
	vmm_gone "$1"
}
