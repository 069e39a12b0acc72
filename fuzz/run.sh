#!/usr/bin/env bash
# Runs each fuzz target for some seconds: fuzz/run.sh [seconds for each], 15 by default. It begins with fuzz/seeds and writes
# new inputs to a folder that it removes; what fails stays in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-15}

if ! cargo +nightly --version >/dev/null 2>&1; then
    printf '\n!! SKIPPED: nothing was fuzzed, since no nightly toolchain is here (rustup toolchain install nightly).\n\n'
    exit 0
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    printf '\n!! SKIPPED: nothing was fuzzed, since cargo-fuzz is not here (cargo install cargo-fuzz --locked).\n\n'
    exit 0
fi

# No sanitizer: none of this is unsafe, and without one it runs faster.
cargo +nightly fuzz build --sanitizer none
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
for target in types stored_file requests answers; do
    printf '\n== %s for %s s\n' "$target" "$seconds"
    mkdir "$found/$target"
    # A damaged page number may make redb take 4 GiB for a moment, and the time to fill them; nothing else takes as much.
    cargo +nightly fuzz run --sanitizer none "$target" "$found/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=60 -rss_limit_mb=6144 -max_len=8192 -print_final_stats=1 2>&1 |
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)'
done
