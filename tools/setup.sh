#!/bin/sh
# Makes the clone ready to run (`run`) or to test (`test`), and does nothing, quickly, when it is.
#
#   tools/setup.sh run           nmap, .venv with netwatch-notify in it
#   tools/setup.sh test          the same, and what the tests and linters need; for tests of Matrix
#                                a homeserver, in .venv-synapse
#   tools/setup.sh fuzz          the same, and atheris where it has a wheel
#   tools/setup.sh constraints   writes constraints.txt anew from the newest releases
#
# All it says goes to stderr: stdout belongs to the program that `make run` starts next.
set -eu

purpose=${1-}
case $purpose in
    run | test | fuzz | constraints) ;;
    *)
        echo "usage: tools/setup.sh run|test|fuzz|constraints" >&2
        exit 2
        ;;
esac
cd "$(dirname "$0")/.."
here=$(pwd -P)

# Written last: a .venv without it was interrupted.
stamp=.venv/netwatch-setup

. tools/system.sh

# --- Is there anything to do?

# Changes when .venv must be installed again: other requirements, or another way to install them.
fingerprint() {
    cat pyproject.toml constraints.txt tools/setup.sh | sha256sum
}

# What .venv is bound to: its scripts and the editable install name this folder, and its packages
# lie in a folder of one Python version, which a system upgrade can replace below it.
place() {
    printf '%s %s' "$(.venv/bin/python -I -S -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" "$here"
}

# Sets stamped_place, stamped_purpose and stamped_fingerprint; all are empty without a stamp.
read_stamp() {
    stamped_place='' stamped_purpose='' stamped_fingerprint=''
    if [ -f "$stamp" ]; then
        {
            IFS= read -r stamped_fingerprint
            IFS= read -r stamped_purpose
            IFS= read -r stamped_place
        } <"$stamp" || true
    fi
}

venv_is_whole() {
    read_stamp
    [ -n "$stamped_place" ] && [ -x .venv/bin/netwatch-notify ] && [ "$stamped_place" = "$(place)" ]
}

# A .venv for the first purpose has what the second needs.
serves() {
    case $1:$2 in
        fuzz:* | test:test | test:run | run:run) ;;
        *) return 1 ;;
    esac
}

venv_is_ready() {
    venv_is_whole &&
        serves "$stamped_purpose" "$purpose" &&
        [ "$stamped_fingerprint" = "$(fingerprint)" ]
}

# --- .venv

# Prints requirements from pyproject.toml, one a line: of the groups named, or `run` or `build`.
#
# Why not `pip install --group`: it needs pip 25.1, and the pip that venv brings is 23.0 on
# Debian 12. Upgrading pip first would be one more download that can fail, and would test with a
# pip that nobody chose; tomllib is in every Python that we support.
requirements() {
    reader=$1
    shift
    "$reader" -I - "$@" <<'PYTHON'
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
named = {
    "run": project["project"]["dependencies"],
    "build": project["build-system"]["requires"],
    **project["dependency-groups"],
}


def entries(name):
    for entry in named[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from entries(entry["include-group"])


for name in sys.argv[1:]:
    print(*entries(name), sep="\n")
PYTHON
}

build_venv() {
    if ! venv_is_whole; then
        if [ -e .venv ] || [ -L .venv ]; then
            say ".venv is half-made, was moved or belongs to another Python, so it is made again."
            rm -rf .venv || stop ".venv cannot be removed; another user (root?) may have made it."
        fi
        "$python" -m venv .venv >&2 || stop "$python could not make .venv; its own message is above."
    fi
    rm -f "$stamp"
    say "installing netwatch-notify and its libraries into .venv."
    : >.venv/requirements.txt
    if [ "$purpose" != run ]; then
        requirements .venv/bin/python test lint package docs >.venv/requirements.txt
    fi
    # The variables pin what builds the package too, which -c does not: the first one before
    # pip 25.3, the second one since. Relative, because pip splits them at spaces.
    # python-libnmap is published without a wheel; before pip 23.1 it would be built the old way,
    # with a warning, by whatever setuptools venv brought.
    PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
        .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet \
        install --use-pep517 -c constraints.txt -r .venv/requirements.txt -e . >&2 ||
        stop "pip could not install netwatch-notify; its own message is above, and the next call begins anew."
    if [ "$purpose" = fuzz ]; then
        # Without a wheel it would be built with clang, for minutes.
        requirements .venv/bin/python fuzz >.venv/requirements.txt
        .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet \
            install --only-binary :all: -c constraints.txt -r .venv/requirements.txt >&2 ||
            say "atheris could not be installed, so mutations go without its guidance."
    fi
    {
        fingerprint
        echo "$purpose"
        place
        echo
    } >"$stamp.new"
    mv "$stamp.new" "$stamp"
}

# --- .venv-synapse

synapse_pins=tests/servers/synapse-constraints.txt
synapse_stamp=.venv-synapse/netwatch-setup

# What .venv-synapse is to be: these versions, for this folder and Python.
synapse_wanted() {
    sha256sum <"$synapse_pins"
    place
}

synapse_is_ready() {
    [ "$purpose" != test ] || { [ -f "$synapse_stamp" ] && [ "$(cat "$synapse_stamp")" = "$(synapse_wanted)" ]; }
}

# A venv of its own: Synapse brings sixty packages, none of which netwatch-notify may come to need.
# Wheels only, because it would be built with Rust for many minutes. Without it the other tests
# run all the same, except in CI.
build_synapse() {
    say "installing Synapse, a homeserver for the tests of Matrix, into .venv-synapse."
    rm -rf .venv-synapse
    if .venv/bin/python -m venv .venv-synapse >&2 &&
        .venv-synapse/bin/python -m pip --disable-pip-version-check --no-input --quiet \
            install --only-binary :all: -c "$synapse_pins" matrix-synapse >&2; then
        synapse_wanted >"$synapse_stamp"
    else
        rm -rf .venv-synapse
        say "Synapse could not be installed, and the tests that need it cannot run; the next call tries again."
    fi
}

# --- constraints.txt

# The oldest Python that we support needs the most packages (newer ones have some built in), so
# its set serves all.
write_constraints() {
    find_python python3.11 python3 python3.12 python3.13 python3.14
    [ "$python_has_venv" = yes ] || stop "no Python 3.11 or newer with venv was found; call make test first."
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    "$python" -m venv "$folder/venv"
    requirements "$python" run test lint package docs installers fuzz build >"$folder/requirements.txt"
    # hatchling asks for it when it builds an editable install.
    echo "editables~=0.3" >>"$folder/requirements.txt"
    say "asking for the newest releases with $("$python" --version)."
    "$folder/venv/bin/python" -m pip --disable-pip-version-check --no-input --quiet \
        install -r "$folder/requirements.txt" >&2
    "$folder/venv/bin/python" -m pip --disable-pip-version-check freeze >"$folder/frozen.txt"
    if grep -Ev '^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$' "$folder/frozen.txt" >&2; then
        stop "the lines above are no released versions; constraints.txt is left as it was."
    fi
    {
        sed -n '/^#/p' constraints.txt
        cat "$folder/frozen.txt"
    } >"$folder/constraints.txt"
    cat "$folder/constraints.txt" >constraints.txt
    say "constraints.txt is written; make test shows whether the new versions work."
}

# --- main

require_linux

if [ "$purpose" = constraints ]; then
    write_constraints
    exit
fi

find_missing_tools
if [ -z "$needed$wanted" ] && venv_is_ready && synapse_is_ready; then
    exit 0
fi

# Two calls at once (cron's and yours) build one after the other. The lock is on a file that is
# there anyway; without flock, or on a file system without locks, we go on as before.
exec 9<pyproject.toml
flock 9 2>/dev/null || true

complete_system
venv_is_ready || build_venv
synapse_is_ready || build_synapse
