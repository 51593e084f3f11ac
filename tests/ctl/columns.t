#!/bin/bash
# Columns, formats, colors and widths.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test columns.py
