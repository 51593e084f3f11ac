#!/bin/bash
# Man pages and completion say what --help says.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test docs.py
