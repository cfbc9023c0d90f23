#!/bin/sh
# Makes a Debian package of a built program: make-deb.sh PROGRAM DIRECTORY. Prints the package's path.
set -eu

program=$1
output=$2
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$(dirname "$here")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

version=$("$program" --version)
architecture=$(dpkg --print-architecture)
maintainer=${DEB_MAINTAINER:-"The authors of Ringback <ringback@localhost.localdomain>"}
# The day of the last change, so that the same source makes the same package.
day=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct 2>/dev/null || date +%s)}
root=$work/root
doc=$root/usr/share/doc/ringback

install -D -m 0755 "$program" "$root/usr/bin/ringback"
strip --strip-unneeded "$root/usr/bin/ringback"
if readelf --dynamic "$root/usr/bin/ringback" | grep -q 'NEEDED.*libswift'; then
    echo "make-deb.sh: '$program' needs Swift's libraries on the machine it runs on: build it with --static-swift-stdlib" >&2
else
    # Swift's builds name a place beside the program, where there is nothing.
    patchelf --remove-rpath "$root/usr/bin/ringback"
fi

# The unit of the source is for a program in /usr/local and a user that exists only while it runs.
mkdir -p "$root/lib/systemd/system"
sed -e '1,/^$/ { /^#/d; /^$/d }' -e 's|/usr/local/bin/|/usr/bin/|' \
    -e 's|^DynamicUser=yes|User=ringback\nGroup=ringback|' \
    "$source/config/ringback.service" >"$root/lib/systemd/system/ringback.service"
for unit in ringback-inbox.path ringback-inbox.service ringback-inbox.timer; do
    install -D -m 0644 "$source/config/$unit" "$doc/examples/$unit"
done
install -D -m 0644 "$source/config/prometheus/alerts.yaml" "$doc/examples/prometheus-alerts.yaml"
install -D -m 0644 "$source/config/grafana/ringback.json" "$doc/examples/grafana-ringback.json"

install -D -m 0640 "$source/config/ringback.yaml" "$root/etc/ringback/ringback.yaml"
chmod 0755 "$root/etc/ringback"

"$program" manual "$root/usr/share/man/man1" --date "$(date -u -d "@$day" +%Y-%m-%d)"
gzip -9n "$root"/usr/share/man/man1/*.1
install -d "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" "$root/usr/share/fish/vendor_completions.d"
"$program" completions bash | sed '1{/^#!/d}' >"$root/usr/share/bash-completion/completions/ringback"
"$program" completions zsh >"$root/usr/share/zsh/vendor-completions/_ringback"
"$program" completions fish >"$root/usr/share/fish/vendor_completions.d/ringback.fish"

install -D -m 0644 "$here/debian/copyright" "$doc/copyright"
install -D -m 0644 "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/ringback"
install -D -m 0644 "$here/debian/README.Debian" "$doc/README.Debian"
install -D -m 0644 "$source/README.md" "$doc/README.md"
gzip -9n "$doc/README.md"
printf 'ringback (%s) unstable; urgency=medium\n\n  * Built from source.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(LC_ALL=C date -u -R -d "@$day")" | gzip -9n >"$doc/changelog.gz"

# What the program is linked with, as Debian's packages call it.
mkdir "$work/debian"
printf 'Source: ringback\n\nPackage: ringback\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/ringback 2>/dev/null | sed -n 's/^shlibs:Depends=//p')

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: ringback
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --exclude DEBIAN "$root" | cut -f 1)
Depends: $depends, adduser, ca-certificates
Section: net
Priority: optional
Description: webhooks and messages for background responses of LLM vendors
 Ringback follows background responses of any API in the shape of OpenAI's
 Responses API, and when one ends it sends a signed webhook, posts to chat and
 ticket systems, sends mail, runs a program, or drops a file into a directory,
 with retries and a dead-letter queue.
CONTROL
echo /etc/ringback/ringback.yaml >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do install -m 0755 "$here/debian/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"

find "$root" -exec touch --no-dereference --date "@$day" {} +
mkdir -p "$output"
package=$output/ringback_${version}_$architecture.deb
SOURCE_DATE_EPOCH=$day dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
echo "$package"
