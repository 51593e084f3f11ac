#!/bin/bash
# Random options, and random bytes in the files that are read, under ASan and UBSan.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test fuzz.py sanitized
