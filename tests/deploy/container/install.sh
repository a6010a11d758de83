#!/bin/sh
# What the container tests need of Debian, installed where it is absent: Podman with runc, the maker of a base image, and
# qemu for arm64.
set -eu
missing=''
for tool in podman runc mmdebstrap qemu-aarch64:qemu-user; do
    command -v "${tool%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
[ -n "$missing" ] || exit 0
as_root=''
[ "$(id -u)" = 0 ] || as_root=sudo
echo "Installing Debian's$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
