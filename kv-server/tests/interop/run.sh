#!/usr/bin/env bash
# Drives kv-server with Cloudflare's own clients, wrangler and workerd, over every store, and fails if anything differs
# from what is expected or did not run.
#
# Needs node (20.11 or newer) and npm. The clients are installed once, by npm, into a cache folder; after that nothing
# leaves the machine. Variables:
#   KV_SERVER_INTEROP_CACHE  the cache folder (default: kv-server-interop in XDG_CACHE_HOME or ~/.cache)
#   KV_SERVER_INTEROP_JOBS   how many commands of wrangler run at once (default: one a core)
#   KV_SERVER_BINARY         the server to test (default: the one that cargo builds)
set -euo pipefail

WRANGLER=4.86.0
WORKERD=1.20260426.1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$here/../../.." && pwd)
cache=${KV_SERVER_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kv-server-interop}
clients=$cache/wrangler-$WRANGLER-workerd-$WORKERD
work=$(mktemp -d)
results=$work/results
staging=
server=
checks=
failed=0

# Ends the child process $1, if there is one, and waits for it; its exit code is the function's.
end() {
    [[ -n $1 ]] || return 0
    kill "$1" 2>/dev/null || true
    wait "$1"
}

# shellcheck disable=SC2329 # The trap calls it.
finish() {
    end "$checks" || true
    end "$server" || true
    rm -rf "$work" ${staging:+"$staging"}
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "differ  $1" >&2
    failed=1
}

for program in node npm; do
    command -v "$program" >/dev/null || { echo "$program is needed, and is not there" >&2; exit 2; }
done

install_clients() {
    [[ -d $clients ]] && return
    echo "installing wrangler $WRANGLER and workerd $WORKERD into $clients"
    mkdir -p "$cache"
    staging=$(mktemp -d "$cache/staging.XXXXXX")
    echo '{"private":true}' >"$staging/package.json"
    npm install --prefix "$staging" --no-audit --no-fund --no-package-lock --no-update-notifier --loglevel=error \
        "wrangler@$WRANGLER" "workerd@$WORKERD"
    # In one step, so that an installation that was cut off is never taken for a whole one.
    mv "$staging" "$clients"
    staging=
}

# Prints the path of the server to test.
find_server() {
    if [[ -n ${KV_SERVER_BINARY:-} ]]; then
        echo "$KV_SERVER_BINARY"
        return
    fi
    cargo build --manifest-path "$workspace/Cargo.toml" --locked -p kv-server --message-format json |
        node "$here/executable.mjs"
}

# Starts a server over the store $1; its URL is then in KV_SERVER_URL.
start_server() {
    local output=$work/listening
    : >"$output"
    KV_SERVER_TOKEN=$KV_TOKEN "$binary" --store "$1" --listen 127.0.0.1:0 --account-id "$KV_ACCOUNT_ID" \
        --log warn >"$output" &
    server=$!
    for _ in {1..100}; do
        KV_SERVER_URL=$(sed -n 's/^listening on //p' "$output")
        if [[ -n $KV_SERVER_URL ]]; then
            export KV_SERVER_URL
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "the server over $1 did not start" >&2
    exit 1
}

# Runs the checks in $1 against a server over the store $2.
check() {
    local client=${1%.mjs} store=${2%%:*} rows
    echo
    echo "#### $client against $store"
    start_server "$2"
    INTEROP_WORK=$work/$client-$store
    INTEROP_RESULTS=$INTEROP_WORK/results
    export INTEROP_WORK INTEROP_RESULTS
    mkdir "$INTEROP_WORK"
    : >"$INTEROP_RESULTS"
    SECONDS=0
    # In the background, so that a signal is heard at once.
    node "$here/$1" &
    checks=$!
    wait "$checks" || fail "$client against $store: the checks ended with code $?"
    checks=
    rows=$(wc -l <"$INTEROP_RESULTS")
    ((rows == $3)) || fail "$client against $store: $((rows)) parts of $3 came to their end"
    sed "s|\$|\t$store\t$SECONDS|" "$INTEROP_RESULTS" >>"$results"
    kill -0 "$server" 2>/dev/null || fail "the server over $store ended during the checks"
    end "$server" || fail "the server over $store ended with code $?"
    server=
}

# One row for each part of the checks: client, part, checks, agreed, set aside, store, seconds of all parts.
print_table() {
    awk -F '\t' -v wrangler="$WRANGLER" -v workerd="$WORKERD" '
        BEGIN {
            format = "%-8s  %-13s  %-6s  %-28s  %6s  %6s  %9s  %7s\n"
            printf format, "client", "version", "store", "what", "checks", "agreed", "set aside", "seconds"
            version["wrangler"] = wrangler
            version["workerd"] = workerd
        }
        {
            printf format, $1, version[$1], $6, $2, $3, $4, $5, ""
            run = $1 SUBSEP $6
            if (!(run in checks)) order[++runs] = run
            checks[run] += $3; agreed[run] += $4; aside[run] += $5; seconds[run] = $7
        }
        END {
            print ""
            for (i = 1; i <= runs; i++) {
                run = order[i]
                split(run, name, SUBSEP)
                printf format, name[1], version[name[1]], name[2], "all", checks[run], agreed[run], aside[run], seconds[run]
            }
        }' "$results"
}

install_clients
binary=$(find_server)
cores=$(getconf _NPROCESSORS_ONLN)
export KV_TOKEN=interop-token KV_ACCOUNT_ID=023e105f4ecef8ad9ca31a8372d0c353
export INTEROP_CLIENTS=$clients INTEROP_JOBS=${KV_SERVER_INTEROP_JOBS:-$cores}
check workerd.mjs memory: 3
check workerd.mjs "redb:$work/workerd.redb" 3
check wrangler.mjs memory: 6
check wrangler.mjs "redb:$work/wrangler.redb" 6

echo
echo "#### node $(node --version), $INTEROP_JOBS commands of wrangler at once"
print_table
echo
if ((failed)); then
    echo "not everything agreed"
else
    echo "everything agreed"
fi
exit "$failed"
