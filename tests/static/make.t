#!/bin/bash
# make -j8 with any two targets does what one after the other does, in a clean copy of
# the tree, whose path has blanks, as that of DESTDIR. A stand-in for the compiler takes
# its time between making a file and filling it: whoever reads it too early fails.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")
targets=(ctl install-ctl uninstall-ctl install-systemd uninstall-systemd stage clean help)

mkdir -p "$scratch/clean" "$scratch/a tree"
(cd "$tree" && tree_files | tar -cf - --files-from=-) | tar -xf - -C "$scratch/clean"
# Of the tree that is built again and again a few sources do.
cp -a "$scratch/clean" "$scratch/few"
rm "$scratch"/few/src/ctl/[b-rt-z]*.c
cat >"$scratch/cc" <<'END'
#!/bin/sh
for word; do
	[ "${before:-}" != -o ] || out=$word
	case $word in *.o) [ "$word" = "$out" ] || [ -s "$word" ] || { echo "$word is empty" >&2; exit 1; } ;; esac
	before=$word
done
: >"$out"
sleep "$PAUSE"
printf '#!/bin/sh\necho "%s: $*"\n' "${out##*/}" >"$out"
chmod 755 "$out"
END
chmod 755 "$scratch/cc"

# Runs in the root: one line "ok WORDS" for each pair that is well, else "not ok WORDS"
# with what was wrong in /scratch/log.FIRST-SECOND.
cat >"$scratch/pairs" <<'END'
# result NAME COMMAND - runs it in a clean copy; NAME gets what is there then
result() {
	rm -rf "/scratch/a tree" "/scratch/a dest"
	cp -a /scratch/few "/scratch/a tree"
	cd "/scratch/a tree"
	eval "$2" >/scratch/log 2>&1 || return 1
	cd ..
	find "a tree/build" "a dest" -type f ! -name "*.d" -exec sha256sum {} + 2>/dev/null | sort -k 2 >"/scratch/$1"
}
make="make KDIR=/nonexistent PKG_CONFIG=true CC=/scratch/cc DESTDIR='/scratch/a dest'"
while read -r one other; do
	if PAUSE=0 result wanted "$make $one && $make $other" && PAUSE=0.02 result got "$make -j8 $one $other" &&
		diff /scratch/wanted /scratch/got >/scratch/log; then
		echo "ok $one $other"
	else
		echo "not ok $one $other"
		cp /scratch/log "/scratch/log.$one-$other"
	fi
done
END

{
	for one in "${!targets[@]}"; do
		for other in "${!targets[@]}"; do
			[ "$one" -ge "$other" ] || echo "${targets[$one]} ${targets[$other]}"
		done
	done
	echo install-ctl ctl
} >"$scratch/asked"
in_root "$root" --bind "$scratch:/scratch" -- sh -eu /scratch/pairs <"$scratch/asked" >"$scratch/told"
while read -r one other; do
	if grep -qx "ok $one $other" "$scratch/told"; then
		pass "make -j8 $one $other: as one after the other"
	else
		fail "make -j8 $one $other: as one after the other" "$scratch/log.$one-$other"
	fi
done <"$scratch/asked"

# With the compiler itself, and from where the program was installed.
rm -rf "$scratch/a tree" "$scratch/a dest"
cp -a "$scratch/clean" "$scratch/a tree"
in_root "$root" --bind "$scratch:/scratch" -- \
	make -C "/scratch/a tree" -j8 KDIR=/nonexistent CFLAGS=-O0 DESTDIR='/scratch/a dest' ctl install-ctl >"$scratch/log" 2>&1 || true
in_root "$root" --bind "$scratch:/scratch" -- '/scratch/a dest/usr/local/sbin/rmpoptctl' --version >"$scratch/version" 2>>"$scratch/log" || true
if grep -qx "rmpoptctl [0-9.]*" "$scratch/version"; then
	pass "make -j8 ctl install-ctl: installs a program that runs"
else
	fail "make -j8 ctl install-ctl: installs a program that runs" "$scratch/log"
fi
if in_root "$root" --bind "$scratch:/scratch" -- make -C "/scratch/a tree" modules >"$scratch/log" 2>&1; then
	fail "make modules says that the kernel builds none in such a folder" "$scratch/log"
elif grep -q 'path has blanks' "$scratch/log"; then
	pass "make modules says that the kernel builds none in such a folder"
else
	fail "make modules says that the kernel builds none in such a folder" "$scratch/log"
fi
done_testing
