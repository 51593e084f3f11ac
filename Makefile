# SPDX-License-Identifier: GPL-2.0
# For people and for DKMS; what the kernel's own build reads is in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
name := rmpopt
version := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)

# What DKMS needs, and where it looks for it.
rooms = files worker pass events cores state host plan
sources = Kbuild Makefile dkms.conf $(wildcard include/*.h src/*.c $(rooms:%=src/%/*.[ch]))
staged = $(DESTDIR)/usr/src/$(name)-$(version)

modules modules_install: have-headers
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

have-headers:
	@test -e $(KDIR)/Makefile || { \
		echo "no kernel headers in $(KDIR); install linux-headers for the kernel, or name others with KDIR=" >&2; \
		exit 1; }

# DKMS cleans with KDIR and KERNELRELEASE; without headers there is nothing to ask.
clean:
	@if test -e $(KDIR)/Makefile; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; fi
	@if test -z "$(KERNELRELEASE)"; then rm -rf $(CURDIR)/build; fi

check:
	@tests/check $(T)

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

stage:
	@if [ ! . -ef $(staged) ]; then \
		rm -rf $(staged) && mkdir -p $(staged) && cp --parents $(sources) $(staged)/; fi

# With DESTDIR a package is being made: its own scripts call dkms.
install: stage
ifeq ($(DESTDIR),)
	if [ -n "$$(dkms status $(name)/$(version))" ]; then dkms remove $(name)/$(version) --all; fi
	dkms add $(name)/$(version)
	dkms build $(name)/$(version)
	dkms install $(name)/$(version)
endif

uninstall:
ifeq ($(DESTDIR),)
	dkms remove $(name)/$(version) --all
endif
	rm -rf $(staged)

help:
	@echo 'make              build $(name).ko for the running kernel, or for KDIR='
	@echo 'make run          see it work: on a host with RMPOPT for real, elsewhere on an emulated one'
	@echo '                  (ARGS=--yes: do not ask)'
	@echo 'make check        all tests; T=NAME runs those whose name contains NAME'
	@echo 'make soak         the scenarios with "# soak: yes", each for T=MINUTES (SEED=N: as in that run)'
	@echo 'make bench        side by side with two upstream algorithms on the emulated host (ARGS=--help)'
	@echo 'make sim          what passes cost on simulated hosts of up to 512 cores and 8 TiB; tables in build/sim'
	@echo 'make install      build and install by DKMS, for the running kernel and those to come'
	@echo '                  (DESTDIR=: only the sources, as a package has them)'
	@echo 'make uninstall    remove what "make install" installed'
	@echo 'make ctl          build rmpoptctl, its man pages and completion in build/'
	@echo 'make install-ctl  install them (prefix=/usr/local, DESTDIR=), the udev rule as an example in share/doc;'
	@echo '                  make uninstall-ctl removes them'
	@echo 'make clean        remove what was built (the cache outside the tree stays)'

.PHONY: modules modules_install have-headers clean check soak bench sim run ctl install-ctl uninstall-ctl stage install uninstall help
