# Completion of docker-machine for fish. Put this file into ~/.config/fish/completions:
#     docker-machine completion fish > ~/.config/fish/completions/docker-machine.fish
#
# The program itself knows what could stand at the cursor; this only asks it. By default machines are not contacted.
# With DOCKER_MACHINE_COMPLETE_STATES=true in the environment, only machines in the right state are offered.

function __docker_machine_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l plain (string unescape -- $current)
    # With a quote that is still open there is nothing to unescape.
    or set plain (string replace -r '^["\']' '' -- $current)
    set -l answer (command docker-machine __complete fish (count $words) $words "$plain" 2>/dev/null)
    or return
    switch $answer[1]
        case files
            __fish_complete_path $current
        case dirs
            __fish_complete_directories $current ''
        case '*'
            string join -- \n $answer[2..-1]
    end
end

complete -c docker-machine -f -a '(__docker_machine_complete)'
