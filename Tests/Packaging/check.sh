#!/bin/bash
# Proves a package in fresh Debian systems: check.sh PACKAGE WORKDIR. Needs root, debootstrap, lintian, mandoc and systemd-analyze.
#
# WORKDIR keeps the bare system between runs; each run works on copies of it.
set -euo pipefail

package=$(realpath "$1")
work=$2
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$(dirname "$here")")
mkdir -p "$work"
work=$(realpath "$work")
say() { echo "==> $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "a system of its own can only be made by root"

mounted=()
# What was mounted is taken down in any case; the copies go with it.
clean() {
    for process in "${processes[@]:-}"; do [ -z "$process" ] || kill "$process" 2>/dev/null || true; done
    wait || true
    for place in "${mounted[@]:-}"; do [ -z "$place" ] || umount -l "$place" || true; done
    rm -rf --one-file-system "$work"/system.*
}
processes=()
trap clean EXIT

say "what lintian says"
# Who maintains it is for whoever makes it to say (DEB_MAINTAINER).
lintian --no-cfg --fail-on error --allow-root --suppress-tags "bogus-mail-host,bogus-mail-host-in-debian-changelog${LINTIAN_SUPPRESS:+,$LINTIAN_SUPPRESS}" "$package"

say "the unit"
unit=$(mktemp -d)
dpkg-deb --fsys-tarfile "$package" | tar -x -C "$unit" ./lib/systemd/system/ringback.service
sed -i 's|^ExecStart=.*|ExecStart=/bin/true|' "$unit/lib/systemd/system/ringback.service"
for file in "$unit/lib/systemd/system/ringback.service" "$source/config/ringback.service"; do
    # The threshold is in tenths: 2.0 of 10.
    systemd-analyze security --offline=true --no-pager --threshold=20 "$file" | tail -n 1
    grep -q '^Type=notify' "$file" && grep -q '^WatchdogSec=' "$file" || fail "$file tells systemd neither that it is ready nor that it lives"
done
rm -rf "$unit"

if [ ! -e "$work/bare/done" ]; then
    say "a bare Debian system (some minutes, once)"
    rm -rf --one-file-system "$work/bare"
    debootstrap --variant=minbase bookworm "$work/bare" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/debootstrap.log" 2>&1 \
        || { tail -n 5 "$work/debootstrap.log" >&2; fail "debootstrap"; }
    touch "$work/bare/done"
fi

# system NAME: a fresh copy of the bare system, ready to work in.
system() {
    root=$work/system.$1
    rm -rf --one-file-system "$root"
    cp -a "$work/bare" "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # The package manager's own way out is the host's.
    for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d; do
        rm -rf "${root:?}$file"
        [ ! -e "$file" ] || cp -a "$file" "$root$file"
    done
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 0755 "$root/usr/sbin/policy-rc.d"
    mount --bind /proc "$root/proc"; mounted+=("$root/proc")
    mount --bind /dev "$root/dev"; mounted+=("$root/dev")
}
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }

# serve USER COMMAND...: starts the server in the system and asks it how it is.
serve() {
    local user=$1
    shift
    chroot --userspec="$user" "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$@" >"$work/serve.log" 2>&1 &
    processes+=($!)
    for _ in $(seq 100); do
        inside RINGBACK_SERVER=http://127.0.0.1:18799 ringback health 2>/dev/null && return 0
        kill -0 "${processes[-1]}" 2>/dev/null || break
        sleep 0.2
    done
    cat "$work/serve.log" >&2
    fail "the server does not answer"
}
stop() {
    local process=${processes[-1]}
    kill "$process"
    wait "$process" || fail "the server did not end cleanly"
    unset 'processes[-1]'
}

say "installing the package into a fresh system"
system package
cp "$package" "$root/tmp/ringback.deb"
inside apt-get update -qq
inside DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends /tmp/ringback.deb >"$work/install.log" 2>&1 \
    || { tail -n 20 "$work/install.log" >&2; fail "the package does not install"; }
inside ringback --help >/dev/null
inside ringback --version
[ "$(inside stat -c '%U %a' /var/lib/ringback)" = "ringback 750" ] || fail "the directory of the store"
[ "$(inside stat -c '%U:%G %a' /etc/ringback/ringback.yaml)" = "root:ringback 640" ] || fail "the mode of the configuration"
inside OPENAI_API_KEY=sk-test RINGBACK_WEBHOOK_SECRET="$(inside ringback secret)" ringback config check /etc/ringback/ringback.yaml >/dev/null \
    || fail "the configuration that comes with it is not in order"
for page in "$root"/usr/share/man/man1/ringback*; do zcat "$page" | mandoc -T lint -W warning >"$work/lint.log" || { cat "$work/lint.log" >&2; fail "$page"; }; done
echo "$(ls "$root"/usr/share/man/man1/ringback* | wc -l) manual pages"
bash -n "$root/usr/share/bash-completion/completions/ringback"

say "serving from it"
cat >"$root/etc/ringback/ringback.yaml" <<YAML
listen: 127.0.0.1:18799
store: sqlite:/var/lib/ringback/data/ringback.db
upstreams: [{ name: default, base_url: "http://127.0.0.1:9/v1", api_key: none }]
endpoints: [{ name: scripts, inbox: /var/lib/ringback/inbox }]
YAML
user="$(inside id -u ringback):$(inside id -g ringback)"
serve "$user" ringback serve --config /etc/ringback/ringback.yaml
inside RINGBACK_SERVER=http://127.0.0.1:18799 ringback watches list
inside ringback backup --config /etc/ringback/ringback.yaml /var/backups/ringback.db
inside ringback doctor --config /etc/ringback/ringback.yaml --offline
stop
inside ringback restore --config /etc/ringback/ringback.yaml --force /var/backups/ringback.db
[ "$(inside stat -c %U /var/lib/ringback/data/ringback.db)" = ringback ] || fail "what root restored does not belong to the server"
serve "$user" ringback serve --config /etc/ringback/ringback.yaml
stop

say "removing it"
inside DEBIAN_FRONTEND=noninteractive apt-get purge -qq --yes ringback >/dev/null 2>&1 || fail "the package does not go"
[ ! -e "$root/etc/ringback" ] || fail "the configuration stayed after a purge"
[ -e "$root/var/lib/ringback/data/ringback.db" ] || fail "the store went with the package"

say "the last stage of the Dockerfile, step by step"
system image
dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root/tmp" ./usr/bin/ringback
"$here/dockerfile.py" "$source/Dockerfile" "$root" >"$work/image.sh"
# shellcheck disable=SC1091
. "$work/image.sh"
run_steps >"$work/image.log" 2>&1 || { tail -n 20 "$work/image.log" >&2; fail "a step of the Dockerfile"; }
serve "$image_user" "${image_environment[@]}" RINGBACK_LISTEN=127.0.0.1:18799 RINGBACK_UPSTREAM_BASE_URL=http://127.0.0.1:9/v1 \
    RINGBACK_UPSTREAM_API_KEY=none RINGBACK_INBOX=/var/lib/ringback/inbox "${image_command[@]}"
[ "$(inside stat -c %u /var/lib/ringback/ringback.db)" = "${image_user%%:*}" ] || fail "the store of the image"
stop

say "the package and the image's steps are in order"
