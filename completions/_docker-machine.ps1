
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'docker-machine' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'docker-machine'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'docker-machine' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Where machines and certificates are kept')
            [CompletionResult]::new('--storage-path', '--storage-path', [CompletionResultType]::ParameterName, 'Where machines and certificates are kept')
            [CompletionResult]::new('--tls-ca-cert', '--tls-ca-cert', [CompletionResultType]::ParameterName, 'Certificate authority to use instead of the store''s')
            [CompletionResult]::new('--tls-ca-key', '--tls-ca-key', [CompletionResultType]::ParameterName, 'Key of that certificate authority')
            [CompletionResult]::new('--tls-client-cert', '--tls-client-cert', [CompletionResultType]::ParameterName, 'Client certificate to use instead of the store''s')
            [CompletionResult]::new('--tls-client-key', '--tls-client-key', [CompletionResultType]::ParameterName, 'Key of that client certificate')
            [CompletionResult]::new('--github-api-token', '--github-api-token', [CompletionResultType]::ParameterName, 'Accepted for old scripts; nothing asks GitHub any more')
            [CompletionResult]::new('--bugsnag-api-token', '--bugsnag-api-token', [CompletionResultType]::ParameterName, 'Accepted for old scripts; no crash is ever reported')
            [CompletionResult]::new('-D', '-D ', [CompletionResultType]::ParameterName, 'Tell what happens inside')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Tell what happens inside')
            [CompletionResult]::new('--native-ssh', '--native-ssh', [CompletionResultType]::ParameterName, 'Use the built-in SSH client instead of the `ssh` program')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print the version')
            [CompletionResult]::new('active', 'active', [CompletionResultType]::ParameterValue, 'Name the machine that the Docker client is pointed at')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Print the Docker client''s connection flags for a machine')
            [CompletionResult]::new('create', 'create', [CompletionResultType]::ParameterValue, 'Make a machine, install Docker on it and secure it')
            [CompletionResult]::new('env', 'env', [CompletionResultType]::ParameterValue, 'Print the shell commands that point the Docker client at a machine')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Show everything that is recorded about a machine')
            [CompletionResult]::new('ip', 'ip', [CompletionResultType]::ParameterValue, 'Print the address of machines')
            [CompletionResult]::new('kill', 'kill', [CompletionResultType]::ParameterValue, 'Switch machines off at once, without a shutdown')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the machines')
            [CompletionResult]::new('provision', 'provision', [CompletionResultType]::ParameterValue, 'Set Docker up again on existing machines')
            [CompletionResult]::new('regenerate-certs', 'regenerate-certs', [CompletionResultType]::ParameterValue, 'Make new TLS certificates for machines')
            [CompletionResult]::new('restart', 'restart', [CompletionResultType]::ParameterValue, 'Restart machines')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove machines')
            [CompletionResult]::new('ssh', 'ssh', [CompletionResultType]::ParameterValue, 'Log in to a machine, or run a command there')
            [CompletionResult]::new('scp', 'scp', [CompletionResultType]::ParameterValue, 'Copy files to, from and between machines')
            [CompletionResult]::new('mount', 'mount', [CompletionResultType]::ParameterValue, 'Mount a directory of a machine here with SSHFS, or unmount it')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start machines')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Print the state of a machine')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Shut machines down')
            [CompletionResult]::new('upgrade', 'upgrade', [CompletionResultType]::ParameterValue, 'Bring machines to the newest Docker')
            [CompletionResult]::new('url', 'url', [CompletionResultType]::ParameterValue, 'Print the address of a machine''s Docker Engine')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of this program, or of a machine''s Docker Engine')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Show the list of commands, or the help of one command')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell')
            break
        }
        'docker-machine;active' {
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Seconds to wait for each machine')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds to wait for each machine')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;config' {
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'Use the address of the swarm manager instead of the machine''s own engine')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;create' {
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Driver that gets the computer')
            [CompletionResult]::new('--driver', '--driver', [CompletionResultType]::ParameterName, 'Driver that gets the computer')
            [CompletionResult]::new('--engine-install-url', '--engine-install-url', [CompletionResultType]::ParameterName, 'Script that installs Docker')
            [CompletionResult]::new('--engine-opt', '--engine-opt', [CompletionResultType]::ParameterName, 'Option for the engine in the form flag=value')
            [CompletionResult]::new('--engine-insecure-registry', '--engine-insecure-registry', [CompletionResultType]::ParameterName, 'Registry that the engine may talk to without TLS')
            [CompletionResult]::new('--engine-registry-mirror', '--engine-registry-mirror', [CompletionResultType]::ParameterName, 'Mirror that the engine asks before a registry')
            [CompletionResult]::new('--engine-label', '--engine-label', [CompletionResultType]::ParameterName, 'Label for the engine in the form key=value')
            [CompletionResult]::new('--engine-storage-driver', '--engine-storage-driver', [CompletionResultType]::ParameterName, 'Storage driver of the engine (default: the engine''s own choice)')
            [CompletionResult]::new('--engine-env', '--engine-env', [CompletionResultType]::ParameterName, 'Variable for the engine in the form NAME=value')
            [CompletionResult]::new('--swarm-image', '--swarm-image', [CompletionResultType]::ParameterName, 'Image of classic swarm; kept for old scripts')
            [CompletionResult]::new('--swarm-discovery', '--swarm-discovery', [CompletionResultType]::ParameterName, 'Discovery service of classic swarm, as a URL')
            [CompletionResult]::new('--swarm-strategy', '--swarm-strategy', [CompletionResultType]::ParameterName, 'Scheduling strategy of classic swarm')
            [CompletionResult]::new('--swarm-opt', '--swarm-opt', [CompletionResultType]::ParameterName, 'Option for the swarm manager')
            [CompletionResult]::new('--swarm-join-opt', '--swarm-join-opt', [CompletionResultType]::ParameterName, 'Option for joining the swarm')
            [CompletionResult]::new('--swarm-host', '--swarm-host', [CompletionResultType]::ParameterName, 'Where the swarm manager listens')
            [CompletionResult]::new('--swarm-addr', '--swarm-addr', [CompletionResultType]::ParameterName, 'Address that the machine tells the swarm (default: its own)')
            [CompletionResult]::new('--tls-san', '--tls-san', [CompletionResultType]::ParameterName, 'One more name or address for the server certificate')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'Join the machine to a swarm')
            [CompletionResult]::new('--swarm-master', '--swarm-master', [CompletionResultType]::ParameterName, 'Make the machine a manager of the swarm')
            [CompletionResult]::new('--swarm-experimental', '--swarm-experimental', [CompletionResultType]::ParameterName, 'Experimental features of classic swarm')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;env' {
            [CompletionResult]::new('--shell', '--shell', [CompletionResultType]::ParameterName, 'Write for this shell instead of the detected one: [fish, cmd, powershell, tcsh, emacs, bash]')
            [CompletionResult]::new('--swarm', '--swarm', [CompletionResultType]::ParameterName, 'Use the address of the swarm manager instead of the machine''s own engine')
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Print commands that remove the variables')
            [CompletionResult]::new('--unset', '--unset', [CompletionResultType]::ParameterName, 'Print commands that remove the variables')
            [CompletionResult]::new('--no-proxy', '--no-proxy', [CompletionResultType]::ParameterName, 'Also exempt the machine''s address from the proxy (`NO_PROXY`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;inspect' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fill in this Go template instead of printing JSON')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Fill in this Go template instead of printing JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;ip' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;kill' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;ls' {
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only machines that match key=value (driver, label, name, state, swarm)')
            [CompletionResult]::new('-t', '-t', [CompletionResultType]::ParameterName, 'Seconds to wait for each machine')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds to wait for each machine')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Fill in this Go template for each machine')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Fill in this Go template for each machine')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print names only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print names only')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;provision' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;regenerate-certs' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Do not ask first')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Do not ask first')
            [CompletionResult]::new('--client-certs', '--client-certs', [CompletionResultType]::ParameterName, 'Renew the certificate authority and the client certificate too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;restart' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;rm' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Forget the machine here even if it cannot be removed there; asks nothing')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Forget the machine here even if it cannot be removed there; asks nothing')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Answer yes to the question')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;ssh' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;scp' {
            [CompletionResult]::new('-r', '-r', [CompletionResultType]::ParameterName, 'Copy directories with everything in them')
            [CompletionResult]::new('--recursive', '--recursive', [CompletionResultType]::ParameterName, 'Copy directories with everything in them')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Send only what differs (with rsync)')
            [CompletionResult]::new('--delta', '--delta', [CompletionResultType]::ParameterName, 'Send only what differs (with rsync)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No progress, no warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No progress, no warnings')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;mount' {
            [CompletionResult]::new('-u', '-u', [CompletionResultType]::ParameterName, 'Unmount instead of mounting')
            [CompletionResult]::new('--unmount', '--unmount', [CompletionResultType]::ParameterName, 'Unmount instead of mounting')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;start' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;status' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;stop' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;upgrade' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;url' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;version' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;help' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
        'docker-machine;completion' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Show this help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Show this help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
