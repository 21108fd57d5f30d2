#!/bin/sh
# install.sh <prefix>: copies mod_callpark into a FreeSWITCH, where <prefix>/bin/freeswitch is. It keeps a configuration that is
# there, changes no other file, and restarts nothing. uninstall.sh undoes it.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
prefix="${1:-}"
fail() { echo "$*" >&2; exit 1; }
[ -n "$prefix" ] || fail "usage: $0 <prefix>, the folder that holds bin/freeswitch"
[ -x "$prefix/bin/freeswitch" ] || fail "there is no FreeSWITCH in $prefix: no bin/freeswitch"
prefix="$(cd "$prefix" && pwd)"
first() { for folder in "$@"; do if [ -d "$prefix/$folder" ]; then echo "$prefix/$folder"; return; fi; done; fail "none of these is in $prefix: $*"; }
mods="$(first lib/freeswitch/mod lib64/freeswitch/mod mod)"
conf="$(first etc/freeswitch conf ../etc/freeswitch)"
list="$prefix/share/mod_callpark/installed"
mkdir -p "$prefix/share/mod_callpark"
[ -e "$list" ] || : > "$list"
put() {
	mkdir -p "$(dirname "$2")"
	# Whole, or not at all: a FreeSWITCH that runs keeps the old file.
	cp "$1" "$2.new" && chmod 644 "$2.new" && mv "$2.new" "$2"
	grep -qxF "$2" "$list" || echo "$2" >> "$list"
	echo "installed $2"
}
put "$here/mod_callpark.so" "$mods/mod_callpark.so"
put "$here/mod_callpark.so.debug" "$mods/mod_callpark.so.debug"
for page in "$here"/man/*; do put "$page" "$prefix/share/man/man${page##*.}/$(basename "$page")"; done
for file in docs/guide.md docs/reference.md docs/operating.md README.md CHANGELOG.md sbom.cdx.json; do
	put "$here/$file" "$prefix/share/mod_callpark/$(basename "$file")"
done
if [ -e "$conf/autoload_configs/callpark.conf.xml" ]; then echo "kept      $conf/autoload_configs/callpark.conf.xml"; else
	put "$here/conf/autoload_configs/callpark.conf.xml" "$conf/autoload_configs/callpark.conf.xml"
	cksum < "$conf/autoload_configs/callpark.conf.xml" > "$prefix/share/mod_callpark/callpark.conf.cksum"
fi
cat <<EOF

Next:
1. In $conf/autoload_configs/modules.conf.xml: <load module="mod_callpark"/>, and no mod_valet_parking.
2. fs_cli -x "reloadxml" and fs_cli -x "load mod_callpark", or restart FreeSWITCH after an upgrade. The dialplan is in
   $here/conf/dialplan/callpark.xml.
EOF
