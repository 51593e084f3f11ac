#!/bin/sh
# The laboratory finds out random answers of the hardware and what things cost: two of the forty in lab-settings-all.sh.
# machine: --cores 3 --threads 2 --costs
# boot: own
# profiles: kind
# timeout: 900
# shellcheck shell=dash source=parts/lab-settings.sh
settings=1
. /rmpopt/parts/lab-settings.sh
