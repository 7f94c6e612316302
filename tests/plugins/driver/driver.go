package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plugins/wire"
)

// Driver makes servers of the cloud. What is exported is its state.
type Driver struct {
	IPAddress      string
	MachineName    string
	SSHUser        string
	SSHPort        int
	SSHKeyPath     string
	StorePath      string
	SwarmMaster    bool
	SwarmHost      string
	SwarmDiscovery string
	Token          string
	ServerID       string
	Address        string
	Size           int
	Offset         int
	Tags           []string
	Labels         []string
	Private        bool
	Big            int64
	Ratio          float64
	Nested         map[string]interface{}
	Padding        string `json:",omitempty"`

	mutex      sync.Mutex
	name       string
	cloud, lab string
	faults     faults
}

// The states of a computer.
const (
	running = 1
	stopped = 4
)

func (d *Driver) flags() []interface{} {
	flag := func(name string) string { return d.name + "-" + name }
	variable := func(name string) string {
		return strings.ToUpper(strings.ReplaceAll(d.name, "-", "_")) + "_" + name
	}
	flags := []interface{}{
		&wire.StringFlag{Name: flag("token"), Usage: "API token", EnvVar: variable("TOKEN")},
		&wire.StringFlag{Name: flag("address"), Usage: "Address of the server", EnvVar: variable("ADDRESS"), Value: "127.0.0.1"},
		&wire.IntFlag{Name: flag("size"), Usage: "Disk size in GB", EnvVar: variable("SIZE"), Value: 20},
		&wire.IntFlag{Name: flag("offset"), Usage: "A negative default", Value: -129},
		&wire.BoolFlag{Name: flag("private"), Usage: "Only a private address", EnvVar: variable("PRIVATE")},
		&wire.StringSliceFlag{Name: flag("tag"), Usage: "Tags", EnvVar: variable("TAG")},
		&wire.StringSliceFlag{Name: flag("label"), Usage: "Labels with a default", Value: []string{"a=1", "b=2"}},
	}
	if d.faults.has("no-flags") {
		return nil
	}
	if d.faults.has("strange-flag") {
		flags = append([]interface{}{&wire.StrangeFlag{Name: "strange"}}, flags...)
		flags = append(flags, &wire.StringFlag{Name: "a b", Usage: "no name"}, &wire.StringFlag{Name: "driver", Usage: "taken"})
		flags = append(flags, &wire.StringFlag{Name: flag("evil"), Usage: "title \x1b]0;x\x07", Value: "red\x1b[31m"})
	}
	if d.faults.has("many-flags") {
		for i := 0; i < 60; i++ {
			flags = append(flags, &wire.StringFlag{Name: flag(fmt.Sprintf("more-%d", i)), Usage: "one more"})
		}
	}
	return flags
}

func (d *Driver) configure(values wire.Options) error {
	get := func(name string) string { return d.name + "-" + name }
	d.Token, d.Address = values.String(get("token")), values.String(get("address"))
	d.Size, d.Offset, d.Private = values.Int(get("size")), values.Int(get("offset")), values.Bool(get("private"))
	d.Tags, d.Labels = values.StringSlice(get("tag")), values.StringSlice(get("label"))
	d.SwarmMaster, d.SwarmHost = values.Bool("swarm-master"), values.String("swarm-host")
	if d.Token == "" {
		return fmt.Errorf("%s requires the --%s-token option", d.name, d.name)
	}
	if d.faults.has("big-state") {
		d.Padding = strings.Repeat("x", 1<<20)
	}
	return nil
}

func (d *Driver) setConfig(data []byte) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return json.Unmarshal(data, d)
}

func (d *Driver) config() ([]byte, error) {
	if d.faults.has("bad-state") {
		return []byte(`{"half":`), nil
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return json.Marshal(d)
}

// entry is a server: a file of the cloud.
type entry struct {
	Name  string
	IP    string
	State int
}

func (d *Driver) file(id string) string { return filepath.Join(d.cloud, id) }

func (d *Driver) write(id string, server entry) error {
	data, err := json.Marshal(server)
	if err != nil {
		return err
	}
	return os.WriteFile(d.file(id), data, 0o600)
}

func (d *Driver) read() (server entry, err error) {
	if d.ServerID == "" {
		return server, errors.New("this machine has no server")
	}
	data, err := os.ReadFile(d.file(d.ServerID))
	if err != nil {
		return server, fmt.Errorf("server %s not found", d.ServerID)
	}
	return server, json.Unmarshal(data, &server)
}

func (d *Driver) check() error {
	if d.lab == "" && d.cloud == "" {
		return errors.New("there is no cloud")
	}
	entries, err := os.ReadDir(d.cloud)
	if err != nil {
		return err
	}
	for _, found := range entries {
		data, _ := os.ReadFile(d.file(found.Name()))
		var server entry
		if json.Unmarshal(data, &server) == nil && server.Name == d.MachineName {
			return fmt.Errorf("server name %q is used already", d.MachineName)
		}
	}
	return nil
}

func (d *Driver) create() error {
	fmt.Println("Creating SSH key...")
	if err := d.makeKey(); err != nil {
		return err
	}
	d.faults.pause("key")
	fmt.Println("Creating server...")
	id := fmt.Sprintf("srv-%d-%d", os.Getpid(), time.Now().UnixNano())
	if err := d.write(id, entry{Name: d.MachineName, State: stopped}); err != nil {
		return err
	}
	// Between the server's beginning and its name in our state is a moment.
	d.faults.pause("unnamed")
	d.mutex.Lock()
	d.ServerID = id
	d.mutex.Unlock()
	fmt.Println("Booting server...")
	d.faults.pause("server")
	if err := d.faults.at("Create.server"); err != nil {
		return err
	}
	ip, err := d.boot()
	if err != nil {
		return err
	}
	d.mutex.Lock()
	d.IPAddress = ip
	d.mutex.Unlock()
	fmt.Println("Server is up")
	d.faults.pause("up")
	return d.write(id, entry{Name: d.MachineName, IP: ip, State: running})
}

func (d *Driver) remove() error {
	if d.ServerID == "" {
		return nil
	}
	if _, err := d.read(); err != nil {
		return nil
	}
	if err := d.destroy(); err != nil {
		return err
	}
	return os.Remove(d.file(d.ServerID))
}

func (d *Driver) change(state int, words ...string) error {
	server, err := d.read()
	if err != nil {
		return err
	}
	ip, err := d.power(words...)
	if err != nil {
		return err
	}
	if ip != "" {
		d.IPAddress, server.IP = ip, ip
	}
	server.State = state
	return d.write(d.ServerID, server)
}

func (d *Driver) start() error   { return d.change(running, "start") }
func (d *Driver) stop() error    { return d.change(stopped, "stop") }
func (d *Driver) kill() error    { return d.change(stopped, "crash") }
func (d *Driver) restart() error { return d.change(running, "reboot") }

func (d *Driver) state() (int, error) {
	server, err := d.read()
	return server.State, err
}

func (d *Driver) ip() (string, error) {
	if d.IPAddress == "" {
		return "", errors.New("IP address is not set")
	}
	return d.IPAddress, nil
}

func (d *Driver) url() (string, error) {
	state, err := d.state()
	if err != nil {
		return "", err
	}
	if state != running {
		return "", errors.New("Host is not running")
	}
	ip, err := d.ip()
	return "tcp://" + ip + ":2376", err
}

func (d *Driver) key() string {
	d.SSHKeyPath = filepath.Join(d.StorePath, "machines", d.MachineName, "id_rsa")
	return d.SSHKeyPath
}
