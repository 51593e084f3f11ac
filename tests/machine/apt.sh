# shellcheck shell=bash
# Where Debian comes from: the mirrors, proxies and credentials of the host's
# own apt are found out and written into a root. Sourced after host.sh.
# shellcheck disable=SC2154 # $cache is host.sh's

# Print "URI SUITE" for each of the host's apt sources, whatever their format:
# apt itself reads them.
host_suites() {
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s,^'(.*)/dists/(.*)/(InRelease|Release)'.*,\1 \2,p" | sort -u
}

# A "mirror+file:" list is on this host only: take its first entry.
resolve_mirror() {
	local uri=$1 list
	case $uri in
	mirror+file:*)
		list=${uri#mirror+file:}
		uri=$(sed -nE 's/^[[:space:]]*([a-z+]+:[^[:space:]]+).*/\1/p' "$list" | head -n 1)
		[ -n "$uri" ] || die "the mirror list $list names no mirror" ;;
	file:* | copy:* | cdrom:*)
		return 1 ;;
	esac
	printf '%s\n' "${uri%/}"
}

# has_suite URI SUITE - does that mirror carry the Debian suite?
has_suite() {
	local file
	file=$(mktemp)
	if /usr/lib/apt/apt-helper -o Acquire::Retries=2 download-file "$1/dists/$2/InRelease" "$file" >/dev/null 2>&1 &&
		grep -q '^Origin: Debian' "$file"; then
		rm -f "$file"
		return 0
	fi
	rm -f "$file"
	return 1
}

# first_with SUITE URI... - the first of the mirrors that carries SUITE
first_with() {
	local suite=$1 uri
	shift
	for uri; do
		uri=$(resolve_mirror "$uri") || continue
		if has_suite "$uri" "$suite"; then
			printf '%s\n' "$uri"
			return
		fi
	done
	return 1
}

# Sets $mirror and $security (empty if the host uses none).
find_mirrors() {
	local -a archives securities
	command -v apt-get >/dev/null || die "no apt-get: this needs a Debian 12 or 13 host"
	# The archive is known by its -updates suite; without one, ask every source.
	mapfile -t archives < <({
		[ -z "${RMPOPT_MIRROR:-}" ] || printf '%s x\n' "$RMPOPT_MIRROR"
		host_suites | grep -E -- '-updates$' || true
		host_suites | grep -vE -- '-security$|/updates$' || true
	} | awk '!seen[$1]++ { print $1 }')
	[ ${#archives[@]} -gt 0 ] ||
		die "apt on this host has no sources to learn a Debian mirror from; name one with RMPOPT_MIRROR=URI"
	mirror=$(first_with trixie "${archives[@]}") ||
		die "none of this host's apt sources answers with Debian 13 (trixie): ${archives[*]}; is the network (or a proxy) down? Another mirror can be named with RMPOPT_MIRROR=URI"
	mapfile -t securities < <(host_suites | awk '$2 ~ /-security$|\/updates$/ { print $1 }' | sort -u)
	security=
	[ ${#securities[@]} = 0 ] || security=$(first_with trixie-security "${securities[@]}") || security=
	[ -n "$security" ] || say "this host's apt sources have no security suite for Debian 13; going on without"
}

# How the host's apt reaches its mirrors: proxies, retries, certificates, checks.
host_acquire_options() {
	local line value
	printf '%s\n' 'Acquire::Languages "none";' 'APT::Install-Recommends "false";' 'Acquire::Retries "3";'
	apt-config dump | grep -E '^Acquire::(https?|ftp|Retries|Force|Check-|Max-)[A-Za-z0-9:._/-]* "..*";' |
		while read -r line; do
			value=${line#*\"}
			value=${value%\";}
			case $line in
			*Proxy-Auto-Detect*)
				# A program of this host: what it answers is what the root needs.
				value=$("$value" "$mirror" 2>/dev/null) || continue
				[ -z "$value" ] || printf 'Acquire::http::Proxy "%s";\n' "$value" ;;
			*) printf '%s\n' "$line" ;;
			esac
		done
	case $mirror$security in
	*https:*) printf '%s\n' 'Acquire::https::CaInfo "/etc/apt/host-ca.crt";' ;;
	esac
}

# Files that these options name (client certificates), and credentials.
copy_apt_files() {
	local root=$1 file
	{
		sed -nE 's/.*"(\/[^"]+)";$/\1/p' "$root/etc/apt/apt.conf.d/90host"
		find /etc/apt/auth.conf /etc/apt/auth.conf.d -type f 2>/dev/null || true
	} | while read -r file; do
		[ ! -f "$file" ] || install -D --preserve-timestamps -m "$(stat -c %a "$file")" "$file" "$root$file"
	done
	[ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
		install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/apt/host-ca.crt"
}

# apt_settings ROOT - everything but the sources
apt_settings() {
	mkdir -p "$1/etc/apt/apt.conf.d"
	host_acquire_options >"$1/etc/apt/apt.conf.d/90host"
	copy_apt_files "$1"
	cp -L --remove-destination /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true
}

sources_line() {
	printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$1" "$2"
}

stable_sources() {
	sources_line "$mirror" trixie
	sources_line "$mirror" trixie-updates
	[ -z "$security" ] || sources_line "$security" trixie-security
}

# apt_sources ROOT - the suites, and what each may be used for
apt_sources() {
	{
		stable_sources
		sources_line "$mirror" trixie-backports
		sources_line "$mirror" sid
		sources_line "$mirror" experimental
	} >"$1/etc/apt/sources.list"
	rm -f "$1"/etc/apt/sources.list.d/*
	mkdir -p "$1/etc/apt/preferences.d"
	cat >"$1/etc/apt/preferences.d/rmpopt" <<'END'
Explanation: for kernels only, and only by their exact version
Package: *
Pin: release n=sid
Pin-Priority: 50

Package: *
Pin: release n=experimental
Pin-Priority: 1
END
}

# apt_refresh ROOT - read the package lists anew, through the host's present settings
apt_refresh() {
	find_mirrors
	apt_settings "$1"
	apt_sources "$1"
	quietly "$cache/log/apt-update.log" in_root "$1" -- apt-get update --error-on=any </dev/null ||
		die "could not read the package lists from $mirror (see above)"
	touch "$1/.lists"
}
