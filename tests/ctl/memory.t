#!/bin/bash
# valgrind finds nothing wrong with any command.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test memory.py
