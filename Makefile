# SPDX-License-Identifier: GPL-2.0-only
# "make help" lists what there is.  The module itself is described in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= uml
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
SOURCE := /usr/src/tcm-loop-$(VERSION)

.DEFAULT_GOAL := modules

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The kernel's compiler, unless CC or LLVM says which; and a sentence where there is nothing to build against.
kernel-make = $(if $(wildcard $(KDIR)/Makefile),,$(error tcm_loop: no headers or tree of a kernel in $(KDIR); install \
	linux-headers-$$(uname -r) or the like, or say KDIR=DIR))$(MAKE) -C $(KDIR) M=$(CURDIR) \
	$(if $(CC_OR_LLVM),,$(shell sh compat/compiler.sh $(KDIR)))
CC_OR_LLVM := $(filter-out default undefined,$(origin CC) $(origin LLVM))

modules: ## build tcm_loop.ko for the running kernel, or for KDIR=...
	$(kernel-make) modules

modules_install: ## install it where it goes before the kernel's own
	$(kernel-make) INSTALL_MOD_DIR=updates modules_install

probes: modules ## build, and show what compat/probes found in that kernel
	@cat compat/probed-*/tcm_loop_probed.h

LOOPBACK = $(KSRC)/drivers/target/loopback
kernel-tree: ## put the driver into a kernel's source, KSRC=DIR, in the place of its tcm_loop
	@[ -f $(LOOPBACK)/Kconfig ] || { echo "KSRC=$(KSRC): no source of a kernel with drivers/target/loopback" >&2; exit 2; }
	rm -f $(LOOPBACK)/*.[ch]
	cp src/*.c include/*.h $(LOOPBACK)
	printf '%s\n' '# SPDX-License-Identifier: GPL-2.0-only' 'obj-$$(CONFIG_LOOPBACK_TARGET) += tcm_loop.o' \
		'tcm_loop-y := $(patsubst src/%.c,%.o,$(sort $(filter-out src/fault%,$(wildcard src/*.c))))' \
		'tcm_loop-$$(CONFIG_DEBUG_FS) += fault.o fault_file.o fault_rule.o' \
		'ccflags-y += -I$$(src) -DTCM_LOOP_VERSION=\"$(VERSION)\"' >$(LOOPBACK)/Makefile

check-headers: ## build against each of KDIRS="DIR...", prepared kernel trees or headers, and show a table
	@vm/check-headers $(KDIRS)

clean: ## remove what "make modules" made
	$(kernel-make) clean

# Where things go; DESTDIR comes before each of them.
prefix ?= /usr
sbindir ?= $(prefix)/sbin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
unitdir ?= $(prefix)/lib/systemd/system
sysconfdir ?= /etc

install-source: ## copy what DKMS builds from to $(DESTDIR)/usr/src
	install -d $(DESTDIR)$(SOURCE)
	cp -r --preserve=timestamps dkms.conf Kbuild src include compat $(DESTDIR)$(SOURCE)
	rm -rf $(DESTDIR)$(SOURCE)/compat/probed-*
	find $(DESTDIR)$(SOURCE) -type f ! -name '*.[ch]' ! -name '*.mk' ! -name Kbuild ! -name dkms.conf \
		! -path '*/compat/*.sh' ! -path '*/compat/probes/table' -delete
	find $(DESTDIR)$(SOURCE) -name '*.mod.c' -delete

install-man: ## copy the module's manual page to $(DESTDIR)$(mandir)
	install -D -m 644 -t $(DESTDIR)$(mandir)/man4 man/tcm_loop.4

# A file of ours that names another has the name of where that goes.
install-file = install -d $(dir $(2)) && sed 's,/usr/sbin/tcm-loop,$(sbindir)/tcm-loop,g; s,/usr/share/tcm-loop,$(datadir)/tcm-loop,g' \
	$(1) >$(2) && chmod $(3) $(2)

install-command: ## what "make install-utils" installs, but for the unit that is enabled
	$(call install-file,utils/tcm-loop,$(DESTDIR)$(sbindir)/tcm-loop,755)
	install -D -m 644 -t $(DESTDIR)$(datadir)/tcm-loop/tcmloop utils/tcmloop/*.py
	install -D -m 644 -t $(DESTDIR)$(datadir)/tcm-loop utils/list.schema.json
	install -D -m 644 utils/tcm-loop.bash-completion $(DESTDIR)$(datadir)/bash-completion/completions/tcm-loop
	install -D -m 644 -t $(DESTDIR)$(datadir)/tcm-loop/labs utils/labs/*.lab
	install -D -m 644 -t $(DESTDIR)$(mandir)/man5 man/tcm-loop.conf.5 man/tcm-loop.lab.5
	install -D -m 644 -t $(DESTDIR)$(mandir)/man8 man/tcm-loop.8
	[ -e $(DESTDIR)$(sysconfdir)/tcm-loop.conf ] || install -D -m 644 -t $(DESTDIR)$(sysconfdir) utils/tcm-loop.conf
	$(call install-file,utils/target.service.conf,$(DESTDIR)$(unitdir)/target.service.d/tcm-loop.conf,644)
	$(call install-file,utils/target.service.conf,$(DESTDIR)$(unitdir)/rtslib-fb-targetctl.service.d/tcm-loop.conf,644)
	$(call install-file,utils/tcm-loop-late.service,$(DESTDIR)$(unitdir)/tcm-loop-late.service,644)
	$(call install-file,utils/tcm-loop-remote.service,$(DESTDIR)$(unitdir)/tcm-loop-remote.service,644)
	$(call install-file,utils/tcm-loop-unmounted.service,$(DESTDIR)$(unitdir)/tcm-loop-unmounted.service,644)

install-utils: install-command ## install the command tcm-loop, its units and manual pages
	$(call install-file,utils/tcm-loop.service,$(DESTDIR)$(unitdir)/tcm-loop.service,644)

# What is installed is what "make install-utils" leaves in an empty folder.
list-utils: ## list what "make install-utils" installs
	@stage=$$(mktemp -d) && trap 'rm -rf "$$stage"' EXIT && $(MAKE) -s --no-print-directory install-utils DESTDIR=$$stage && \
		find $$stage -type f | sed "s,^$$stage,," | sort

uninstall-utils: ## undo "make install-utils"; /etc/tcm-loop.conf stays
	for file in $$($(MAKE) -s --no-print-directory list-utils); do \
		[ $$file = $(sysconfdir)/tcm-loop.conf ] || rm -f $(DESTDIR)$$file $(DESTDIR)$$file.gz; \
		[ $${file%.service.d/*} = $$file ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$${file%/*}; \
	done
	rm -rf $(DESTDIR)$(datadir)/tcm-loop

install: install-source ## install through DKMS, for the running kernel or KERNELS="...", and those to come
	dkms add -m tcm-loop -v $(VERSION)
	for kernel in $(or $(KERNELS),$(shell uname -r)); do dkms install -m tcm-loop -v $(VERSION) -k $$kernel || exit; done

uninstall: ## undo "make install"; the kernel's own module is back
	dkms remove -m tcm-loop -v $(VERSION) --all
	rm -r $(SOURCE)

# The source without git, as in a tarball, is all there is but what was built.
TARBALL := build/tcm-loop-$(VERSION).tar
dist: ## pack the committed source: build/tcm-loop-VERSION.tar.gz
	@mkdir -p build
	if [ -e .git ]; then git archive --prefix=tcm-loop-$(VERSION)/ HEAD >$(TARBALL); else \
		tar -cf $(TARBALL) --exclude=./build --exclude='probed-*' --exclude-from=.gitignore \
		--transform 's,^\.,tcm-loop-$(VERSION),S' .; fi
	gzip -nf $(TARBALL)

deb: dist ## build the Debian package in build/deb
	rm -rf build/deb && mkdir -p build/deb
	tar -C build/deb -xf $(TARBALL).gz
	cd build/deb/tcm-loop-$(VERSION) && dpkg-buildpackage -us -uc -b
	@ls build/deb/*.deb

RPMBUILD ?= rpmbuild
rpm: dist ## build the RPM package in build/rpm
	rm -rf build/rpm
	$(RPMBUILD) -ba --define "_topdir $(CURDIR)/build/rpm" --define "_sourcedir $(CURDIR)/build" rpm/tcm-loop-dkms.spec
	@ls build/rpm/RPMS/noarch/*.rpm

setup: ## install what the lab needs on this Debian machine
	@vm/setup

demo: setup ## boot a real kernel and look at three disks: SAS, FC and iSCSI
	@vm/run $(or $(RELEASE),trixie) -- vm/guest/demo

check: setup ## all checks: formatting, builds, and the selftests on every kernel
	@vm/check

check-utils: ## test the command tcm-loop without a kernel, on this machine's Python
	@python3 utils/tests

check-packages: setup ## install, upgrade and remove the packages on every release
	@vm/check versions deb-bullseye deb-bookworm deb-trixie deb-sid rpm

check-long: setup ## what takes hours: long forms, older debug kernels, packages of all releases
	@vm/check --long

check-docs: setup ## type what the documents show in a VM, and compare what it prints
	@vm/check-docs

test: setup ## run one selftest, or all of vm/plan: TEST=name, in KERNEL=uml (seconds) or a release
	@vm/test $(KERNEL) $(TEST)

bench: setup ## stock, ours, nvme-loop and null_blk side by side on RELEASE=backports
	@bench/run $(or $(RELEASE),backports)

clients: setup ## the tests that use the disks as programs do, with the kernel's own module and ours: KERNEL=uml or a release
	@vm/clients $(KERNEL) $(TEST)

coverage: setup ## which lines the selftests reach, in User Mode Linux with gcov
	@vm/coverage

mutants: setup ## whether the tests find seeded defects: all of selftests/mutants (an hour), or MUTANT=name
	@vm/mutants $(MUTANT)

shell: setup ## a root shell in KERNEL=uml or a release, with the module loaded and a disk made
	@vm/run $(KERNEL) --shell

format: setup ## let clang-format rewrite the sources
	@vm/lint --fix

.PHONY: help modules modules_install probes check-headers clean install-source install-man install-command install-utils list-utils uninstall-utils \
	install uninstall dist deb rpm setup demo check check-utils check-packages check-long check-docs test bench clients coverage mutants shell format
