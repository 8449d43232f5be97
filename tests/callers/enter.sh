#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs one caller's cases as process 1 of namespaces of its own: the tree, the build laid over it, and on top a layer in
# memory that takes every write; a loopback interface and no other; own processes, own /dev/log. Nothing survives it.
#
#   unshare --mount --pid --fork --uts --ipc --net tests/callers/enter.sh TREE INSTALLED SOURCES WORK CALLER
set -euo pipefail

tree=$1 installed=$2 sources=$3 work=$4 caller=$5

mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/changes" "$work/scratch" "$work/root"
mount -t overlay -o "lowerdir=$installed:$tree,upperdir=$work/changes,workdir=$work/scratch" overlay "$work/root"
cd "$work/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755,nosuid tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for device in null zero full random urandom tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts
mkdir -m 1777 dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mkdir -p opt/tests opt/examples
mount --bind -o ro "$sources/tests/callers" opt/tests
mount --bind -o ro "$sources/packaging/examples" opt/examples
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
	chroot . /bin/bash "/opt/tests/inside.sh" "$caller"
