#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every apikeyctl command that the documents and the examples tell people to type works: run here against a daemon, in
# the order in which it stands.
# shellcheck source-path=SCRIPTDIR source=harness.sh
. "$(dirname "$0")/harness.sh"
need jq "$apikeyd"
top=$(dirname "$0")/../..
start_daemon

"$top/tests/readme.sh" --check >"$scratch/out" 2>&1
status=$? out=$(<"$scratch/out") err='' last='tests/readme.sh --check'
succeeds

# What the lines call: ours, with this daemon; root need not be become, and whoever makes a key for himself is alice.
mkdir "$scratch/bin" "$scratch/home"
cat >"$scratch/bin/apikeyctl" <<END
#!/bin/bash
owner=()
[[ " \$* " != *' key create '* || " \$* " == *' --owner '* ]] || owner=(--owner alice)
exec '$apikeyctl' --runtime-dir '$runtime' "\$@" "\${owner[@]}"
END
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bin/sudo"
chmod +x "$scratch/bin/"*

# commands_of FILE: the command lines in it: of fenced or indented blocks, or behind a label in a comment; elsewhere in one a
# command is part of a sentence
commands_of()
{
	case $1 in
	*README*) awk '/^```/ { inside = !inside; next } inside || /^    /' "$1" | sed -nE 's/^ *(sudo )?(apikeyctl )/\2/p' ;;
	*) sed -nE 's/^#( (Try it|Before|Undo):( *[a-z ]+:)? +| {8,})(apikeyctl [^;]*).*/\4/p' "$1" ;;
	esac
}

count=0
while IFS= read -r file; do
	# Each document begins without keys.
	act --json key list
	while read -r id; do
		act key delete "$id" --yes
	done < <(json '.[].id')
	while IFS= read -r command; do
		count=$((count + 1))
		last="${file#"$top/"}: $command"
		(cd "$scratch/home" && PATH=$scratch/bin:$PATH bash -c "$command" </dev/null >"$scratch/out" 2>"$scratch/err")
		status=$? out=$(<"$scratch/out") err=$(<"$scratch/err")
		succeeds
	done < <(commands_of "$file")
done < <(find "$top/README.md" "$top/packaging/debian/apikeyd.README.Debian" "$top/packaging/authselect/README.md" \
	"$top/packaging/examples" -type f 2>/dev/null)
# What finds none would never fail.
((count >= 15)) || fail "only $count commands were found"

finish
