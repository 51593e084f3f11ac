#!/bin/sh
# Isolated and nohz_full CPUs, where the others have a task that never sleeps.
# machine: --cores 4
# append: isolcpus=0 nohz_full=1-2
# boot: own
# check: none
# timeout: 200
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh

spin_on 0 3
# shellcheck source=isolated.sh
. /rmpopt/scenarios/isolated.sh
