#!/bin/bash
# rmpoptctl --sysroot on trees of strangers: links, FIFOs, devices, escape sequences.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test sysroot.py
