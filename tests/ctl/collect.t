#!/bin/bash
# promtool and a real node_exporter take the metrics.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
run_ctl_test collect.py
