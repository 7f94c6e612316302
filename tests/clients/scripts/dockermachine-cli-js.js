// npm dockermachine-cli-js: the tables and options that it reads out of our output.
'use strict'
const assert = require('node:assert')
const { DockerMachine, Options } = require('dockermachine-cli-js')

const machine = new DockerMachine()

async function create (ip, key, script) {
  const options = { driver: 'generic', 'generic-ip-address': ip, 'generic-ssh-key': key, 'engine-install-url': script }
  await new DockerMachine(new Options(options)).command('create web')
}

async function up (ip, folder) {
  const { machineList } = await machine.command('ls')
  assert.strictEqual(machineList.length, 1)
  const { docker, ...row } = machineList[0]
  assert.match(docker, /^v\d+\.\d+/)
  assert.deepStrictEqual(row, {
    name: 'web', active: '-', driver: 'generic', state: 'Running', url: `tcp://${ip}:2376`, swarm: '', errors: ''
  })
  const { machine: config } = await machine.command('config web')
  assert.deepStrictEqual(
    [config.host, config.port, config.tlsverify, config.tlscacert, config.tlscert, config.tlskey],
    [ip, '2376', true, `${folder}/ca.pem`, `${folder}/cert.pem`, `${folder}/key.pem`]
  )
  const { machine: record } = await machine.command('inspect web')
  assert.strictEqual(record.Driver.IPAddress, ip)
  assert.strictEqual(JSON.parse((await machine.command('ssh web echo hello')).raw), 'hello\n')
}

async function down () {
  const { machineList } = await machine.command('ls')
  assert.strictEqual(machineList[0].docker, 'Unknown')
  assert.match(machineList[0].errors, /^Unable to query docker version: /)
  await assert.rejects(machine.command('config web'), /Error running connection boilerplate/)
}

async function rm () {
  await machine.command('rm -y web')
  assert.deepStrictEqual((await machine.command('ls')).machineList, [])
}

const [phase, ...args] = process.argv.slice(2)
// It writes errors that it rejects with to standard error as well.
console.error = () => {}
;({ create, up, down, rm })[phase](...args).catch(error => {
  console.log(error)
  process.exitCode = 1
})
