#!/bin/sh
# The laboratory finds out random answers of the hardware and what things cost: twenty under each profile.
# machine: --cores 3 --threads 2 --costs
# boot: own
# check: none
# timeout: 7200
# shellcheck shell=dash source=parts/lab-settings.sh
settings=20
. /rmpopt/parts/lab-settings.sh
