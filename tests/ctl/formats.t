#!/bin/bash
# JSON against the schemas, metrics against the grammar of OpenMetrics.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test formats.py
