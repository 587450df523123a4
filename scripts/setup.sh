#!/usr/bin/env bash
# Sets up what `make demo` and `make test` need: the virtual environment and, for the tests, Node packages, a Chromium and
# the GL libraries that skia wants. Says one line for each thing it installs; what is already there costs a stamp comparison.
#
#   scripts/setup.sh core    the package and what it depends on
#   scripts/setup.sh docs    core, and what the documentation site needs
#   scripts/setup.sh train   core, and what drawing and training the embedded world needs
#   scripts/setup.sh test    all of these, and the tools of the tests, Node packages and a Chromium
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

goal=${1:?core, docs, train or test}
venv=${VENV:-.venv}
py=$venv/bin/python
log_dir=$venv/logs

say() { printf 'emocam: %s\n' "$*"; }
die() { printf 'emocam: %s\n' "$*" >&2; exit 1; }

# quietly NAME COMMAND...: runs the command with its output in a log, which is named and quoted where the command fails.
quietly() {
    local log=$log_dir/$1.log
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        die "this failed: $*. The whole output is in $log"
    fi
}

hash_of() { cat "$@" | cksum | tr -d ' \n'; }

usable_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    local name
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if usable_python "$name"; then
            command -v "$name"
            return
        fi
    done
    die "Python 3.11, 3.12 or 3.13 with its venv module is needed and none was found (Debian and Ubuntu: apt install" \
        "python3-venv); name one with 'make PYTHON=/path/to/python ...'"
}

# System packages, for who may install them: root, or sudo that does not ask.
can_apt() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
apt_install() {
    local as=()
    [ "$(id -u)" = 0 ] || as=(sudo -n)
    quietly apt-update ${as[@]+"${as[@]}"} apt-get update -q
    quietly "apt-$1" ${as[@]+"${as[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

setup_venv() {
    if ! "$py" -c 'import pip' >/dev/null 2>&1; then
        local python
        python=$(find_python)
        say "making a virtual environment in $venv with $("$python" --version)"
        "$python" -m venv --clear "$venv" || die "$python could not make a virtual environment in $venv"
    fi
    mkdir -p "$log_dir"
}

# A stamp holds the hash of what was installed, by the same Python, for this goal or one that includes it.
installed() {
    local larger
    for larger in "$@"; do
        [ "$(cat "$venv/installed-$larger" 2>/dev/null)" = "$want" ] && return 0
    done
    return 1
}

setup_packages() {
    local extras= goals
    want="$(hash_of pyproject.toml)-$PWD"
    case $goal in
        core) goals="core docs train test" ;;
        docs) goals="docs test" extras='[docs]' ;;
        train) goals="train test" extras='[train]' ;;
        test) goals="test" extras='[train,dev,docs]' ;;
        *) die "unknown goal '$goal': core, docs, train or test" ;;
    esac
    # shellcheck disable=SC2086
    installed $goals && return
    say "installing PyTorch, JupyterLab and what else is needed (on Linux about 7 GB: some minutes the first time)"
    quietly pip "$py" -m pip install --disable-pip-version-check -e ".$extras"
    setup_cv2
    printf '%s' "$want" >"$venv/installed-$goal"
}

setup_cv2() {
    "$py" -c 'import cv2' >/dev/null 2>&1 && return
    say "this machine has no libGL: putting OpenCV's build without windows in place of the other"
    quietly cv2 scripts/import_cv2.sh "$py"
}

setup_skia() {
    "$py" -c 'import skia' >/dev/null 2>&1 && return
    if can_apt; then
        say "installing libgl1 and libegl1, which drawing the scenes needs"
        apt_install libgl1 libegl1 libfontconfig1
    fi
    "$py" -c 'import skia' >"$log_dir/skia-import.log" 2>&1 ||
        die "skia-python cannot be imported (see $log_dir/skia-import.log); install libGL and libEGL (Debian and Ubuntu:" \
            "apt install libgl1 libegl1 libfontconfig1)"
}

setup_node() {
    node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null ||
        die "Node 20 or newer with npm is needed to check the front ends (nodejs.org); using the package needs none"
    local want stamp=js/node_modules/.installed
    want=$(hash_of js/package.json js/package-lock.json)
    [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
    say "installing the front ends' tools (npm, about 150 MB)"
    quietly npm npm --prefix js ci --no-audit --no-fund
    printf '%s' "$want" >"$stamp"
}

find_chromium() {
    local name
    for name in ${EMOCAM_CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

setup_chromium() {
    find_chromium && return
    if can_apt; then
        say "installing Chromium for the browser tests"
        apt_install chromium fonts-dejavu-core
    fi
    find_chromium || die "the browser tests need Chromium or Chrome on the PATH (Debian: apt install chromium), or its path" \
        "in EMOCAM_CHROMIUM"
}

setup_venv
setup_packages
if [ "$goal" = train ] || [ "$goal" = test ]; then
    setup_skia
fi
if [ "$goal" = test ]; then
    setup_node
    setup_chromium
fi
