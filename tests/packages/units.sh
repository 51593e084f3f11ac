#!/bin/bash
# Runs in a root with systemd: what it says of the units.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

# Not more exposed than the job needs (0 to 10, lower is better).
limit_rmpopt=2.2
limit_metrics=1.0

exposure() {
	systemd-analyze security --offline=yes --no-pager "$1" 2>/dev/null |
		sed -nE 's/.*Overall exposure level for .*: ([0-9.]+) .*/\1/p'
}
below() { awk -v got="$1" -v limit="$2" 'BEGIN { exit !(got != "" && got + 0 <= limit) }'; }

# It says what is in /tmp/table.
cat >/usr/sbin/rmpoptctl <<'END'
#!/bin/sh
case "$*" in
"check --quiet") ! grep -q '^FAIL' /tmp/table ;;
"check --noheadings --output result,name") cat /tmp/table ;;
*) exit 2 ;;
esac
END
chmod +x /usr/sbin/rmpoptctl
make -s -C /tree install-systemd prefix=/usr
units=/usr/lib/systemd/system
ok "systemd-analyze verify" systemd-analyze verify --man=no "$units/rmpopt.service" "$units/rmpopt-metrics.service" "$units/rmpopt-metrics.timer"
is "and it says nothing" "$(cat /tmp/ok.log)" ""
sed 's/^Type=oneshot/Type=onshot/' "$units/rmpopt.service" >/tmp/rmpopt.service
systemd-analyze verify --man=no /tmp/rmpopt.service >/tmp/broken.log 2>&1
ok "it notices a broken one" grep -q onshot /tmp/broken.log
for unit in rmpopt rmpopt-metrics; do
	got=$(exposure "$units/$unit.service")
	note "$unit.service: exposure $got"
	case $unit in rmpopt) limit=$limit_rmpopt ;; *) limit=$limit_metrics ;; esac
	ok "$unit.service: exposure at most $limit" below "$got" "$limit"
done

# As on a host that has not loaded it.
sed 's,^module=.*,module=/tmp/none,' /usr/lib/rmpopt/boot >/tmp/boot
# decides [NAME=VALUE] RESULT NAME... - what the unit's condition says, and its status
decides() {
	local setting=NONE=
	case $1 in *=*) setting=$1; shift ;; esac
	printf '%-4s %s\n' "$@" >/tmp/table
	env "$setting" bash /tmp/boot check
	echo "status $?"
}
is "nothing fails: it is loaded" "$(decides PASS vendor SKIP debugfs)" "status 0"
is "something fails: it is not, and that is named" "$(decides PASS vendor FAIL iommu VIEW rmpopt FAIL key)" \
	"rmpopt is not loaded: rmpoptctl check fails for iommu key; run it to see the fixes
status 1"
is "view-only mode: the same" "$(decides PASS vendor VIEW rmpopt VIEW segments)" \
	"rmpopt is not loaded: it would be in view-only mode (rmpopt segments); RMPOPT_VIEW=yes loads it nevertheless
status 1"
is "but the admin wants that" "$(decides RMPOPT_VIEW=yes PASS vendor VIEW rmpopt)" "status 0"
is "which saves nothing that fails" "$(decides RMPOPT_VIEW=yes FAIL vendor VIEW rmpopt)" \
	"rmpopt is not loaded: rmpoptctl check fails for vendor; run it to see the fixes
status 1"
make -s -C /tree uninstall-systemd prefix=/usr
is "uninstall-systemd leaves nothing" "$(find / -xdev \( -path /tree -o -path /proc -o -path /work \) -prune -o -name '*rmpopt*' ! -path /usr/sbin/rmpoptctl -print | grep -v -e /etc/dpkg -e '^/tmp/')" ""
done_testing
