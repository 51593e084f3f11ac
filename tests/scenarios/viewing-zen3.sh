#!/bin/sh
# Zen 3 has no RMPOPT, no RMPREAD and a contiguous RMP: what the RMP holds is shown, and nothing else is done.
# machine: --cores 2 --cpu zen3 --snp psp --region-nodes 2
# kernel: 7
# profiles: kind
# check: none
# timeout: 900
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh
# shellcheck source=parts/viewing_host.sh
. /rmpopt/parts/viewing_host.sh

viewing_host unknown
done_testing
