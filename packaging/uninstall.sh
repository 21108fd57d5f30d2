#!/bin/sh
# uninstall.sh <prefix>: removes what install.sh has copied. A configuration that was changed stays, and so does the journal.
set -eu
prefix="${1:-}"
[ -n "$prefix" ] && [ -d "$prefix" ] || { echo "usage: $0 <prefix>, the folder that holds bin/freeswitch" >&2; exit 1; }
prefix="$(cd "$prefix" && pwd)"
share="$prefix/share/mod_callpark"
[ -e "$share/installed" ] || { echo "install.sh has installed nothing in $prefix" >&2; exit 1; }
while IFS= read -r file; do
	case "$file" in
	"$prefix"/*) ;;
	*) continue ;;
	esac
	case "$file" in
	*/callpark.conf.xml)
		if [ ! -e "$file" ]; then continue; fi
		if [ "$(cksum < "$file")" != "$(cat "$share/callpark.conf.cksum" 2>/dev/null)" ]; then
			echo "kept    $file"
			continue
		fi
		;;
	esac
	rm -f "$file"
	echo "removed $file"
done < "$share/installed"
rm -f "$share/installed" "$share/callpark.conf.cksum"
rmdir "$share" "$prefix/share/man/man5" "$prefix/share/man/man8" "$prefix/share/man" "$prefix/share" 2>/dev/null || :
echo "FreeSWITCH keeps what it has loaded until it is restarted. Remove <load module=\"mod_callpark\"/> from modules.conf.xml."
