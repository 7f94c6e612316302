# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_docker_machine_global_optspecs
    string join \n D/debug s/storage-path= tls-ca-cert= tls-ca-key= tls-client-cert= tls-client-key= github-api-token= native-ssh bugsnag-api-token= h/help v/version
end

function __fish_docker_machine_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_docker_machine_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_docker_machine_using_subcommand
    set -l cmd (__fish_docker_machine_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c docker-machine -n "__fish_docker_machine_needs_command" -s s -l storage-path -d 'Where machines and certificates are kept' -r -f -a "(__fish_complete_directories)"
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l tls-ca-cert -d 'Certificate authority to use instead of the store\'s' -r -F
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l tls-ca-key -d 'Key of that certificate authority' -r -F
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l tls-client-cert -d 'Client certificate to use instead of the store\'s' -r -F
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l tls-client-key -d 'Key of that client certificate' -r -F
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l github-api-token -d 'Accepted for old scripts; nothing asks GitHub any more' -r
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l bugsnag-api-token -d 'Accepted for old scripts; no crash is ever reported' -r
complete -c docker-machine -n "__fish_docker_machine_needs_command" -s D -l debug -d 'Tell what happens inside'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -l native-ssh -d 'Use the built-in SSH client instead of the `ssh` program'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -s v -l version -d 'Print the version'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "active" -d 'Name the machine that the Docker client is pointed at'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "config" -d 'Print the Docker client\'s connection flags for a machine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "create" -d 'Make a machine, install Docker on it and secure it'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "env" -d 'Print the shell commands that point the Docker client at a machine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "inspect" -d 'Show everything that is recorded about a machine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "ip" -d 'Print the address of machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "kill" -d 'Switch machines off at once, without a shutdown'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "ls" -d 'List the machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "provision" -d 'Set Docker up again on existing machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "regenerate-certs" -d 'Make new TLS certificates for machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "restart" -d 'Restart machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "rm" -d 'Remove machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "ssh" -d 'Log in to a machine, or run a command there'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "scp" -d 'Copy files to, from and between machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "mount" -d 'Mount a directory of a machine here with SSHFS, or unmount it'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "start" -d 'Start machines'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "status" -d 'Print the state of a machine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "stop" -d 'Shut machines down'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "upgrade" -d 'Bring machines to the newest Docker'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "url" -d 'Print the address of a machine\'s Docker Engine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "version" -d 'Print the version of this program, or of a machine\'s Docker Engine'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "help" -d 'Show the list of commands, or the help of one command'
complete -c docker-machine -n "__fish_docker_machine_needs_command" -f -a "completion" -d 'Print the completion script for a shell'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand active" -s t -l timeout -d 'Seconds to wait for each machine' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand active" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand config" -l swarm -d 'Use the address of the swarm manager instead of the machine\'s own engine'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand config" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -s d -l driver -d 'Driver that gets the computer' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-install-url -d 'Script that installs Docker' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-opt -d 'Option for the engine in the form flag=value' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-insecure-registry -d 'Registry that the engine may talk to without TLS' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-registry-mirror -d 'Mirror that the engine asks before a registry' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-label -d 'Label for the engine in the form key=value' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-storage-driver -d 'Storage driver of the engine (default: the engine\'s own choice)' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l engine-env -d 'Variable for the engine in the form NAME=value' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-image -d 'Image of classic swarm; kept for old scripts' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-discovery -d 'Discovery service of classic swarm, as a URL' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-strategy -d 'Scheduling strategy of classic swarm' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-opt -d 'Option for the swarm manager' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-join-opt -d 'Option for joining the swarm' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-host -d 'Where the swarm manager listens' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-addr -d 'Address that the machine tells the swarm (default: its own)' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l tls-san -d 'One more name or address for the server certificate' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm -d 'Join the machine to a swarm'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-master -d 'Make the machine a manager of the swarm'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -l swarm-experimental -d 'Experimental features of classic swarm'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand create" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand env" -l shell -d 'Write for this shell instead of the detected one: [fish, cmd, powershell, tcsh, emacs, bash]' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand env" -l swarm -d 'Use the address of the swarm manager instead of the machine\'s own engine'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand env" -s u -l unset -d 'Print commands that remove the variables'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand env" -l no-proxy -d 'Also exempt the machine\'s address from the proxy (`NO_PROXY`)'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand env" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand inspect" -s f -l format -d 'Fill in this Go template instead of printing JSON' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand inspect" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ip" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand kill" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ls" -l filter -d 'Show only machines that match key=value (driver, label, name, state, swarm)' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ls" -s t -l timeout -d 'Seconds to wait for each machine' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ls" -s f -l format -d 'Fill in this Go template for each machine' -r
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ls" -s q -l quiet -d 'Print names only'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ls" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand provision" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand regenerate-certs" -s f -l force -d 'Do not ask first'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand regenerate-certs" -l client-certs -d 'Renew the certificate authority and the client certificate too'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand regenerate-certs" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand restart" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand rm" -s f -l force -d 'Forget the machine here even if it cannot be removed there; asks nothing'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand rm" -s y -d 'Answer yes to the question'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand rm" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand ssh" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand scp" -s r -l recursive -d 'Copy directories with everything in them'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand scp" -s d -l delta -d 'Send only what differs (with rsync)'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand scp" -s q -l quiet -d 'No progress, no warnings'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand scp" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand mount" -s u -l unmount -d 'Unmount instead of mounting'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand mount" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand start" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand status" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand stop" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand upgrade" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand url" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand version" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand help" -s h -l help -d 'Show this help'
complete -c docker-machine -n "__fish_docker_machine_using_subcommand completion" -s h -l help -d 'Show this help'
