#!/bin/bash
# View-only mode, and forecast.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test view.py
