#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compat/compiler.sh DIR: what make must be told of the compiler, for a kernel whose tree or headers are in DIR.  A
# kernel that was built with clang has options in its configuration of which gcc knows nothing.
set -eu
for config in "$1/include/config/auto.conf" "$1/.config"; do
	[ ! -r "$config" ] || break
done
is_set() { grep -qs "^CONFIG_$1=y" "$config"; }
is_set CC_IS_CLANG || exit 0
# "clang" may be another release than the kernel's, or not be there at all.
suffix=-$(sed -n 's/^CONFIG_CLANG_VERSION=\([0-9]*\)[0-9]\{4\}$/\1/p' "$config")
command -v "clang$suffix" >/dev/null || suffix=
if is_set LD_IS_LLD; then
	echo "LLVM=${suffix:-1} CC=clang$suffix LD=ld.lld$suffix"
else
	echo "CC=clang$suffix"
fi
