#!/bin/sh
# The kernel's own test of KVM_SEV_INIT2: VMs of the types SEV, SEV-ES and SNP begin and end, beside a module that works.
# Not run: sev_dbg_test, sev_migrate_tests and sev_smoke_test. None of them skips itself, and each begins with
# KVM_SEV_LAUNCH_START for a SEV guest: EIO, as the emulated PSP has no such command. The last runs guest code, too.
# machine: --cores 4 --snp psp --region-nodes 4
# profiles: kind
# check: none
# selftests: kvm/x86/sev_init2_tests
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && state_is ready && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

ok "the module loads" load watch_ms=100 audit_ms=1000
ok "kvm_amd loads" modprobe kvm_amd
# The test leaves out what is not there.
is "$(dmesg | grep -cE 'kvm_amd: SEV(-ES|-SNP)? enabled')" 3 "it has SEV, SEV-ES and SNP"
wait_for settled 30 "all is optimized"

passes=$(get passes)
sev_init2_tests >/tmp/suite 2>&1 &
running=$!
wait_for 'put scan full 2>/dev/null; ! kill -0 $running 2>/dev/null' 120 "sev_init2_tests comes to its end" || kill $running
wait $running
status=$?
cmp_ok $(($(get passes) - passes)) '>=' 2 "passes ran meanwhile"
is $status 0 "it has passed"
[ $status = 0 ] || diag "$(tail -n 12 /tmp/suite)"
wait_for settled 60 "the tables equal the truth"
ok "kvm_amd is unloaded" rmmod kvm_amd
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
