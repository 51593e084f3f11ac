#!/bin/sh
# Zen 4 is like Zen 3: the RMP shows which pages are assigned, but not to whom.
# machine: --cores 2 --cpu zen4 --snp psp --region-nodes 2
# kernel: 7
# profiles: kind
# timeout: 900
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh
# shellcheck source=parts/viewing_host.sh
. /rmpopt/parts/viewing_host.sh

viewing_host unknown
done_testing
