# Completion of docker-machine for bash 4.2 and newer. Put the line
#     source <(docker-machine completion bash)
# into ~/.bashrc, or this file into a folder from which bash-completion loads.
#
# The program itself knows what could stand at the cursor; this only asks it. By default machines are not contacted.
# With DOCKER_MACHINE_COMPLETE_STATES=true in the environment, only machines in the right state are offered.

_docker_machine() {
    local program=docker-machine answer
    COMPREPLY=()
    # A program that was called by its path may not be in PATH.
    case ${1-} in
        '~/'*) program=${HOME-}/${1#'~/'} ;;
        */docker-machine) program=$1 ;;
    esac
    answer=$(DOCKER_MACHINE_WRAPPED=${DOCKER_MACHINE_WRAPPED-} command "$program" \
        __complete bash "${COMP_LINE:0:COMP_POINT}" "${COMP_WORDBREAKS-}" 2>/dev/null) || return 0
    case $answer in
        words$'\n'*) mapfile -t COMPREPLY <<<"${answer#*$'\n'}" ;;
        files) compopt +o nospace -o default ;;
        dirs) compopt +o nospace -o dirnames ;;
    esac
}

complete -o nospace -F _docker_machine docker-machine docker-machine.exe
