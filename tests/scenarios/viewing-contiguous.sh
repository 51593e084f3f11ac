#!/bin/sh
# RMPOPT needs a segmented RMP, which Linux 6.12 doesn't know: the module only looks, by RMPREAD.
# kernel: all
# machine: --cores 1 --contiguous
# profiles: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2034,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
why='view only: the RMP is not segmented, which RMPOPT requires: run Linux 6.14 or later, and enable the segmented RMP in the BIOS'

ok "the module loads" load
wait_for 'get_is reason "$why"' 20 "it only looks, and says why"
is "$(get covered)" "0-7" "all regions are covered"
is "$(sed 1d "$views/segments" | cut -d ' ' -f 1-4)" "0 0 8 0x170004000" "the RMP is as one segment"
is "$(machinectl count base-writes) $(machinectl count verifies)" "0 0" "RMPOPT_BASE was not touched, nothing verified"
# Without RMPREAD the kernel reads entries that only a machine with a PSP has.
case $(uname -r) in
6.12.*)
	ok "unload" unload
	done_testing
	exit
	;;
esac

machinectl snp enable >/dev/null
machinectl snp init >/dev/null
is "$(get optimizable)" "0-4,6-7" "all but the RMP's own is optimizable"
ok "a guest has the last page of a region" machinectl assign $((3 * 0x40000 - 1)) 7 4k
is "$(get optimizable)" "0-1,3-4,6-7" "that one is not any more"
is "$(grep '^2 ' "$views/rmp")" "2 0 1 0 7" "as the guest is in the way"
ok "it gives the page back" machinectl release $((3 * 0x40000 - 1)) 4k
is "$(get optimizable)" "0-4,6-7" "it is again"
is "$(get optimized)" "" "nothing is optimized"
is "$(machinectl count base-writes) $(machinectl count verifies)" "0 0" "RMPOPT_BASE was not touched, nothing verified"
ok "unload" unload
done_testing
