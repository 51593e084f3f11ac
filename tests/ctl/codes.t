#!/bin/bash
# Exit codes of all commands, as a table.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test codes.py
