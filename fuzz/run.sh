#!/usr/bin/env bash
# Runs each fuzz target for a while: fuzz/run.sh [SECONDS], 15 by default. Starts from the inputs in fuzz/seeds, and writes new
# ones to a temporary folder; inputs that fail are kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-15}

if ! cargo +nightly --version >/dev/null 2>&1; then
    printf '\n!! SKIPPED fuzzing: no nightly toolchain (rustup toolchain install nightly)\n\n'
    exit 0
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    printf '\n!! SKIPPED fuzzing: no cargo-fuzz (cargo install cargo-fuzz --locked)\n\n'
    exit 0
fi

# No sanitizer: the crates have no unsafe code, and run faster without one.
cargo +nightly fuzz build --sanitizer none
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
for target in types stored_file requests answers; do
    printf '\n== fuzz target %s, %s s\n' "$target" "$seconds"
    mkdir "$found/$target"
    # Bounds for redb: on a damaged page number it may allocate and fill 4 GiB for a moment.
    cargo +nightly fuzz run --sanitizer none "$target" "$found/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=60 -rss_limit_mb=6144 -max_len=8192 -print_final_stats=1 2>&1 |
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)'
done
