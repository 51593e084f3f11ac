#!/bin/bash
# valgrind finds nothing wrong with any command.
# check-all: valgrind takes minutes, and fuzz.t has the sanitizers
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test memory.py
