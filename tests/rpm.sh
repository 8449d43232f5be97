#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Builds the RPM packages from a release tarball, and looks at what is in them and at what they do when one goes.
#
#   tests/rpm.sh TARBALL WORK
#
# One line for each case, then "rpm: N passed, N failed, N skipped". Exit status: 0 all passed, 1 something failed, 77 it
# cannot be run here (the last line says why).
# shellcheck disable=SC2317 # functions are called by name
set -uo pipefail

tarball=$1 work=$2
here=$(dirname "$(readlink -f "$0")")
passed=0 failed=0 skipped=0

# case_is WHAT COMMAND…: the command decides; what it says is shown when it fails.
case_is()
{
	local what=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $what"
		passed=$((passed + 1))
	else
		echo "not ok $what"
		tail -n 20 "$work/said" | sed 's/^/#   /'
		failed=$((failed + 1))
	fi
}

finish()
{
	echo "rpm: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
	exit
}

command -v rpmbuild >/dev/null || { echo "rpmbuild is not installed"; exit 77; }
[ -e /usr/share/selinux/devel/Makefile ] || { echo "the development files of the SELinux policy are not installed"; exit 77; }
mkdir -p "$work" && work=$(readlink -f "$work") || exit

version=$(basename "$tarball" .tar.xz)
version=${version#apikeyd-}
case_is 'the packages build from the tarball alone' "$here/../packaging/build-rpm" "$tarball" "$work/build"
[ $failed -eq 0 ] || finish
packages=$work/build/RPMS

# package NAME: its file.
package()
{
	echo "$packages"/*/"$1-$version"-*.rpm
}

# holds NAME FILE…: what is to be in it, with the owner and the mode where they are said ("drwx------ apikeyd PATH").
holds()
{
	local name=$1 file
	shift
	rpm --query --list --verbose --package "$(package "$name")" 2>/dev/null | awk '{ print $1, $3, $9 }' >"$work/list"
	for file; do
		grep -qE -- "(^| )$file\$" "$work/list" || { echo "$name lacks $file, and has:"; cat "$work/list"; return 1; }
	done
}

case_is 'apikeyd holds the daemon and what it needs' holds apikeyd /usr/sbin/apikeyd /usr/bin/apikeyctl \
	'-rw-r--r-- root /etc/apikeyd/apikeyd.conf' 'drwx------ apikeyd /var/lib/apikeyd' 'drwxr-x--- apikeyd /var/log/apikeyd' \
	/usr/lib/systemd/system/apikeyd{,-init}.service /usr/lib/systemd/system/apikeyd-{login,verify,admin}.socket \
	/usr/sbin/apikey-sessiond /usr/lib/systemd/system/apikey-sessiond{.service,.socket,-control.socket} \
	/usr/share/man/man8/apikey-sessiond.8"(.gz)?" \
	/usr/lib/{sysusers,tmpfiles}.d/apikeyd.conf /usr/share/zsh/site-functions/_apikeyctl \
	/usr/share/bash-completion/completions/apikeyctl \
	/usr/share/man/{man1/apikeyctl.1,man1/apikeyctl-doctor.1,man7/apikeyd-backup.7}"(.gz)?"
case_is 'apikey-gateway holds the gateway, its units and its user' holds apikey-gateway /usr/sbin/apikey-gateway \
	/usr/lib/systemd/system/apikey-gateway.{service,socket} /usr/lib/sysusers.d/apikey-gateway.conf \
	'-rw-r--r-- root /etc/apikeyd/gateway.conf'
case_is 'pam_apikey holds the module, examples and how to add it' holds pam_apikey '/usr/lib(64)?/security/pam_apikey.so' \
	"/usr/share/doc/pam_apikey.*/examples/sshd/sshd" "/usr/share/doc/pam_apikey.*/authselect/README.md"
case_is 'libapikey holds the library' holds libapikey '/usr/lib(64)?/libapikey.so.1'
case_is 'libapikey-sign holds the library that signs' holds libapikey-sign '/usr/lib(64)?/libapikey-sign.so.1'
case_is 'libapikey-devel holds the header and the manual' holds libapikey-devel /usr/include/apikey.h \
	'/usr/share/man/man3/apikey_verify.3(.gz)?' '/usr/lib(64)?/pkgconfig/apikey.pc' \
	/usr/include/apikey-sign.h '/usr/lib(64)?/pkgconfig/apikey-sign.pc'

# every_page_is_held: each manual page of the sources is in one of the packages.
every_page_is_held()
{
	local page missing=
	rpm --query --list --package "$packages"/*/*.rpm 2>/dev/null >"$work/list"
	while read -r page; do
		page=$(basename "$page" .in)
		grep -qE "/man${page##*.}/${page//./\\.}(\.gz)?\$" "$work/list" || missing+=" $page"
	done < <(grep -lE '^\.(TH|Dd) ' "$here"/../*/*.[1-8] "$here"/../*/man/*.[1-8])
	echo "missing:$missing"
	[ -z "$missing" ]
}
case_is 'every manual page is in one of them' every_page_is_held
case_is 'apikeyd-selinux holds the module' holds apikeyd-selinux /usr/share/selinux/packages/targeted/apikeyd.pp.bz2
case_is 'there is no other package' test "$(find "$packages" -name '*.rpm' | wc -l)" -eq 7
configuration()
{
	rpm --query --configfiles --package "$(package apikeyd)" | grep -qx /etc/apikeyd/apikeyd.conf
}
case_is 'the configuration is kept as the administrator wrote it' configuration

# ---- the module does not go while a stack names it ----

rpm --query --queryformat '%{PREUN}' --package "$(package pam_apikey)" >"$work/preun" 2>/dev/null

# preun LEFT [LINE]: the scriptlet, with so many packages of the name left, where a stack has the line.
preun()
{
	rm -rf "$work/pam.d"
	mkdir "$work/pam.d"
	printf '%s\n' 'auth required pam_unix.so' '# pam_apikey.so is not used' ${2+"$2"} >"$work/pam.d/sshd"
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount --propagation private sh -c 'mount --bind "$1" /etc/pam.d && exec sh "$2" "$3"' - \
		"$work/pam.d" "$work/preun" "$1"
}

refuses()
{
	local said
	if said=$(preun "$@" 2>&1); then
		echo "it lets the package go"
		return 1
	fi
	grep -q '/etc/pam.d/sshd' <<<"$said"
}

if [ "$(id -u)" -eq 0 ]; then
	case_is 'the module goes when no stack names it' preun 0
	case_is 'the module stays while a stack names it' refuses 0 'auth required pam_apikey.so'
	case_is 'an upgrade is not refused' preun 1 'auth required pam_apikey.so'
else
	echo 'skip the module stays while a stack names it: not root'
	skipped=1
fi

# What Fedora does otherwise than the distribution whose rules this rpmlint has; and folders that others may not look
# into, as they should be.
cat >"$work/rpmlint.toml" <<'END'
Filters = [
	"lib-package-without-%mklibname",
	"library-without-ldconfig-post",
	"hardcoded-library-path",
	"bad-manual-page-folder",
	"missing-hash-section",
	"no-group-tag",
	"no-packager-tag",
	"no-signature",
	"non-versioned-file-in-library-package",
	"outside-libdir-files",
	"shlib-policy-name-error",
	"non-standard-dir-perm /var/l(ib|og)/apikeyd",
]
END
lint()
{
	rpmlint --config "$work/rpmlint.toml" "$here/../packaging/rpm/apikeyd.spec" "$packages"/*/*.rpm >"$work/lint" 2>&1
	! grep ' E: ' "$work/lint"
}
if command -v rpmlint >/dev/null; then
	case_is 'rpmlint finds no error' lint
	case_is 'rpmlint has looked' grep -q '7 packages and 1 specfiles checked' "$work/lint"
else
	echo 'skip rpmlint finds no error: rpmlint is not installed'
	skipped=$((skipped + 1))
fi
finish
