# The machine that this shell's Docker client is pointed at, for a prompt of bash or zsh.
#
#     source <(docker-machine completion prompt)
#     PS1='[\u@\h \W$(__docker_machine_ps1)]\$ '                           # bash
#     setopt prompt_subst; PS1='%n@%m %1~$(__docker_machine_ps1) %# '      # zsh
#
# DOCKER_MACHINE_PS1_SHOWSTATUS=true adds the machine's state, which is asked for at each prompt: R running, S off,
# S->R and R->S on the way, E for an error or no answer in time.

# __docker_machine_ps1 [FORMAT]: prints nothing if no machine is active; FORMAT is printf's, " [%s]" unless given.
__docker_machine_ps1() {
    [ -n "${DOCKER_MACHINE_NAME-}" ] || return 0
    local format="${1- [%s]}" mark=""
    if [ "${DOCKER_MACHINE_PS1_SHOWSTATUS-}" = true ]; then
        case "$(command docker-machine status "$DOCKER_MACHINE_NAME" 2>/dev/null || :)" in
            Running) mark=" R" ;;
            Stopping) mark=" R->S" ;;
            Starting) mark=" S->R" ;;
            Error | Timeout) mark=" E" ;;
            *) mark=" S" ;;
        esac
    fi
    # shellcheck disable=SC2059  # the format is the caller's
    printf -- "$format" "$DOCKER_MACHINE_NAME$mark"
}
