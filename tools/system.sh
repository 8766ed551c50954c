# What tools/setup.sh and tools/install.sh share: words, and packages of the system; sourced by both.
#
# Whoever sources it says what for in `purpose`, and defines `venv_is_whole`: whether the Python
# environment is there, so that no Python has to be found. All that is said goes to stderr.
# shellcheck shell=sh
# shellcheck disable=SC2154  # purpose is assigned where this is sourced

say() {
    printf 'setup: %s\n' "$*" >&2
}

stop() {
    say "$*"
    exit 1
}

on_path() {
    command -v "$1" >/dev/null 2>&1
}

# Debian keeps nft and cron in a folder that is not on every user's PATH.
installed() (
    PATH=$PATH:/usr/sbin:/sbin
    on_path "$1"
)

listed() {
    printf '%s' "$*" | sed 's/ /, /g'
}

require_linux() {
    system=$(uname -s)
    [ "$system" = Linux ] ||
        stop "netwatch-notify supports Linux only, and this is $system; use a Linux machine, a virtual one or a container with the host's network."
}

# Sets needed (nothing works without them) and wanted (some tests cannot run without them).
find_missing_tools() {
    needed='' wanted=''
    # Who names an nmap of their own does not need Debian's.
    [ -n "${NETWATCH_NMAP_PATH-}" ] || on_path nmap || needed=nmap
    if [ "$purpose" = test ]; then
        installed ip || wanted="$wanted iproute2"
        installed nft || wanted="$wanted nftables"
        installed openssl || wanted="$wanted openssl"
        installed ndiff || wanted="$wanted ndiff"
        installed cron || wanted="$wanted cron"
        # A mail server, so on CI's machines only, and never where there is one already: Debian has
        # one at a time, and apt would remove yours.
        [ -z "${CI-}" ] || installed sendmail || wanted="$wanted exim4-daemon-light"
        # Shells that complete words, what judges the man page, and what shows the docs as on a
        # phone: on CI's machines only.
        for tool in zsh fish mandoc chromium; do
            [ -z "${CI-}" ] || installed "$tool" || wanted="$wanted $tool"
        done
        # systemd's own tools judge the units; nothing of it has to run.
        [ -z "${CI-}" ] || installed systemd-analyze || wanted="$wanted systemd"
        # promtool, which judges the metrics, comes with a server that nobody wants on his machine.
        [ -z "${CI-}" ] || installed promtool || wanted="$wanted prometheus"
        wanted=${wanted# }
    fi
    # Something has to start the nightly run; systemd does where it runs.
    if [ "$purpose" = install ] && [ ! -d /run/systemd/system ] && ! installed cron && ! installed crond; then
        needed="$needed cron"
    fi
    needed=${needed# }
}

# Sets python to the first one that is new enough, with venv if any has it, else to nothing.
find_python() {
    python='' python_has_venv=no
    for candidate in "$@"; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            python=$candidate python_has_venv=yes
            return
        fi
        [ -n "$python" ] || python=$candidate
    done
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

# File descriptor 9 is the lock: a service that a package starts would hold it for ever.
as_root() {
    if is_root; then
        "$@" >&2 9<&-
    else
        sudo "$@" >&2 9<&-
    fi
}

install_packages() {
    if is_root; then
        say "installing $(listed "$@") with apt-get."
    else
        say "installing $(listed "$@") with apt-get through sudo, because only root may install system packages."
    fi
    # One broken third-party source makes it fail while the Debian lists are good.
    as_root apt-get -q update || say "apt-get update failed; going on with the package lists there are."
    # A machine that has just booted may be busy with its unattended upgrades: wait for them.
    # Of exim4 the tests need the program alone: what would start it (now, at boot, each night) is
    # not unpacked, and its maintainer scripts start nothing that is not there (4.96-15+deb12u10).
    # The same goes for prometheus (2.42.0+ds-5+deb12u1).
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
        -o DPkg::Options::='--path-exclude=/etc/init.d/exim4*' \
        -o DPkg::Options::='--path-exclude=/etc/cron.daily/exim4*' \
        -o DPkg::Options::='--path-exclude=*/systemd/system/exim4*' \
        -o DPkg::Options::='--path-exclude=/etc/init.d/prometheus*' \
        -o DPkg::Options::='--path-exclude=*/systemd/system/prometheus*' \
        install -y --no-install-recommends "$@" ||
        stop "apt-get could not install $(listed "$@"); its own message is above."
}

# Installs what is missing, or stops with what to install by hand.
complete_system() {
    find_missing_tools
    if ! venv_is_whole; then
        # An interpreter for this one job may be called otherwise than the system's.
        find_python python3 python3.11 python3.12 python3.13 python3.14
        if [ -z "$python" ] && on_path python3 && on_path apt-get; then
            stop "python3 is $(python3 -c 'import platform; print(platform.python_version())'), and netwatch-notify needs Python 3.11 or newer; install one so that python3.11, python3.12, python3.13 or python3.14 is on PATH."
        fi
        [ "$python_has_venv" = yes ] || needed="$needed ${python:-python3}-venv"
        needed=${needed# }
    fi
    [ -n "$needed$wanted" ] || return 0

    if ! on_path apt-get; then
        [ -z "$needed" ] ||
            stop "there is no apt-get here, so please install by hand nmap and Python 3.11 or newer with its venv module (missing now: $(by_hand "$needed")), then call make again."
        say "there is no apt-get here, and the tests that need $(by_hand "$wanted") cannot run without."
        return 0
    fi
    if ! is_root && ! on_path sudo; then
        [ -z "$needed" ] ||
            stop "$(by_hand "$needed") is missing, and only root may install it, but there is no sudo here; as root, call: apt-get install $needed $wanted"
        say "only root may install packages and there is no sudo here, so the tests that need $(by_hand "$wanted") cannot run."
        return 0
    fi
    # shellcheck disable=SC2086  # package names are words
    install_packages $needed $wanted

    if ! venv_is_whole; then
        find_python python3 python3.11 python3.12 python3.13 python3.14
        [ "$python_has_venv" = yes ] ||
            stop "no Python on PATH is 3.11 or newer and has the modules venv and ensurepip, although $(listed "$needed") was installed."
    fi
}

by_hand() {
    # shellcheck disable=SC2086  # package names are words
    listed $1
}
