#!/bin/bash
# rmpoptctl status --save: what is in it, and that it is whole or nothing.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test save.py
