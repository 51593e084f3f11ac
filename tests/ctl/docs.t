#!/bin/bash
# Man pages say what --help says; what is installed.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test docs.py
