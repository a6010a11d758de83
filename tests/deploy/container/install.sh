#!/bin/sh
# What the container tests need of Debian, installed where it is absent: Podman with runc, the maker of a base image, and
# qemu for arm64, which the kernel is told of, so that containers of arm64 run.
set -eu
missing=''
for tool in podman runc mmdebstrap arch-test qemu-aarch64:qemu-user qemu-aarch64-static:qemu-user-static; do
    command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
as_root=''
[ "$(id -u)" = 0 ] || as_root=sudo
if [ -n "$missing" ]; then
    echo "Installing Debian's$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
emulators=/proc/sys/fs/binfmt_misc
[ -e $emulators/register ] || $as_root mount -t binfmt_misc none $emulators
[ -e $emulators/qemu-aarch64 ] || $as_root sh -c "cat /usr/lib/binfmt.d/qemu-aarch64.conf >$emulators/register"
