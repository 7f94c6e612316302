
use builtin;
use str;

set edit:completion:arg-completer[docker-machine] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'docker-machine'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'docker-machine'= {
            cand -s 'Where machines and certificates are kept'
            cand --storage-path 'Where machines and certificates are kept'
            cand --tls-ca-cert 'Certificate authority to use instead of the store''s'
            cand --tls-ca-key 'Key of that certificate authority'
            cand --tls-client-cert 'Client certificate to use instead of the store''s'
            cand --tls-client-key 'Key of that client certificate'
            cand --github-api-token 'Accepted for old scripts; nothing asks GitHub any more'
            cand --bugsnag-api-token 'Accepted for old scripts; no crash is ever reported'
            cand -D 'Tell what happens inside'
            cand --debug 'Tell what happens inside'
            cand --native-ssh 'Use the built-in SSH client instead of the `ssh` program'
            cand -h 'Show this help'
            cand --help 'Show this help'
            cand -v 'Print the version'
            cand --version 'Print the version'
            cand active 'Name the machine that the Docker client is pointed at'
            cand config 'Print the Docker client''s connection flags for a machine'
            cand create 'Make a machine, install Docker on it and secure it'
            cand env 'Print the shell commands that point the Docker client at a machine'
            cand inspect 'Show everything that is recorded about a machine'
            cand ip 'Print the address of machines'
            cand kill 'Switch machines off at once, without a shutdown'
            cand ls 'List the machines'
            cand provision 'Set Docker up again on existing machines'
            cand regenerate-certs 'Make new TLS certificates for machines'
            cand restart 'Restart machines'
            cand rm 'Remove machines'
            cand ssh 'Log in to a machine, or run a command there'
            cand scp 'Copy files to, from and between machines'
            cand mount 'Mount a directory of a machine here with SSHFS, or unmount it'
            cand start 'Start machines'
            cand status 'Print the state of a machine'
            cand stop 'Shut machines down'
            cand upgrade 'Bring machines to the newest Docker'
            cand url 'Print the address of a machine''s Docker Engine'
            cand version 'Print the version of this program, or of a machine''s Docker Engine'
            cand help 'Show the list of commands, or the help of one command'
            cand completion 'Print the completion script for a shell'
        }
        &'docker-machine;active'= {
            cand -t 'Seconds to wait for each machine'
            cand --timeout 'Seconds to wait for each machine'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;config'= {
            cand --swarm 'Use the address of the swarm manager instead of the machine''s own engine'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;create'= {
            cand -d 'Driver that gets the computer'
            cand --driver 'Driver that gets the computer'
            cand --engine-install-url 'Script that installs Docker'
            cand --engine-opt 'Option for the engine in the form flag=value'
            cand --engine-insecure-registry 'Registry that the engine may talk to without TLS'
            cand --engine-registry-mirror 'Mirror that the engine asks before a registry'
            cand --engine-label 'Label for the engine in the form key=value'
            cand --engine-storage-driver 'Storage driver of the engine (default: the engine''s own choice)'
            cand --engine-env 'Variable for the engine in the form NAME=value'
            cand --swarm-image 'Image of classic swarm; kept for old scripts'
            cand --swarm-discovery 'Discovery service of classic swarm, as a URL'
            cand --swarm-strategy 'Scheduling strategy of classic swarm'
            cand --swarm-opt 'Option for the swarm manager'
            cand --swarm-join-opt 'Option for joining the swarm'
            cand --swarm-host 'Where the swarm manager listens'
            cand --swarm-addr 'Address that the machine tells the swarm (default: its own)'
            cand --tls-san 'One more name or address for the server certificate'
            cand --swarm 'Join the machine to a swarm'
            cand --swarm-master 'Make the machine a manager of the swarm'
            cand --swarm-experimental 'Experimental features of classic swarm'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;env'= {
            cand --shell 'Write for this shell instead of the detected one: [fish, cmd, powershell, tcsh, emacs, bash]'
            cand --swarm 'Use the address of the swarm manager instead of the machine''s own engine'
            cand -u 'Print commands that remove the variables'
            cand --unset 'Print commands that remove the variables'
            cand --no-proxy 'Also exempt the machine''s address from the proxy (`NO_PROXY`)'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;inspect'= {
            cand -f 'Fill in this Go template instead of printing JSON'
            cand --format 'Fill in this Go template instead of printing JSON'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;ip'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;kill'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;ls'= {
            cand --filter 'Show only machines that match key=value (driver, label, name, state, swarm)'
            cand -t 'Seconds to wait for each machine'
            cand --timeout 'Seconds to wait for each machine'
            cand -f 'Fill in this Go template for each machine'
            cand --format 'Fill in this Go template for each machine'
            cand -q 'Print names only'
            cand --quiet 'Print names only'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;provision'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;regenerate-certs'= {
            cand -f 'Do not ask first'
            cand --force 'Do not ask first'
            cand --client-certs 'Renew the certificate authority and the client certificate too'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;restart'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;rm'= {
            cand -f 'Forget the machine here even if it cannot be removed there; asks nothing'
            cand --force 'Forget the machine here even if it cannot be removed there; asks nothing'
            cand -y 'Answer yes to the question'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;ssh'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;scp'= {
            cand -r 'Copy directories with everything in them'
            cand --recursive 'Copy directories with everything in them'
            cand -d 'Send only what differs (with rsync)'
            cand --delta 'Send only what differs (with rsync)'
            cand -q 'No progress, no warnings'
            cand --quiet 'No progress, no warnings'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;mount'= {
            cand -u 'Unmount instead of mounting'
            cand --unmount 'Unmount instead of mounting'
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;start'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;status'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;stop'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;upgrade'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;url'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;version'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;help'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
        &'docker-machine;completion'= {
            cand -h 'Show this help'
            cand --help 'Show this help'
        }
    ]
    $completions[$command]
}
