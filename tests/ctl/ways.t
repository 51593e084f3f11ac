#!/bin/bash
# Every command in every way in which it may be run.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test ways.py
