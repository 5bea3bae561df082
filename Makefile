# SPDX-License-Identifier: GPL-2.0-only
# "make help" lists what there is.  The module itself is described in Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= uml

.DEFAULT_GOAL := modules

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

modules: ## build tcm_loop.ko for the running kernel, or for KDIR=...
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules_install: ## install it where it goes before the kernel's own
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=updates modules_install

probes: modules ## build, and show what compat/probes found in that kernel
	@cat compat/probed-*/tcm_loop_probed.h

clean: ## remove what "make modules" made
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

setup: ## install what the lab needs on this Debian machine
	@vm/setup

demo: setup ## boot a real kernel and look at three disks: SAS, FC and iSCSI
	@vm/run $(or $(RELEASE),trixie) -- vm/guest/demo

check: setup ## all checks: formatting, builds, and the selftests on every kernel
	@vm/check

test: setup ## run one selftest: TEST=name, in KERNEL=uml (seconds) or a release
	@vm/run $(KERNEL) -- selftests/run $(TEST:%=%.sh)

coverage: setup ## which lines the selftests reach, in User Mode Linux with gcov
	@vm/coverage

shell: setup ## a root shell in KERNEL=uml or a release, with the module loaded
	@vm/run $(KERNEL) --shell

format: setup ## let clang-format rewrite the sources
	@vm/lint --fix

.PHONY: help modules modules_install probes clean setup demo check test coverage shell format
