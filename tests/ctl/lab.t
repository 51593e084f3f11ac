#!/bin/bash
# rmpoptctl lab without a machine: what it says, refuses, shows and compares.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test lab.py
