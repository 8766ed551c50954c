#!/bin/sh
# Installs netwatch-notify for the whole machine and schedules the nightly run, or takes that back.
#
#   tools/install.sh install [WORDS]     nmap, /opt/netwatch, /usr/local/bin/netwatch-notify, the env
#                                        file, then `netwatch-notify install WORDS` and `check`
#   tools/install.sh uninstall           the schedule, the command and /opt/netwatch; settings and
#                                        what is known of networks stay
#
# A second call upgrades what is there, and keeps the env file. NETWATCH_TARGETS in the environment
# goes into a new env file. All it says itself goes to stderr.
set -eu

purpose=${1-}
case $purpose in
    install | uninstall) shift ;;
    *)
        echo "usage: tools/install.sh install [WORDS]|uninstall" >&2
        exit 2
        ;;
esac
cd "$(dirname "$0")/.."
. tools/system.sh

home=/opt/netwatch
command=/usr/local/bin/netwatch-notify
env_file=/etc/netwatch/netwatch.env

program=$home/bin/netwatch-notify

venv_is_whole() {
    # A system upgrade can take away the Python below it.
    "$home/bin/python" -c 'import pip' 2>/dev/null
}

can_be_root() {
    is_root || on_path sudo ||
        stop "only root may $purpose, and there is no sudo here; call make $purpose as root."
    is_root || say "calling what only root may do through sudo."
}

# The command of somebody else (pipx, a package) is not written over.
command_is_ours() {
    [ ! -e "$command" ] && [ ! -L "$command" ] && return 0
    [ "$(readlink "$command")" = "$program" ]
}

check_targets() {
    if as_root test -e "$env_file"; then
        [ -z "${NETWATCH_TARGETS-}" ] ||
            say "$env_file is there already and stays as it is; TARGETS is not written into it."
        return 0
    fi
    case ${NETWATCH_TARGETS-} in
        '') stop "say what to scan: make install TARGETS=192.168.1.0/24" ;;
        *[!0-9A-Za-z.:/,*_\ -]*) stop "TARGETS has a character that no target has; example: make install TARGETS=192.168.1.0/24" ;;
    esac
}

install_program() {
    if ! venv_is_whole; then
        as_root rm -rf "$home"
        as_root "$python" -m venv "$home" || stop "$python could not make $home; its own message is above."
    fi
    say "installing netwatch-notify and its libraries into $home."
    as_root env PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
        "$home/bin/python" -m pip --disable-pip-version-check --no-input --quiet --no-cache-dir \
        install --use-pep517 -c constraints.txt . ||
        stop "pip could not install netwatch-notify; its own message is above, and the next call begins anew."
    as_root ln -sfn "$program" "$command"
}

# The example with TARGETS in it; readable for root alone, because passwords will stand there.
write_env_file() {
    as_root test -e "$env_file" && return 0
    as_root install -d -m 700 "$(dirname "$env_file")"
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    sed "s|^NETWATCH_TARGETS=.*|NETWATCH_TARGETS='${NETWATCH_TARGETS-}'|" .env.example >"$new"
    grep -q '^NETWATCH_TARGETS=' "$new" || stop ".env.example names no NETWATCH_TARGETS; the clone is not whole."
    as_root install -m 600 "$new" "$env_file"
    say "wrote $env_file; destinations and all else are set there."
}

case $purpose in
    install)
        require_linux
        can_be_root
        check_targets
        command_is_ours ||
            stop "$command is another program's; remove it, or install with what put it there."
        complete_system
        install_program
        write_env_file
        # Its own words are the result: they go to stdout.
        run="" ; is_root || run=sudo
        unset NETWATCH_TARGETS
        $run "$command" install "$@"
        $run "$command" check
        ;;
    uninstall)
        can_be_root
        run="" ; is_root || run=sudo
        [ ! -x "$program" ] || $run "$program" uninstall
        if command_is_ours; then as_root rm -f "$command"; fi
        as_root rm -rf "$home"
        say "removed $home and $command; /etc/netwatch and /var/lib/netwatch stay."
        ;;
esac
