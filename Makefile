# SPDX-License-Identifier: GPL-2.0
# For people and for DKMS; what the kernel's own build reads is in Kbuild.

# One target after the other, in the order of the command line: "make -j8 ctl
# install-ctl" never runs two compilers on one file. What they call is parallel.
.NOTPARALLEL:

KDIR ?= /lib/modules/$(shell uname -r)/build
name := rmpopt
version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)

# What DKMS needs, and where it looks for it.
sources = $(sort $(shell cd '$(CURDIR)' && find Kbuild Makefile LICENSE dkms.conf dkms include src \
	-path src/ctl -prune -o -type f \
	! -name '*.o' ! -name '*.ko' ! -name '*.mod' ! -name '*.mod.c' ! -name '.*' \
	! -name modules.order ! -name Module.symvers -print))
staged = $(DESTDIR)/usr/src/$(name)-$(version)

modules modules_install: have-headers
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' $@

# For DKMS: never fails where a stub can be built instead.
dkms:
	+@KDIR='$(KDIR)' MAKE='$(MAKE)' dkms/build

have-headers:
	@case '$(CURDIR)' in *[[:space:]:]*) \
		echo "the kernel builds no module in a directory whose path has blanks or colons: $(CURDIR)" >&2; \
		exit 1 ;; esac
	@test -e '$(KDIR)/Makefile' || { \
		echo "no kernel headers in $(KDIR); install linux-headers for the kernel, or name others with KDIR=" >&2; \
		exit 1; }

# DKMS cleans with KDIR and KERNELRELEASE; without headers there is nothing to ask.
clean:
	@case '$(CURDIR)' in *[[:space:]:]*) ;; *) \
		if test -e '$(KDIR)/Makefile'; then $(MAKE) -C '$(KDIR)' M='$(CURDIR)' clean; fi ;; esac
	@if test -z "$(KERNELRELEASE)"; then rm -rf '$(CURDIR)/build'; fi

check:
	@tests/check $(T)

check-all:
	@tests/check --all
	@tests/packages/check
	@$(MAKE) --no-print-directory check-debug

# Debug kernels: tests/machine/debug.
debug_kernels ?= kasan rt kcsan

kernel-debug:
	@for kind in $(debug_kernels); do tests/machine/kernel-debug.sh $$kind || exit 1; done

check-debug:
	@status=0; for kind in $(debug_kernels); do tests/check --debug $$kind $(T) || status=1; done; \
	$(if $(word 2,$(debug_kernels)),tests/debug-table $(debug_kernels);) exit $$status

soak:
	@tests/check --soak "$(T)" $(if $(SEED),--seed "$(SEED)")

bench:
	@tests/bench/run $(ARGS)

sim:
	@tests/sim/run

run:
	@scripts/run $(ARGS)

ctl:
	@$(MAKE) --no-print-directory -f src/ctl/Makefile

install-ctl:
	@$(MAKE) --no-print-directory -f src/ctl/Makefile install

uninstall-ctl:
	@$(MAKE) --no-print-directory -f src/ctl/Makefile uninstall

dist:
	@scripts/dist

deb:
	@tests/packages/deb $(SUITE)

rpm:
	@tests/packages/rpm

kernels:
	@tests/packages/kernels $(ARGS)

check-packages:
	@tests/packages/check $(T)

# What runs at boot, and writes metrics: for packages, or by hand.
prefix ?= /usr/local
sbindir ?= $(prefix)/sbin
unitdir ?= $(prefix)/lib/systemd/system
systemd_lib = $(prefix)/lib/rmpopt
systemd_documents = $(prefix)/share/doc/rmpoptctl
systemd_examples = $(systemd_documents)/examples
configure = sed -e 's,@libdir@,$(systemd_lib),g' -e 's,@sbindir@,$(sbindir),g'

install-systemd:
	mkdir -p '$(DESTDIR)$(unitdir)' '$(DESTDIR)$(systemd_lib)' '$(DESTDIR)/etc/default' '$(DESTDIR)$(systemd_examples)'
	for unit in rmpopt rmpopt-metrics; do \
		$(configure) systemd/$$unit.service.in >'$(DESTDIR)$(unitdir)'/$$unit.service || exit 1; done
	install -m 644 systemd/rmpopt-metrics.timer '$(DESTDIR)$(unitdir)/'
	for script in boot metrics; do \
		$(configure) systemd/$$script.in >'$(DESTDIR)$(systemd_lib)'/$$script || exit 1; \
		chmod 755 '$(DESTDIR)$(systemd_lib)'/$$script; done
	test -e '$(DESTDIR)/etc/default/rmpopt' || install -m 644 systemd/rmpopt.default '$(DESTDIR)/etc/default/rmpopt'
	install -m 644 systemd/modprobe-rmpopt.conf '$(DESTDIR)$(systemd_examples)/'

# Settings stay if somebody has changed them, or a package has installed them; so does
# a module that is loaded.
uninstall-systemd:
ifeq ($(DESTDIR),)
	systemctl disable --now rmpopt-metrics.timer || true
	systemctl disable rmpopt.service || true
endif
	rm -f '$(DESTDIR)$(unitdir)/rmpopt.service' '$(DESTDIR)$(unitdir)/rmpopt-metrics.service' \
		'$(DESTDIR)$(unitdir)/rmpopt-metrics.timer'
	if cmp -s systemd/rmpopt.default '$(DESTDIR)/etc/default/rmpopt' && ! dpkg -S /etc/default/rmpopt >/dev/null 2>&1; then \
		rm '$(DESTDIR)/etc/default/rmpopt'; fi
	rm -rf '$(DESTDIR)$(systemd_lib)'
	rm -f '$(DESTDIR)$(systemd_examples)/modprobe-rmpopt.conf'
	rmdir '$(DESTDIR)$(systemd_examples)' '$(DESTDIR)$(systemd_documents)' 2>/dev/null || true
ifeq ($(DESTDIR),)
	systemctl daemon-reload || true
endif

stage:
	@if [ ! . -ef '$(staged)' ]; then \
		rm -rf '$(staged)' && mkdir -p '$(staged)' && cp --parents $(sources) '$(staged)/'; fi

# With DESTDIR a package is being made: its own scripts call dkms.
install:
ifeq ($(DESTDIR),)
	@scripts/install $(KERNELS)
else
	@$(MAKE) --no-print-directory stage
endif

uninstall:
ifeq ($(DESTDIR),)
	@scripts/install --remove
else
	rm -rf '$(staged)'
endif

help:
	@echo 'make              build rmpopt.ko and rmpopt_lab.ko for the running kernel, or for KDIR='
	@echo 'make modules_install  install them without DKMS'
	@echo 'make run          see it work: on a host with RMPOPT for real, elsewhere on an emulated one'
	@echo '                  (ARGS=--yes: do not ask)'
	@echo 'make check        the tests for every day; T=NAME runs those whose name contains NAME'
	@echo 'make check-all    all of them, with long storms, "make check-packages" and "make check-debug"'
	@echo 'make check-debug  scenarios on debug kernels (debug_kernels="kasan rt": on these; T=NAME), which'
	@echo '                  "make kernel-debug" builds first, each in 10 to 30 minutes'
	@echo 'make soak         the scenarios with "# soak: yes", each for T=MINUTES (SEED=N: as in that run)'
	@echo 'make bench        side by side with two upstream algorithms on the emulated host (ARGS=--help)'
	@echo 'make sim          what passes cost on simulated hosts of up to 512 cores and 8 TiB; tables in build/sim'
	@echo 'make install      build and install by DKMS, for the running kernel (KERNELS="A B": for these)'
	@echo '                  and those to come, instead of any other version'
	@echo '                  (DESTDIR=: only the sources, as a package has them)'
	@echo 'make uninstall    remove what "make install" installed'
	@echo 'make ctl          build rmpoptctl, its man pages and completion in build/'
	@echo 'make install-ctl  install them (prefix=/usr/local, DESTDIR=), the udev rule as an example in share/doc;'
	@echo '                  make uninstall-ctl removes them'
	@echo 'make install-systemd  the units that load rmpopt at boot and write metrics; not enabled;'
	@echo '                  make uninstall-systemd removes them'
	@echo 'make dist         the sources as a tarball in build/dist'
	@echo 'make deb          Debian packages in build/deb/SUITE (SUITE=bookworm, trixie or sid)'
	@echo 'make rpm          RPMs in build/rpm'
	@echo 'make kernels      for which kernels of Debian it builds, as a table'
	@echo '                  (ARGS=--write: and put it in README.md)'
	@echo 'make check-packages  packages built, installed, upgraded, removed in clean Debian 12, 13 and sid'
	@echo '                  (T=SUITE or a part of a name; see doc/packages.md)'
	@echo 'make clean        remove what was built (the cache outside the tree stays)'

.PHONY: dkms modules modules_install have-headers clean check check-all kernel-debug check-debug soak bench sim run ctl install-ctl uninstall-ctl install-systemd uninstall-systemd stage dist deb rpm kernels check-packages install uninstall help
