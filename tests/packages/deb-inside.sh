#!/bin/bash
# Runs in a build root: the packages from the tarball in /out, there; "# " before
# what is to be shown.
set -euo pipefail

lint=${1:-}
tarball=$(echo /out/rmpopt-*.tar.xz)
version=${tarball##*/rmpopt-}
version=${version%.tar.xz}

# build_in DIR
build_in() {
	mkdir -p "$1"
	cd "$1"
	tar -xf "$tarball"
	# Debian's own part is not upstream's.
	tar --exclude="rmpopt-$version/debian" --sort=name --owner=0 --group=0 --numeric-owner \
		-cf - "rmpopt-$version" | xz -T1 >"rmpopt_$version.orig.tar.xz"
	cd "rmpopt-$version"
	dpkg-buildpackage -us -uc
	cd ..
}

build_in /tmp/build
find . -maxdepth 1 -type f -exec cp {} /out/ \;
if [ -n "$lint" ]; then
	(
		umask 077
		export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 LANG=C
		build_in /tmp/another/place/with-a-longer-name
	)
	for deb in /tmp/build/*.deb; do
		if cmp "$deb" "/tmp/another/place/with-a-longer-name/${deb##*/}"; then
			echo "# reproducible: ${deb##*/}"
		else
			echo "# NOT reproducible: ${deb##*/}"
			exit 1
		fi
	done
	cd /tmp/build
	lintian --allow-root --display-info --pedantic --fail-on error,warning,info rmpopt_*.changes | sed 's/^/# /'
	echo "# lintian: clean"
fi
