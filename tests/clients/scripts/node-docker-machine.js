// npm docker-machine: all of its calls on a machine that is up, then what it makes of one whose engine is down.
'use strict'
const assert = require('node:assert')
const { promisify } = require('node:util')
const Machine = require('docker-machine')

const call = (method, ...args) => promisify(Machine[method])(...args)

async function create (ip, key, script) {
  await call('create', 'web', 'generic', {
    'generic-ip-address': ip, 'generic-ssh-key': key, 'engine-install-url': script
  })
}

async function up (ip) {
  const web = new Machine('web')
  const env = await call('env', 'web', { parse: true })
  assert.deepStrictEqual(Object.keys(env), ['DOCKER_TLS_VERIFY', 'DOCKER_HOST', 'DOCKER_CERT_PATH', 'DOCKER_MACHINE_NAME'])
  assert.strictEqual(env.DOCKER_HOST, `tcp://${ip}:2376`)
  assert.match(await call('env', 'web', { shell: 'fish' }), /^set -gx DOCKER_TLS_VERIFY "1";$/m)

  assert.strictEqual(await call('status', 'web'), 'running')
  assert.strictEqual(await promisify(web.isRunning).call(web), true)
  // Running already counts as started.
  await call('start', 'web')
  await assert.rejects(call('stop', 'web'), /generic driver does not support stop/)
  await assert.rejects(call('kill', 'web'), /generic driver does not support kill/)
  await assert.rejects(call('status', 'nope'), /Docker machine "nope" does not exist/)

  assert.strictEqual(await call('ssh', 'web', ['printf', "'%s|'", '"a b"', 'c']), 'a b|c|')
  const record = await call('inspect', 'web')
  assert.strictEqual(record.driver.ipAddress, ip)
  assert.strictEqual(record.hostOptions.engineOptions.tlsVerify, true)

  process.env.DOCKER_HOST = env.DOCKER_HOST
  const [listed] = await call('list', { timeout: 20 })
  assert.ok(listed.responseTime > 0 && listed.responseTime < 20000, listed.responseTime)
  assert.match(listed.dockerVersion, /^v\d+\.\d+/)
  const { responseTime, dockerVersion, ...rest } = listed
  assert.deepStrictEqual(rest, {
    name: 'web', active: '*', activeHost: true, activeSwarm: false, driverName: 'generic', state: 'running',
    url: env.DOCKER_HOST, swarm: null, error: null
  })
  const [inspected] = await call('list', { inspect: true })
  assert.strictEqual(inspected.driver.machineName, 'web')
}

async function down (ip) {
  await assert.rejects(call('env', 'web'), /Error checking TLS connection: .*validating certificates for host/)
  const [listed] = await call('list', {})
  assert.strictEqual(listed.dockerVersion, null)
  assert.match(listed.error, /Unable\+to\+query\+docker\+version/)
  assert.strictEqual(await call('status', 'web'), 'running')
}

const [phase, ...args] = process.argv.slice(2)
;({ create, up, down })[phase](...args).catch(error => {
  console.error(error)
  process.exitCode = 1
})
