"""
The scripts that make bash, zsh and fish ask netwatch-notify what may stand next.

Each calls the program with the words so far, the last one incomplete, and _NETWATCH_NOTIFY_COMPLETE
set (cli/completion.py says what comes back). Kept as files in contrib/completion for packages.
"""

BASH = r"""# Completion of netwatch-notify for bash 4.4 or newer.
# Printed by `netwatch-notify completion bash`; load it with
#   source <(netwatch-notify completion bash)

_netwatch_notify() {
    local word kind value help
    local -a words=()
    # bash makes three words of `--env-file=x`, where netwatch-notify also takes two.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        [[ $word == "=" ]] || words+=("$word")
    done
    [[ ${COMP_WORDS[COMP_CWORD]} != "=" ]] || words+=("")
    COMPREPLY=()
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            file) compopt -o default ;;
            dir) compopt -o dirnames ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(_NETWATCH_NOTIFY_COMPLETE=words "$1" "${words[@]}" 2>/dev/null)
}

complete -F _netwatch_notify netwatch-notify
"""

ZSH = r"""#compdef netwatch-notify
# Completion of netwatch-notify for zsh.
# Printed by `netwatch-notify completion zsh`; save it as _netwatch-notify in a folder of $fpath,
# or load it after compinit with
#   source <(netwatch-notify completion zsh)

_netwatch_notify() {
    local kind value help paths=
    local -a found asked
    asked=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    while IFS=$'\t' read -r kind value help; do
        case $kind in
            file) paths=file ;;
            dir) paths=dir ;;
            plain) found+=("${value//:/\\:}${help:+:$help}") ;;
        esac
    done < <(_NETWATCH_NOTIFY_COMPLETE=words ${words[1]} "${asked[@]}" 2>/dev/null)
    # What follows the = of `--env-file=x` is completed, not the whole word.
    [[ $PREFIX != --*=* ]] || compset -P 1 '*='
    if [[ $paths == file ]]; then
        _files
    elif [[ $paths == dir ]]; then
        _files -/
    elif (( $#found )); then
        _describe netwatch-notify found
    else
        return 1
    fi
}

# Found through $fpath, this file is the function itself; loaded by `source`, it makes it known.
if [[ ${funcstack[1]} == _netwatch-notify ]]; then
    _netwatch_notify "$@"
else
    compdef _netwatch_notify netwatch-notify
fi
"""

FISH = r"""# Completion of netwatch-notify for fish 3.1 or newer.
# Printed by `netwatch-notify completion fish`; save it as netwatch-notify.fish in a folder of
# $fish_complete_path, or load it with
#   netwatch-notify completion fish | source

function __netwatch_notify_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline --current-token --cut-at-cursor)
    # What follows the = of `--env-file=x` is completed, and fish wants the whole word back.
    set -l option (string match --regex -- '^--[^=]+=' $current)
    set -l value (string replace -- "$option" '' $current)
    for line in (env _NETWATCH_NOTIFY_COMPLETE=words $program $words "$current" 2>/dev/null)
        set -l parts (string split --max 2 -- \t $line)
        switch $parts[1]
            case file
                for path in (__fish_complete_path "$value")
                    printf '%s%s\n' "$option" $path
                end
            case dir
                for path in (__fish_complete_directories "$value")
                    printf '%s%s\n' "$option" $path
                end
            case plain
                printf '%s%s\t%s\n' "$option" $parts[2] $parts[3]
        end
    end
end

complete --command netwatch-notify --no-files --arguments '(__netwatch_notify_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
