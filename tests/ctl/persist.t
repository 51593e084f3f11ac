#!/bin/bash
# rmpoptctl set --persist: what it refuses, whose the file is, who can hold it up.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test persist.py
