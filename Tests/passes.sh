#!/bin/bash
# Runs the built tests, pass after pass: SWIFT=swift passes.sh. Ends with 1 at the first pass that fails.
#
# A suite that fails beside hundreds of others is run once more by itself. One that fails again is broken; one that does not, and says so in
# the output, is impatient, and worth mending too. The same for a pass that stands still. A crash, or a failure whose suite is not known, is final.
set -uo pipefail

swift=${SWIFT:-swift}
# How many tests run at once. All of them would be begun together else, and each would wait for minutes for its turns: longer than its clients,
# its servers and its time limit have patience.
at_once=--experimental-maximum-parallelization-width
# Tests that keep a core busy for long: what runs beside them would wait.
large='PresetsTests|LargeRedriveTests'
# Tests with the real binary whose responses have to be caught while they run: others beside them would make them late.
punctual='SDKTests|DiskFullTests'
# More suites than these do not fail because they had to wait.
most_impatient=3
# Seconds after which a pass stands still: the longest one takes five minutes.
standstill=1200

output=$(mktemp)
trap 'rm -f "$output"' EXIT

run() {
    timeout --kill-after=10 $standstill "$swift" test --skip-build "$@" </dev/null 2>&1 | tee "$output"
}

# The suites of the failed tests, by the files in which their issues were recorded; nothing when one of them is not a suite's own.
failed_suites() {
    grep -aqE 'Test run with [0-9]+ tests? .*failed' "$output" || return
    local files
    files=$(grep -aE 'recorded an issue' "$output" | grep -aoE ' at [A-Za-z0-9]+(\+[A-Za-z0-9]+)?\.swift:' | sed -E 's/^ at ([A-Za-z0-9]+).*/\1/' | sort -u)
    grep -qvE 'Tests$' <<<"$files" || paste -sd '|' <<<"$files"
}

pass() {
    local status=0 suites
    run "$@" || status=$?
    [[ $status -ne 0 ]] || return 0
    if [[ $status -eq 124 || $status -eq 137 ]]; then
        echo "==> stood still, once more"
        run "$@" || exit 1
        return
    fi
    suites=$(failed_suites)
    [[ -n $suites && $(tr -cd '|' <<<"$suites" | wc -c) -lt $most_impatient ]] || exit 1
    echo "==> failed beside others, once more by themselves: $suites"
    run --filter "($suites)" "$at_once" 1 || exit 1
    # A filter that finds nothing passes, too.
    grep -aqE 'Test run with [1-9][0-9]* tests? .*passed' "$output" || exit 1
}

# The large ones and those that run the real binary come after the others: they need the machine to themselves.
pass --skip "$large|ServiceTests" "$at_once" 16
pass --filter "$large" "$at_once" 16
# Each of these has processes of its own.
pass --filter ServiceTests --skip "$punctual" "$at_once" 4
pass --filter "$punctual"
