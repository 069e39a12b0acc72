# shellcheck shell=bash
# Installs clients, each at one exact version, into folders of the cache; sourced by run.sh. What leaves the machine leaves
# it here. What it needs besides is in run.sh: `here`, the folder of these scripts, and `build`.
# shellcheck disable=SC2154

WRANGLER=4.86.0
WORKERD=1.20260426.1

cache=${KV_SERVER_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kv-server-interop}
staging=

# Prints a number for the text on stdin, which differs where the text does.
number_of() {
    cksum | cut -d ' ' -f 1
}

# Fills the folder $1 of the cache with the command behind it, which gets a folder to fill; in one step, so that an
# installation that was cut off is never taken for a whole one.
install_once() {
    local folder=$cache/$1
    shift
    [[ -d $folder ]] && return
    echo "installing into $folder"
    mkdir -p "$cache"
    staging=$(mktemp -d "$cache/staging.XXXXXX")
    "$@" "$staging"
    mv "$staging" "$folder"
    staging=
}

# Installs with npm what is named before the folder, which comes last.
install_npm() {
    local folder=${*: -1}
    echo '{"private":true}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --no-package-lock --no-update-notifier --loglevel=error \
        "${@:1:$#-1}"
}

# Makes virtual environments in the folder $2. Each line of $1 is the name of one, and what pip installs there.
install_python() {
    local environment packages
    while read -r environment packages; do
        python3 -m venv "$2/$environment"
        # shellcheck disable=SC2086 # They are several.
        "$2/$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check $packages
    done <<<"$1"
}

# Cloudflare's own clients; their folder is then in INTEROP_CLIENTS.
install_own() {
    local folder=wrangler-$WRANGLER-workerd-$WORKERD
    install_once "$folder" install_npm "wrangler@$WRANGLER" "workerd@$WORKERD"
    export INTEROP_CLIENTS=$cache/$folder
}

# The clients of others; their folders are then in INTEROP_NPM and INTEROP_PYTHON, and OpenDAL's adapter in INTEROP_OPENDAL.
# What is missing leaves its variable empty.
install_foreign() {
    local packages folder version
    packages=$(node "$here/foreign/packages.mjs" npm)
    folder=foreign-npm-$(number_of <<<"$packages")
    # shellcheck disable=SC2086 # They are several.
    install_once "$folder" install_npm $packages
    export INTEROP_NPM=$cache/$folder

    export INTEROP_PYTHON=
    if python3 -c 'import ensurepip, venv' 2>/dev/null; then
        version=$(python3 -c 'import platform; print(platform.python_version())')
        packages=$(node "$here/foreign/packages.mjs" python)
        folder=foreign-python-$version-$(number_of <<<"$packages")
        install_once "$folder" install_python "$packages"
        INTEROP_PYTHON=$cache/$folder
    else
        skip "the clients for Python, since python3 with its modules venv and ensurepip is not here"
    fi

    export INTEROP_OPENDAL=
    if command -v cargo >/dev/null; then
        INTEROP_OPENDAL=$(build interop-opendal)
    else
        skip "OpenDAL, since cargo is not here"
    fi
}

skip() {
    printf '\n!! SKIPPED: %s.\n\n' "$1"
}
