#!/bin/bash
# Runs in a root with systemd: what it says of the units.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

# Not more exposed than the job needs (0 to 10, lower is better).
limit_rmpopt=2.5
limit_metrics=1.5

exposure() {
	systemd-analyze security --offline=yes --no-pager "$1" 2>/dev/null |
		sed -nE 's/.*Overall exposure level for .*: ([0-9.]+) .*/\1/p'
}
below() { awk -v got="$1" -v limit="$2" 'BEGIN { exit !(got != "" && got + 0 <= limit) }'; }

printf '#!/bin/sh\n' >/usr/sbin/rmpoptctl
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
make -s -C /tree uninstall-systemd prefix=/usr
is "uninstall-systemd leaves nothing" "$(find / -xdev \( -path /tree -o -path /proc -o -path /work \) -prune -o -name '*rmpopt*' ! -name rmpoptctl -print | grep -v -e /etc/dpkg -e '^/tmp/')" ""
done_testing
