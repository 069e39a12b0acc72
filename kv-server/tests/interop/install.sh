# shellcheck shell=bash
# Installation of clients, each at one exact version, into folders of the cache; the only step with network
# access. Sourced by run.sh, of which it uses `here`, the folder of these scripts, and `build`.
# shellcheck disable=SC2154

WRANGLER=4.86.0
WORKERD=1.20260426.1

cache=${KV_SERVER_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kv-server-interop}
staging=

# Prints a checksum of stdin.
checksum() {
    cksum | cut -d ' ' -f 1
}

# Fills the folder $1 of the cache by a command, the other arguments, which is called with a folder as its
# last argument. The folder is renamed when it is complete, so that an interrupted installation is never used.
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

# Installs npm packages, all arguments but the last, into the folder that is the last.
install_npm() {
    local folder=${*: -1}
    echo '{"private":true}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --no-package-lock --no-update-notifier --loglevel=error \
        "${@:1:$#-1}"
}

# Creates virtual environments in the folder $2. Each line of $1 has the name of one, and the packages that
# pip installs.
install_python() {
    local environment packages
    while read -r environment packages; do
        python3 -m venv "$2/$environment"
        # shellcheck disable=SC2086 # Several words.
        "$2/$environment/bin/python" -m pip install --quiet --no-input --disable-pip-version-check $packages
    done <<<"$1"
}

# Installs wrangler and workerd, and sets INTEROP_CLIENTS to their folder.
install_own() {
    local folder=wrangler-$WRANGLER-workerd-$WORKERD
    install_once "$folder" install_npm "wrangler@$WRANGLER" "workerd@$WORKERD"
    export INTEROP_CLIENTS=$cache/$folder
}

# Installs SDKs and third-party clients, and sets INTEROP_NPM and INTEROP_PYTHON to their folders, and
# INTEROP_OPENDAL to the executable of OpenDAL's adapter. A variable is empty if its tools are missing.
install_foreign() {
    local packages folder version
    packages=$(node "$here/foreign/packages.mjs" npm)
    folder=foreign-npm-$(checksum <<<"$packages")
    # shellcheck disable=SC2086 # Several words.
    install_once "$folder" install_npm $packages
    export INTEROP_NPM=$cache/$folder

    export INTEROP_PYTHON=
    if python3 -c 'import ensurepip, venv' 2>/dev/null; then
        version=$(python3 -c 'import platform; print(platform.python_version())')
        packages=$(node "$here/foreign/packages.mjs" python)
        folder=foreign-python-$version-$(checksum <<<"$packages")
        install_once "$folder" install_python "$packages"
        INTEROP_PYTHON=$cache/$folder
    else
        skip "clients in Python: python3 with the modules venv and ensurepip is missing"
    fi

    export INTEROP_OPENDAL=
    if command -v cargo >/dev/null; then
        INTEROP_OPENDAL=$(build interop-opendal)
    else
        skip "OpenDAL: cargo is missing"
    fi
}

skip() {
    printf '\n!! SKIPPED: %s\n\n' "$1"
}
