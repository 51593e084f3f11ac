#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in the Debian root: lays programs, with the shared libraries that they
# want, into a folder that becomes a guest's /.
# usage: lay.sh DIR FILE[=PLACE]...
# A FILE that is a library is one that is opened at run time only. It may be a
# folder of scripts and libraries.
set -eu

to=$1
shift

# lay FILE [PLACE]
lay() {
	place=${2:-$1}
	# In the guest /bin, /lib and so on are links, as they are here.
	case $place in
	/bin/* | /sbin/* | /lib/* | /lib64/*) place=/usr$place ;;
	esac
	[ -e "$to$place" ] || install -D "$1" "$to$place"
}

# lay_libraries PROGRAM
lay_libraries() {
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		lay "$library"
	done
}

for file; do
	if [ -d "$file" ]; then
		mkdir -p "$to$file"
		cp -a "$file/." "$to$file"
		find "$file" -name '*.so' | while read -r program; do
			lay_libraries "$program"
		done
	else
		lay "${file%%=*}" "${file#*=}"
		lay_libraries "${file%%=*}"
	fi
done
