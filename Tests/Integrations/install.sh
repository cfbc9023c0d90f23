#!/usr/bin/env bash
# Installs the servers that the integration tests run against, without a question and without leaving a service behind: what is
# installed here is not started, not enabled at boot, gets no configuration and no cron job. Removes no package in exchange.
#
# Usage: install.sh PACKAGE...
set -euo pipefail

if ! command -v apt-get >/dev/null 2>&1; then
    echo "install.sh: the integration tests take their servers from Debian's packages; this is not a Debian system" >&2
    exit 1
fi

missing=()
for package in "$@"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || {
        echo "install.sh: missing: ${missing[*]}; run this as root, or where sudo asks for no password" >&2
        exit 1
    }
fi
root() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }

# While a script of this name says 101, no package starts its service.
policy=/usr/sbin/policy-rc.d
before=$(mktemp)
log=$(mktemp)
ours=false
tidy_up() {
    rm -f "$before" "$log"
    if $ours; then root rm -f "$policy"; fi
}
trap tidy_up EXIT
if [[ ! -e $policy ]]; then
    ours=true
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    root chmod 755 "$policy"
fi

packages() { dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' | grep '^installed ' | cut -d ' ' -f 2 | sort; }
packages >"$before"

# No server is configured here: each test brings a configuration and a database of its own.
command -v debconf-set-selections >/dev/null 2>&1 && "${as_root[@]}" debconf-set-selections <<'ANSWERS'
postfix postfix/main_mailer_type select No configuration
redmine redmine/instances/default/dbconfig-install boolean false
request-tracker5 request-tracker5/dbconfig-install boolean false
request-tracker5 request-tracker5/install-cronjobs boolean false
request-tracker5 request-tracker5/handle-siteconfig-permissions boolean false
ANSWERS

echo "==> installing ${missing[*]}"
install=(apt-get install --yes --quiet --quiet --no-install-recommends --no-remove -o Dpkg::Use-Pty=0 "${missing[@]}")
root "${install[@]}" >"$log" 2>&1 || {
    echo "==> fetching the package lists"
    root apt-get update --quiet --quiet
    root "${install[@]}" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        exit 1
    }
}

# A package enables its service for the next boot even where it must not start it now.
if command -v systemctl >/dev/null 2>&1; then
    for package in $(packages | comm -13 "$before" -); do
        for unit in $(dpkg-query --listfiles "$package" | sed -nE 's#^(/usr)?/lib/systemd/system/([^/]+\.(service|timer|path|socket))$#\2#p'); do
            root systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
        done
    done
fi
