#!/bin/sh
# What lies below a window the laboratory finds out where a window does not begin at address 0, and near and far are told apart.
# machine: --sparse --far --cores 1 --threads 2
# profiles: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2154,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/lab.sh
. /rmpopt/parts/lab.sh

for value in $(everyday wraps "cf0 gp wraps"); do
	ok "a fresh machine" fresh kind
	short_kallsyms
	machinectl answer rax-below "$value"
	# Node 1 has memory at 1 TiB and, in the last region of this window, at 3 TiB.
	machinectl wrmsr 2 0xc0010139 0x10040000001
	host_before
	run_lab --steps arm,operands,core
	is "$status" 0 "$value: the laboratory comes to its end"
	is "$(answers_of "$report/lab.json" | grep '^rax-below ')" "rax-below $value" "rax-below $value: it finds that out"
	host_as_before "$value"
done
done_testing
