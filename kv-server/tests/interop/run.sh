#!/usr/bin/env bash
# Interoperability checks of kv-server over each store: with wrangler, with workerd, and with SDKs and
# third-party clients (`foreign`). Fails if a check fails or does not run.
#
# Needs node (20.11 or newer) and npm, and python3 for the clients in Python. Clients are installed into a
# cache folder, once; after that no step uses the network. Arguments: any of `workerd`, `wrangler` and
# `foreign`; all by default. Variables:
#   KV_SERVER_INTEROP_CACHE  cache folder (default: kv-server-interop in XDG_CACHE_HOME or ~/.cache)
#   KV_SERVER_INTEROP_JOBS   number of wrangler's commands at once (default: one per core)
#   KV_SERVER_INTEROP_ONLY   part of the names of the `foreign` clients to check; the run then fails, since
#                            the others are missing
#   KV_SERVER_BINARY         server to test (default: the one that cargo builds)
set -euo pipefail

# Numbers of clients in foreign/clients.mjs, without OpenDAL.
NPM_CLIENTS=11
PYTHON_CLIENTS=9

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
results=$work/results
server=
checks=
failed=0

# shellcheck source-path=SCRIPTDIR source=install.sh
source "$here/install.sh"

# Ends the child process $1, if any, and returns its exit code.
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
    echo "FAIL  $1" >&2
    failed=1
}

# Builds the package $1 and prints the path of its executable.
build() {
    cargo build --manifest-path "$workspace/Cargo.toml" --locked -p "$1" --message-format json |
        node "$here/executable.mjs"
}

# Starts a server over the store $1, with the token in KV_TOKEN if it is not empty, and sets KV_SERVER_URL.
start_server() {
    local output=$work/listening
    : >"$output"
    env ${KV_TOKEN:+"KV_SERVER_TOKEN=$KV_TOKEN"} "$binary" --store "$1" --listen 127.0.0.1:0 \
        --account-id "$KV_ACCOUNT_ID" --log warn >"$output" &
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
    echo "the server over $1 did not start within 10 s" >&2
    exit 1
}

# Runs the checks in $1.mjs, which have $3 parts, against a server over the store $2 with the token $4, or
# without one if it is empty.
check() {
    local client=$1 store=${2%%:*} rows
    export KV_TOKEN=$4
    [[ -n $4 ]] || store+=", no token"
    echo
    echo "#### $client against $store"
    start_server "$2"
    INTEROP_WORK="$work/$client-$store"
    INTEROP_RESULTS=$INTEROP_WORK/results
    export INTEROP_WORK INTEROP_RESULTS
    mkdir "$INTEROP_WORK"
    : >"$INTEROP_RESULTS"
    SECONDS=0
    # In the background, so that traps run at once.
    node "$here/$client.mjs" &
    checks=$!
    wait "$checks" || fail "$client against $store: the checks exited with code $?"
    checks=
    rows=$(wc -l <"$INTEROP_RESULTS")
    ((rows == $3)) || fail "$client against $store: $((rows)) of $3 parts finished"
    sed "s|\$|\t$store\t$client\t$SECONDS|" "$INTEROP_RESULTS" >>"$results"
    kill -0 "$server" 2>/dev/null || fail "the server over $store ended during the checks"
    end "$server" || fail "the server over $store exited with code $?"
    server=
}

# Prints the results: a row for each part of the checks, one for each run of a script, and the sum. Columns of
# $results: client, part, checks, passed, skipped, version, store, script, seconds of the script.
print_table() {
    awk -F '\t' -v wrangler="$WRANGLER" -v workerd="$WORKERD" '
        BEGIN {
            format = "%-37s  %-17s  %-16s  %-28s  %6s  %6s  %9s  %7s\n"
            printf format, "client", "version", "store", "part", "checks", "passed", "skipped", "seconds"
            version["wrangler"] = wrangler
            version["workerd"] = workerd
        }
        {
            printf format, $1, $6 ? $6 : version[$1], $7, $2, $3, $4, $5, ""
            run = $8 SUBSEP $7
            if (!(run in checks)) order[++runs] = run
            checks[run] += $3; passed[run] += $4; skipped[run] += $5; seconds[run] = $9
        }
        END {
            print ""
            for (i = 1; i <= runs; i++) {
                run = order[i]
                split(run, name, SUBSEP)
                printf format, name[1], version[name[1]], name[2], "all", checks[run], passed[run], skipped[run], seconds[run]
                total_checks += checks[run]; total_passed += passed[run]
                total_skipped += skipped[run]; total_seconds += seconds[run]
            }
            printf format, "all", "", "", "", total_checks, total_passed, total_skipped, total_seconds
        }' "$results"
}

for program in node npm; do
    command -v "$program" >/dev/null ||
        { echo "$program is missing: install node 20.11 or newer, with npm" >&2; exit 2; }
done
(($# > 0)) || set -- workerd wrangler foreign
for client; do
    [[ $client == @(workerd|wrangler|foreign) ]] ||
        { echo "unknown client: $client (workerd, wrangler or foreign)" >&2; exit 2; }
done

binary=${KV_SERVER_BINARY:-$(build workers-kv-server)}
cores=$(getconf _NPROCESSORS_ONLN)
token=interop-token
export KV_ACCOUNT_ID=023e105f4ecef8ad9ca31a8372d0c353 INTEROP_JOBS=${KV_SERVER_INTEROP_JOBS:-$cores}
: >"$results"
for client; do
    case $client in
    workerd | wrangler)
        install_own
        parts=3
        [[ $client == workerd ]] || parts=6
        check "$client" memory: "$parts" "$token"
        check "$client" "redb:$work/$client.redb" "$parts" "$token"
        ;;
    foreign)
        install_foreign
        parts=$NPM_CLIENTS
        [[ -z $INTEROP_PYTHON ]] || parts=$((parts + PYTHON_CLIENTS))
        [[ -z $INTEROP_OPENDAL ]] || parts=$((parts + 1))
        check foreign memory: "$parts" "$token"
        check foreign "redb:$work/foreign.redb" "$parts" "$token"
        check foreign memory: "$parts" ""
        ;;
    esac
    # A mistake in this script may have left the checks out.
    grep -q $'\t'"$client"$'\t' "$results" || fail "$client was not checked"
done

echo
echo "#### node $(node --version), $INTEROP_JOBS commands of wrangler at once"
print_table
echo
if ((failed)); then
    echo "some checks failed or did not run"
else
    echo "all checks passed"
fi
exit "$failed"
