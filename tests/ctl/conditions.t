#!/bin/bash
# rmpoptctl check on hosts that lack something.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test conditions.py
