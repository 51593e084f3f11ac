#!/bin/sh
# Beside a kernel that drives RMPOPT itself the module only looks.
# machine: --cores 1
# append: rmpopt.disable=0
# build: tests/modules/in_kernel
# profiles: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
wait_state ready
ok "unload" unload

ok "a kernel with RMPOPT support of its own" load_test in_kernel
machinectl reset
ok "the module loads" load
wait_for '[ "$(get reason)" = "view only: this kernel drives RMPOPT itself" ]' 20 "it only looks, and says why"
is "$(machinectl count base-writes) $(machinectl count verifies)" "0 0" "RMPOPT_BASE was not touched, nothing verified"
like "$(get optimizable)" '^0-' "what the RMP allows is shown"
ok "unload" unload
done_testing
