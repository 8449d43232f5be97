#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The one place that knows what packages are called. ./check and ./quickstart ask it; so may you.
#
#   tests/install-dependencies.sh [--missing] [SET…]
#
# SET: build (compiling and running; the default), deb (make deb besides), check (what ./check runs besides both), bench
# (what make bench runs besides), portal (a browser, which its stage installs by itself); and,
# only printed, with --list, what the Debian trees of tests hold: caller-tree (in which real callers run),
# caller-tree-apart (what cannot be in that tree together with the rest), boot-tree (which boots). --missing prints the
# packages that are not there, one a line, and exits 1 when there are any; without it they are installed, which takes
# root. --list prints the names of the set.
# Exit status: 0 all there, 1 something is missing (and, without --missing, could not be installed), 2 usage.
set -euo pipefail

# set, Debian's name, Fedora's name ("-": not needed there)
table='
build   gcc                   gcc
build   libc6-dev             glibc-devel
build   make                  make
build   autoconf              autoconf
build   automake              automake
build   libtool               libtool
build   pkg-config            pkgconf-pkg-config
build   libpam0g-dev          pam-devel
build   libsystemd-dev        systemd-devel
build   libsqlite3-dev        sqlite-devel
build   libssl-dev            openssl-devel
build   libinih-dev           inih-devel
build   libjansson-dev        jansson-devel
build   libsmartcols-dev      libsmartcols-devel
build   libmicrohttpd-dev     libmicrohttpd-devel
check   check                 check-devel
check   git                   git-core
check   jq                    jq
check   curl                  curl
check   python3               python3
deb     xz-utils              xz
check   clang                 clang
check   clang-format          clang-tools-extra
check   clang-tidy            clang-tools-extra
check   libclang-rt-14-dev    compiler-rt
check   valgrind              valgrind
check   libc6-dbg             -
check   cppcheck              cppcheck
check   shellcheck            ShellCheck
check   debootstrap           debootstrap
check   debian-archive-keyring debian-keyring
check   e2fsprogs             e2fsprogs
check   util-linux            util-linux
check   strace                strace
check   gcc-i686-linux-gnu    -
check   gcc-s390x-linux-gnu   -
check   qemu-user             -
check   mandoc                mandoc
check   groff-base            groff-base
check   zsh                   zsh
check   selinux-policy-dev    selinux-policy-devel
check   checkpolicy           checkpolicy
check   semodule-utils        policycoreutils
check   python3-setools       python3-setools
check   bzip2                 bzip2
deb     build-essential       -
deb     dpkg-dev              -
deb     debhelper             -
check   lintian               -
deb     systemd               -
check   systemd-container     -
check   rpm                   rpm-build
check   rpmlint               rpmlint
bench   wrk                   wrk
bench   nginx-light           nginx-core
portal  chromium              chromium
portal  fonts-dejavu-core     dejavu-sans-fonts
'

# The callers' tree is always Debian: programs that log in, and what the build links.
tree_packages=(
	openssh-server openssh-client openssh-sftp-server sshpass sudo login util-linux
	dovecot-core dovecot-imapd dovecot-submissiond postfix sasl2-bin vsftpd
	nginx libnginx-mod-http-auth-pam apache2 libapache2-mod-authnz-pam postgresql squid openvpn
	freeradius freeradius-utils cockpit-ws cockpit-bridge curl haproxy caddy
	pamtester strace iproute2 procps libpam-modules libsystemd0 libsqlite3-0 libssl3 libinih1 libjansson4
	libsmartcols1 libmicrohttpd12
)
# Conflicts with one of those (two FTP servers); lies in the tree as a package, for its caller to install.
tree_packages_apart=(proftpd-core proftpd-mod-crypto)

# The tree that boots, with the packages installed in it while it runs.
boot_packages=(
	systemd systemd-sysv dbus libpam-systemd openssh-server openssh-client sshpass login pamtester iproute2 procps
	libpam-modules libpam-runtime libsystemd0 libsqlite3-0 libssl3 libinih1 libjansson4 libsmartcols1
	fail2ban python3-systemd apparmor
	sudo dovecot-imapd curl libmicrohttpd12
)

usage()
{
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
}

family()
{
	if command -v apt-get >/dev/null; then
		echo debian
	elif command -v dnf >/dev/null; then
		echo fedora
	else
		echo unknown
	fi
}

# The names of one set on this system.
names()
{
	local set debian fedora
	case $1 in
	caller-tree)
		printf '%s\n' "${tree_packages[@]}"
		return
		;;
	caller-tree-apart)
		printf '%s\n' "${tree_packages_apart[@]}"
		return
		;;
	boot-tree)
		printf '%s\n' "${boot_packages[@]}"
		return
		;;
	esac
	while read -r set debian fedora; do
		[ "$set" = "$1" ] || continue
		if [ "$family" = fedora ]; then
			[ "$fedora" = - ] || echo "$fedora"
		else
			echo "$debian"
		fi
	done <<<"$table" | sort -u
}

is_installed()
{
	case $family in
	debian) [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
	fedora) rpm --quiet --query --whatprovides "$1" ;;
	*) return 1 ;;
	esac
}

family=$(family)
action=install
sets=()
for argument; do
	case $argument in
	--missing) action=missing ;;
	--list) action=list ;;
	build | deb | check | bench | portal | caller-tree | caller-tree-apart | boot-tree) sets+=("$argument") ;;
	*) usage ;;
	esac
done
[ ${#sets[@]} -gt 0 ] || sets=(build)

wanted=()
for set in "${sets[@]}"; do
	mapfile -t -O ${#wanted[@]} wanted < <(names "$set")
done
if [ $action = list ]; then
	printf '%s\n' "${wanted[@]}"
	exit 0
fi

missing=()
for package in "${wanted[@]}"; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ $action = missing ]; then
	printf '%s\n' "${missing[@]}"
	exit 1
fi
if [ "$family" = unknown ]; then
	echo "install-dependencies: neither apt-get nor dnf is here; please install: ${missing[*]}" >&2
	exit 1
fi
case $family in
debian) command=(apt-get install --yes --no-install-recommends) ;;
fedora) command=(dnf install --assumeyes --setopt=install_weak_deps=False) ;;
esac
if [ "$(id -u)" -ne 0 ]; then
	echo "install-dependencies: these packages are missing; as root: ${command[*]} ${missing[*]}" >&2
	exit 1
fi
if [ "$family" = debian ]; then
	export DEBIAN_FRONTEND=noninteractive
	command+=(-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
	# A fresh system has no package lists; one with stale lists gets new ones and a second try.
	"${command[@]}" "${missing[@]}" || { apt-get -o DPkg::Lock::Timeout=600 update && "${command[@]}" "${missing[@]}"; }
else
	"${command[@]}" "${missing[@]}"
fi
