#!/bin/bash
# make run on a host with RMPOPT (scripts/run), with stand-ins for all that it calls: what it asks
# for, and what it does with the module once that is loaded.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

mkdir -p "$scratch/build"
cat >"$scratch/build/rmpoptctl" <<'END'
#!/bin/sh
case $1 in
watch) echo "{\"state\": \"$STATE\"}"; exec sleep 60 ;;
*) echo "rmpoptctl $*" ;;
esac
END
chmod 755 "$scratch/build/rmpoptctl"

# The script without its last line, as a host without what is in $LACKS.
cat >"$scratch/run" <<'END'
eval "$(sed '$d' "$0")"
tree=$SCRATCH work=$SCRATCH/work cache=$SCRATCH/cache yes=yes
require_root_user() { :; }
quietly() { :; }
host_install() { echo "apt $*"; }
command() { [ "$2" != "$LACKS" ]; }
pkg-config() { :; }
run_real
END
# run STATE [MISSING] - what is said
run() { STATE=$1 LACKS=${2:-none} SCRATCH=$scratch timeout 60 bash -c "$(cat "$scratch/run")" "$tree/scripts/run" 2>&1 || echo "status $?"; }

# has DESCRIPTION REGEX, lacks DESCRIPTION REGEX - $said
has() { if grep -qE -- "$2" <<<"$said"; then pass "$1"; else fail "$1" <(echo "$said"); fi; }
lacks() { if grep -qE -- "$2" <<<"$said"; then fail "$1" <(echo "$said"); else pass "$1"; fi; }

for state in ready scanning; do
	said=$(run "$state")
	has "$state: a full pass is requested" '^rmpoptctl scan --full --wait'
	has "$state: the status is shown" '^rmpoptctl status$'
	lacks "$state: it ends well" '^status '
done
said=$(run viewing)
lacks "view only: no pass is requested" '^rmpoptctl scan'
has "view only: the status is shown" '^rmpoptctl status$'
has "view only: and the forecast" '^rmpoptctl forecast$'
lacks "view only: it ends well" '^status '
said=$(run failed)
has "any other state: an error" 'rmpopt is not ready'
said=$(run ready scdoc)
has "scdoc, which make ctl requires, is installed" '^apt (.* )?scdoc( |$)'
done_testing
