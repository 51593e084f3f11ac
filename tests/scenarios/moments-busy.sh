#!/bin/sh
# The same moments where followers have a task that never sleeps: their slices come by tick.
# machine: --cores 4 --threads 2
# check: none
# timeout: 1500
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh

# Nobody is quick there.
bound_ms=30000
spin_on 2 4 6
# shellcheck source=moments.sh
. /rmpopt/scenarios/moments.sh
