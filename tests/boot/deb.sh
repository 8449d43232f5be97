#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The Debian packages as files: what is in them, what lintian says, what systemd says of the units, and how they install
# where no systemd runs, as when an image is made.
#
#   tests/boot/deb.sh TREE PACKAGES WORK
#
# Arguments, results and exit status are those of tests/boot/run.sh, with "deb" in the place of "boot".
# shellcheck disable=SC2317 # functions are called by name
set -uo pipefail

[ "$(id -u)" -eq 0 ] || { echo "entering a Debian tree takes root"; exit 77; }
if [ "$1" != --unshared ]; then
	# What is mounted in a namespace of its own is gone with it.
	exec unshare --mount --propagation private "$0" --unshared "$@"
fi
suite=deb
# shellcheck disable=SC1091,SC2031 # the two are the same file of two systems
here=$(. /etc/os-release && echo "$ID $VERSION_ID")
# shellcheck disable=SC1091,SC2031
there=$(. "$2/etc/os-release" && echo "$ID $VERSION_ID")
[ "$here" = "$there" ] || { echo "built on $here, but the tree is $there"; exit 77; }
tree=$(readlink -f "$2") packages=$(readlink -f "$3") work=$4
sources=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/boot/harness.sh
. "$sources/tests/boot/harness.sh"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$work"
work=$(readlink -f "$work")

version=$(dpkg-deb --field "$packages"/apikeyd_*.deb Version)
triplet=$(dpkg-architecture --query DEB_HOST_MULTIARCH)

package()
{
	echo "$packages/${1}_$version"_*.deb
}

cases()
{
	what_is_in_them
	what_others_say
	where_nothing_runs
}

# ---- what is in them ----

what_is_in_them()
{
	local name unit
	for name in apikeyd apikey-gateway libpam-apikey libapikey1 libapikey-sign1 libapikey-dev; do
		mkdir "$scratch/$name"
		dpkg-deb --raw-extract "$(package "$name")" "$scratch/$name/all"
		dpkg-deb --contents "$(package "$name")" >"$scratch/$name/list"
		case_is "$name: all is root's, and nobody else may write or gets rights by it" \
			not grep -vE '^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root/root ' "$scratch/$name/list"
	done
	cd "$scratch" || return

	case_is 'apikeyd: the daemon, the command, its completion, user and folders' ls apikeyd/all/usr/{sbin/apikeyd,bin/apikeyctl} \
		apikeyd/all/usr/share/bash-completion/completions/apikeyctl apikeyd/all/usr/lib/{sysusers,tmpfiles}.d/apikeyd.conf
	for unit in apikeyd.service apikeyd-init.service apikeyd-{login,verify,admin}.socket apikey-sessiond{.service,.socket,-control.socket}; do
		case_is "apikeyd: $unit" contains apikeyd "/lib/systemd/system/$unit"
	done
	case_is 'apikey-gateway: the gateway and its user' ls apikey-gateway/all/usr/{sbin/apikey-gateway,lib/sysusers.d/apikey-gateway.conf}
	for unit in apikey-gateway.{service,socket} apikey-gateway-tls.socket; do
		case_is "apikey-gateway: $unit" contains apikey-gateway "/lib/systemd/system/$unit"
	done
	case_is 'apikey-gateway: the configuration is the one conffile' [ "$(cat apikey-gateway/all/DEBIAN/conffiles)" = /etc/apikeyd/gateway.conf ]
	case_is 'apikeyd: nothing of the gateway' not grep apikey-gateway apikeyd/list
	case_is 'apikey-gateway: an upgrade leaves the sockets open' not grep -E '(restart|_dh_action|stop).*socket' apikey-gateway/all/DEBIAN/postinst
	case_is 'apikeyd: the configuration is the one conffile' [ "$(cat apikeyd/all/DEBIAN/conffiles)" = /etc/apikeyd/apikeyd.conf ]
	case_is 'apikeyd: its library comes with it' depends_on apikeyd libapikey1
	case_is 'libpam-apikey: the module, where PAM looks' contains libpam-apikey "/lib/$triplet/security/pam_apikey.so"
	case_is 'libpam-apikey: needs neither the daemon nor its libraries' not depends_on libpam-apikey 'apikeyd|libapikey1|libapikey-sign1'
	case_is 'libpam-apikey: the profile is switched off' grep -qx 'Default: no' libpam-apikey/all/usr/share/pam-configs/apikey
	case_is 'libpam-apikey: the profile changes no sessions or passwords' \
		not grep -E '^(Session|Password)' libpam-apikey/all/usr/share/pam-configs/apikey
	case_is 'libpam-apikey: every example' diff -r "$sources/packaging/examples" libpam-apikey/all/usr/share/doc/libpam-apikey/examples
	case_is 'libapikey1: the library, and nothing that another version of it would have too' \
		not grep -vE "/(usr/lib/$triplet/libapikey\.so\.1.*|usr/share/(doc/libapikey1|lintian/overrides)/.*)?\$|/ *\$" libapikey1/list
	case_is 'libapikey-sign1: the library, and nothing that another version of it would have too' \
		not grep -vE "/(usr/lib/$triplet/libapikey-sign\.so\.1.*|usr/share/(doc/libapikey-sign1|lintian/overrides)/.*)?\$|/ *\$" libapikey-sign1/list
	case_is 'libapikey1: needs no OpenSSL' not depends_on libapikey1 'libssl[0-9a-z]*'
	case_is 'libapikey-dev: headers, pkg-config files, examples' \
		ls libapikey-dev/all/usr/{include/apikey{,-sign}.h,share/doc/libapikey-dev/examples/example{,-sign}.c} \
		"libapikey-dev/all/usr/lib/$triplet/pkgconfig/apikey"{,-sign}.pc
	case_is 'every manual page is in one of them' every_page_is_in
	# debhelper restarts what Also= names along with the service, which would close the sockets under waiting logins.
	case_is 'apikeyd: an upgrade restarts the daemon' grep -q "_dh_action 'apikeyd.service'" apikeyd/all/DEBIAN/postinst
	case_is 'apikeyd: an upgrade leaves the sockets open' not grep -E '(restart|_dh_action|stop).*socket' apikeyd/all/DEBIAN/postinst
}

# contains PACKAGE PATH: a file of it ends in that path.
contains()
{
	grep -qE "^-.*${2//./\\.}\$" "$scratch/$1/list"
}

depends_on()
{
	dpkg-deb --field "$(package "$1")" Depends Pre-Depends | grep -E "(^|[ ,:])($2)( |,|\$)"
}

every_page_is_in()
{
	local page missing=
	while read -r page; do
		grep -q "/$(basename "$page").gz\$" "$scratch"/*/list || missing+=" $page"
	done < <(grep -lE '^\.(TH|Dd) ' "$sources"/*/*.[1-8] "$sources"/*/man/*.[1-8])
	echo "missing:$missing"
	[ -z "$missing" ]
}

# ---- what others say of them ----

what_others_say()
{
	if command -v lintian >/dev/null; then
		case_is 'lintian has no error and no warning' \
			lintian --allow-root --fail-on error,warning "$packages/apikeyd_$version"_*.changes
	else
		echo 'skip lintian: it is not installed'
	fi
}

# ---- where nothing runs ----

inside()
{
	chroot "$work/system/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

where_nothing_runs()
{
	local unit
	mkdir -p "$work/system"
	mount -t tmpfs -o mode=755 tmpfs "$work/system"
	mkdir "$work/system/changes" "$work/system/scratch" "$work/system/root"
	mount -t overlay -o "lowerdir=$tree,upperdir=$work/system/changes,workdir=$work/system/scratch" overlay "$work/system/root"
	mount -t proc proc "$work/system/root/proc"
	mount --bind /dev "$work/system/root/dev"
	mount -t tmpfs -o mode=755 tmpfs "$work/system/root/run"
	cp "$packages"/*_"$version"_*.deb "$work/system/root/tmp"
	cp -a "$work/system/root/etc/pam.d" "$work/system/root/root/pam.d"

	case_is 'image: they install' inside sh -c 'dpkg --install /tmp/libapikey1_*.deb /tmp/libapikey-sign1_*.deb /tmp/apikeyd_*.deb /tmp/apikey-gateway_*.deb /tmp/libpam-apikey_*.deb /tmp/libapikey-dev_*.deb'
	case_is 'image: there are the users' inside getent passwd apikeyd apikey-gateway
	case_is 'image: the units are switched on' \
		inside systemctl is-enabled apikeyd.service apikeyd-login.socket apikeyd-verify.socket apikeyd-admin.socket \
		apikey-sessiond.socket apikey-sessiond-control.socket apikey-gateway.socket
	case_is 'image: no master key is made, which every copy would share' \
		inside sh -c '! ls /etc/credstore/apikeyd.master-key /var/lib/apikeyd/apikeyd.db'
	case_is 'image: no PAM stack has changed' inside diff -r /root/pam.d /etc/pam.d
	case_is 'image: the units are sound' inside systemd-analyze verify --man=no \
		apikeyd.service apikeyd-init.service apikeyd-login.socket apikeyd-verify.socket apikeyd-admin.socket \
		apikey-sessiond.service apikey-sessiond.socket apikey-sessiond-control.socket apikey-gateway.service apikey-gateway.socket apikey-gateway-tls.socket
	case_is 'image: the socket for TLS is not, which needs a certificate' not inside systemctl is-enabled --quiet apikey-gateway-tls.socket
	case_is 'image: what the service may do is little (exposure 1.0 at most)' \
		inside systemd-analyze security --no-pager --offline=true --threshold=10 apikeyd.service
	case_is 'image: what the helper may do that ends sessions as root is little (1.0 at most)' \
		inside systemd-analyze security --no-pager --offline=true --threshold=10 apikey-sessiond.service
	case_is 'image: what the gateway may do is next to nothing (0.8 at most)' \
		inside systemd-analyze security --no-pager --offline=true --threshold=8 apikey-gateway.service
	case_is 'image: what the unit may do that makes the master key as root is bounded (2.0 at most)' \
		inside systemd-analyze security --no-pager --offline=true --threshold=20 apikeyd-init.service
	case_is 'image: the profile, switched on' inside pam-auth-update --enable apikey
	case_is 'image: it stands in the stacks' inside grep -q pam_apikey /etc/pam.d/common-auth
	case_is 'image: they are removed' inside sh -c 'dpkg --remove libapikey-dev libpam-apikey apikey-gateway apikeyd libapikey-sign1 libapikey1'
	case_is 'image: the profile is out of the stacks' inside diff -r /root/pam.d /etc/pam.d
	case_is 'image: they are purged' inside sh -c 'dpkg --purge libpam-apikey apikey-gateway apikeyd && ! ls -d /etc/apikeyd /var/lib/apikeyd /var/log/apikeyd'
}

cases >"$work/deb.log" 2>&1
cat "$work/deb.log"
passed=$(grep -c '^ok ' "$work/deb.log")
failed=$(grep -c '^not ok ' "$work/deb.log")
skipped=$(grep -c '^skip ' "$work/deb.log")
echo "deb: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
