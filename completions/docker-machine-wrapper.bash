# The command `docker-machine use` for bash and zsh: points this shell's Docker client at a machine.
#
#     source <(docker-machine completion wrapper)
#
# DOCKER_MACHINE_WRAPPED=false, set before, leaves `docker-machine` alone: __docker_machine_wrapper can then be called
# by any other name.

: "${DOCKER_MACHINE_WRAPPED:=true}"

__docker_machine_wrapper() {
    if [ "${1-}" != use ]; then
        command docker-machine "$@"
        return
    fi
    shift
    case "${1-}" in
        "" | -h | --help)
            cat <<'HELP'
Usage: docker-machine use [OPTIONS] [arg...]

Point this shell's Docker client at a machine

Description:
   Argument is a machine name.

Options:

   --swarm	Use the address of the swarm manager instead of the machine's own engine
   --unset, -u	Point the client back at the Docker of this computer
   --no-proxy	Also exempt the machine's address from the proxy (`NO_PROXY`)
HELP
            return 0
            ;;
    esac
    # Two steps, so that a failure is seen and nothing is changed by it.
    local assignments
    assignments="$(command docker-machine env --shell bash "$@")" || return
    eval "$assignments"
    echo "Active machine: ${DOCKER_MACHINE_NAME-}"
}

if [ "$DOCKER_MACHINE_WRAPPED" = true ]; then
    # An alias, not a function: scripts that the shell runs see the program itself.
    alias docker-machine=__docker_machine_wrapper
fi
