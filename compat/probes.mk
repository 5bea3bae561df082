# SPDX-License-Identifier: GPL-2.0-only
#
# Ask the compiler what this kernel has.  Each file of compat/probes is a few
# lines that compile only where the thing it is named for exists; the answers
# are collected in one header, which the headers in compat/include read.
#
# The probes are ordinary targets, so make runs them in parallel, once for
# each kernel release, before the first object is compiled.

compat-dir := $(obj)/compat/probed-$(KERNELRELEASE)
compat-probes := $(sort $(notdir $(basename $(wildcard $(src)/compat/probes/*.c))))
compat-answers := $(compat-probes:%=$(compat-dir)/%.answer)
compat-header := $(compat-dir)/tcm_loop_probed.h

# A model of an old kernel's API goes before the kernel's own (vm/check-models).
LINUXINCLUDE := $(COMPAT_MODEL) $(LINUXINCLUDE)
# Headers that older kernels do not have at all come last.
LINUXINCLUDE += -idirafter $(src)/compat/missing

# A probe sees the kernel's headers, not ours.  What would be a mere warning
# in old code is an answer here: no.
compat-strict := -Wno-error -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion
$(compat-answers): LINUXINCLUDE := $(LINUXINCLUDE)

# Headers of older kernels are shadowed: compat/include comes first.
LINUXINCLUDE := -I$(src)/compat/include -I$(compat-dir) $(LINUXINCLUDE)

quiet_cmd_compat_probe = PROBE   $(basename $(notdir $@))
      cmd_compat_probe = mkdir -p $(compat-dir); \
	if $(CC) $(c_flags) -UKBUILD_MODNAME -DKBUILD_MODNAME='"probe"' $(compat-strict) -fsyntax-only $< 2>$@.log; \
	then echo "\#define COMPAT_HAS_$(basename $(notdir $@)) 1"; \
	else echo "/* no $(basename $(notdir $@)) */"; fi >$@

quiet_cmd_compat_header = PROBED  $@
      cmd_compat_header = mkdir -p $(compat-dir); cat /dev/null $(compat-answers) >$@; \
	echo "  HAS     $$(sed -n 's/.*COMPAT_HAS_\(.*\) 1/\1/p' $@ | tr '\n' ' ')"; \
	echo "  HAS NOT $$(sed -n 's/.* no \(.*\) .*/\1/p' $@ | tr '\n' ' ')"

# Asked when something is built, because "make clean" knows no configuration.
compat-lacks = $(strip $(foreach option,CONFIG_MODULES CONFIG_SCSI CONFIG_CONFIGFS_FS CONFIG_TARGET_CORE, \
	$(if $($(option)),,$(option))))

$(compat-answers): $(compat-dir)/%.answer: $(src)/compat/probes/%.c
	$(if $(compat-lacks),$(error tcm_loop: this kernel has no $(compat-lacks), which tcm_loop needs))
	$(call cmd,compat_probe)

$(compat-header): $(compat-answers)
	$(call cmd,compat_header)

$(addprefix $(obj)/,$(tcm_loop-y)): $(compat-header)

clean-files += compat/probed-*
