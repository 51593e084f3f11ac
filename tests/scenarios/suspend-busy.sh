#!/bin/sh
# Suspend with a task that never sleeps on each CPU.
# machine: --cores 4
# check: none
# timeout: 400
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh

spin_on 0 1 2 3
# shellcheck source=suspend.sh
. /rmpopt/scenarios/suspend.sh
