#!/bin/bash
# Commands that write, wait or measure, on a host of files.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test live.py
