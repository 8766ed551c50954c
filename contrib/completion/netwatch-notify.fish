# Completion of netwatch-notify for fish 3.1 or newer.
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
