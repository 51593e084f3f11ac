#!/bin/bash
# Each command of rmpoptctl on saved trees.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test commands.py
