# SPDX-License-Identifier: GPL-2.0-only
#
# Ask the compiler what this kernel has.  Each file of compat/probes is a few
# lines that compile only where the thing it is named for exists; compat/ask.sh
# collects the answers in one header, which the headers in compat/include read,
# once for each kernel release, before the first object is compiled.

compat-dir := $(obj)/compat/probed-$(KERNELRELEASE)
compat-header := $(compat-dir)/tcm_loop_probed.h

# A model of an old kernel's API goes before the kernel's own (vm/check-models).
LINUXINCLUDE := $(COMPAT_MODEL) $(LINUXINCLUDE)
# Headers that older kernels do not have at all come last.
LINUXINCLUDE += -idirafter $(src)/compat/missing

# A probe sees the kernel's headers, not ours.
$(compat-header): LINUXINCLUDE := $(LINUXINCLUDE)

# Headers of older kernels are shadowed: compat/include comes first.
LINUXINCLUDE := -I$(src)/compat/include -I$(compat-dir) $(LINUXINCLUDE)
# What old headers would let pass with a warning: a function of another type.
ccflags-y += $(call cc-option,-Werror=incompatible-pointer-types)

quiet_cmd_compat_ask = PROBES  $@
      cmd_compat_ask = $(CONFIG_SHELL) $(src)/compat/ask.sh $(compat-dir) \
	$(CC) $(c_flags) -UKBUILD_MODNAME -DKBUILD_MODNAME='"probe"' -Wno-error

# Asked when something is built, because "make clean" knows no configuration.
compat-lacks = $(strip $(foreach option,CONFIG_MODULES CONFIG_SCSI CONFIG_CONFIGFS_FS CONFIG_TARGET_CORE, \
	$(if $($(option)),,$(option))))

$(compat-header): $(src)/compat/ask.sh $(src)/compat/probes/table $(wildcard $(src)/compat/probes/*.c)
	$(foreach option,$(compat-lacks),$(info tcm_loop: this kernel has no $(option), which tcm_loop needs))
	$(if $(filter y,$(CONFIG_LOOPBACK_TARGET)),$(info tcm_loop: this kernel has its own tcm_loop built in, CONFIG_LOOPBACK_TARGET=y))
	$(if $(compat-lacks)$(filter y,$(CONFIG_LOOPBACK_TARGET)),$(error tcm_loop: it is not built for this kernel))
	$(if $(CONFIG_TRIM_UNUSED_KSYMS),$(info tcm_loop: this kernel exports only what its own modules use, CONFIG_TRIM_UNUSED_KSYMS; what is \
		"undefined" below was not among that, and must be in its CONFIG_UNUSED_KSYMS_WHITELIST))
	$(call cmd,compat_ask)

$(addprefix $(obj)/,$(tcm_loop-y)): $(compat-header)

clean-files += compat/probed-*
