#!/bin/sh
# Zen 5 has a segmented RMP and RMPREAD, but no RMPOPT: forecast knows each guest's ASID.
# machine: --cores 2 --cpu zen5 --snp psp --region-nodes 2
# kernel: 7
# profiles: kind
# check: none
# timeout: 900
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh
# shellcheck source=parts/viewing_host.sh
. /rmpopt/parts/viewing_host.sh

viewing_host known
done_testing
