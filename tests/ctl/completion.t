#!/bin/bash
# Completion offers what fits, in each shell.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test completion.py
