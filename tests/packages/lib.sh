# shellcheck shell=bash
# For the tests that run inside a root: TAP, and what they look at. /tree is the
# repository, /work a folder that is kept for the caller.
set -u

number=0
failed=0

# ok DESCRIPTION COMMAND... - what the command says is shown if it fails
ok() {
	local description=$1 status=0
	shift
	number=$((number + 1))
	"$@" >/tmp/ok.log 2>&1 </dev/null || status=$?
	if [ "$status" = 0 ]; then
		echo "ok $number - $description"
	else
		failed=$((failed + 1))
		echo "not ok $number - $description (status $status)"
		tail -n 40 /tmp/ok.log | sed 's/^/# /'
	fi
}

# is DESCRIPTION GOT EXPECTED
is() {
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		failed=$((failed + 1))
		echo "not ok $number - $1"
		printf '%s\n' "got:" "$2" "expected:" "$3" | sed 's/^/#   /'
	fi
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

done_testing() {
	echo "1..$number"
	[ "$failed" = 0 ]
	exit
}

fails() { ! "$@"; }
says() { grep -qE -- "$1" /tmp/ok.log; }

# shellcheck disable=SC2034 # used by those who source this
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' /tree/dkms.conf)
# The modules that DKMS builds.
# shellcheck disable=SC2034 # used by those who source this
modules=$(sed -n 's/^BUILT_MODULE_NAME\[[0-9]*\]="\(.*\)"$/\1/p' /tree/dkms.conf)

# uname -r is that of the machine below: let it be KERNEL
running() {
	mkdir -p /tmp/bin
	# shellcheck disable=SC2016 # that script's
	printf '#!/bin/sh\ncase ${1:-} in -r) echo %s ;; *) exec /usr/bin/uname "$@" ;; esac\n' "$1" >/tmp/bin/uname
	chmod +x /tmp/bin/uname
	PATH=/tmp/bin:${PATH#/tmp/bin:}
	export PATH
}

# Packages of kernels' headers that come with a later upgrade, see root.sh.
later_headers() {
	local deb
	for deb in /srv/later/linux-headers-[0-9]*-amd64_*.deb; do
		dpkg-deb -f "$deb" Package
	done
}
install_later() {
	cp /srv/later/*.deb /var/cache/apt/archives/
	apt-get install -y --no-download --no-install-recommends -t "$(cat /srv/later/release)" "$@"
}

kernels() { ls /lib/modules; }
modules_of() { find "/lib/modules/$1" -name 'rmpopt*.ko*'; }
# names_of KERNEL - of the modules that are there
names_of() { modules_of "$1" | sed 's,.*/,,; s/\.ko.*//' | sort; }
# What is there for KERNEL: "VERSION", "VERSION stub REASON", or nothing; one line if
# it is the same for all modules.
built() {
	local file reason
	for file in $(modules_of "$1"); do
		reason=$(modinfo -F stub "$file")
		echo "$(modinfo -F version "$file")${reason:+ stub: $reason}"
	done | sort -u
}
registered() { dkms status rmpopt | sort; }

# All files but those of depmod, caches, logs, and DKMS's key, with their kinds and contents.
files() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /tree -o -path /work -o -path /srv \
		-o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /root \) -prune -o \
		! -name 'modules.*' ! -path '/var/lib/dkms/mok.*' ! -path '/var/lib/dpkg/*-old' ! -path '/etc/ld.so.cache' \
		! -path '/var/lib/dpkg/*' ! -path '/usr/share/info/*' -printf '%y %m %p %l\n' | sort
}
