// A driver plugin for tests: docker-machine-driver-NAME, under any NAME.
//
// Its cloud is a folder, NAME_CLOUD, with a file for each server; behind a server is a host of the lab if NAME_LAB says
// which region. NAME_FAULTS makes it misbehave (faults.go). NAME is in capitals, with _ for -.
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"plugins/wire"
)

const patience = 10 * time.Second

func main() {
	name := strings.TrimPrefix(filepath.Base(os.Args[0]), "docker-machine-driver-")
	if os.Getenv("MACHINE_PLUGIN_TOKEN") != "42" {
		fmt.Fprintln(os.Stderr, "This is a Docker Machine plugin binary.")
		fmt.Fprintln(os.Stderr, "Plugin binaries are not intended to be invoked directly.")
		os.Exit(1)
	}
	prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	faults := parseFaults(os.Getenv(prefix + "_FAULTS"))
	noteStart(os.Getenv(prefix+"_STARTS"), name)
	driver := &Driver{name: name, cloud: os.Getenv(prefix + "_CLOUD"), lab: os.Getenv(prefix + "_LAB"), faults: faults}
	driver.SSHUser, driver.Big, driver.Ratio = "root", 9007199254740993, 1e21
	driver.Nested = map[string]interface{}{"html": "<a>&b", "k": []int{1, 2}}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	faults.beforeAddress(listener)
	server := &Server{driver: driver, faults: faults, beat: make(chan struct{}, 1)}
	wire.Register()
	if !faults.has("old") {
		must(rpc.RegisterName("RPCServerDriver", server))
	}
	must(rpc.RegisterName("RpcServerDriver", server))
	rpc.HandleHTTP()
	go server.listenToHeart()
	fmt.Println(listener.Addr())
	faults.afterAddress()
	must(http.Serve(listener, nil))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// noteStart adds a line for each process to a file: tests count them.
func noteStart(file, name string) {
	if file == "" {
		return
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(err)
	defer out.Close()
	count, ended := os.Stdin.Read(make([]byte, 1))
	fmt.Fprintln(out, name, len(os.Args)-1, os.Getenv("MACHINE_PLUGIN_DRIVER_NAME"), count, ended)
}

// Server is the driver as net/rpc serves it.
type Server struct {
	driver *Driver
	faults faults
	beat   chan struct{}
	once   sync.Once
}

// A plugin that does not hear from its host ends, whatever it is doing.
func (s *Server) listenToHeart() {
	for {
		select {
		case <-s.beat:
		case <-time.After(patience):
			os.Exit(1)
		}
	}
}

type none = struct{}

// GetVersion tells the version of the protocol.
func (s *Server) GetVersion(_ *none, reply *int) error {
	*reply = 1
	if s.faults.has("version2") {
		*reply = 2
	}
	return s.faults.at("GetVersion")
}

// Heartbeat keeps the plugin alive.
func (s *Server) Heartbeat(_, _ *none) error {
	select {
	case s.beat <- none{}:
	default:
	}
	return s.faults.at("Heartbeat")
}

// Close ends the plugin.
func (s *Server) Close(_, _ *none) error {
	if s.faults.has("deaf") {
		select {}
	}
	if s.faults.has("late-line") {
		fmt.Println("a line after Close")
	}
	if s.faults.has("no-goodbye") {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "Closing plugin on server side")
	go func() {
		time.Sleep(time.Millisecond)
		os.Exit(0)
	}()
	return nil
}

// SetConfigRaw takes a machine's state.
func (s *Server) SetConfigRaw(data []byte, _ *none) error {
	if err := s.faults.at("SetConfigRaw"); err != nil {
		return err
	}
	return s.driver.setConfig(data)
}

// GetConfigRaw gives it back.
func (s *Server) GetConfigRaw(_ *none, reply *[]byte) (err error) {
	if err := s.faults.at("GetConfigRaw"); err != nil {
		return err
	}
	*reply, err = s.driver.config()
	return err
}

// GetCreateFlags tells the driver's flags.
func (s *Server) GetCreateFlags(_ *none, reply *[]interface{}) error {
	*reply = s.driver.flags()
	return s.faults.at("GetCreateFlags")
}

// SetConfigFromFlags takes their values.
func (s *Server) SetConfigFromFlags(values *wire.Options, _ *none) error {
	if err := s.faults.at("SetConfigFromFlags"); err != nil {
		return err
	}
	return s.driver.configure(*values)
}

func (s *Server) order(name string, do func() error) error {
	if err := s.faults.at(name); err != nil {
		return err
	}
	return do()
}

func (s *Server) text(name string, reply *string, get func() (string, error)) (err error) {
	if err := s.faults.at(name); err != nil {
		return err
	}
	*reply, err = get()
	return err
}

// The rest hands on to the driver.

func (s *Server) PreCreateCheck(_, _ *none) error { return s.order("PreCreateCheck", s.driver.check) }
func (s *Server) Create(_, _ *none) (err error) {
	// The only method whose panics are caught.
	defer func() {
		if panic := recover(); panic != nil {
			if cause, ok := panic.(error); ok {
				err = fmt.Errorf("Panic in the driver: %w", cause)
				return
			}
			os.Exit(2)
		}
	}()
	return s.order("Create", s.driver.create)
}
func (s *Server) Remove(_, _ *none) error  { return s.order("Remove", s.driver.remove) }
func (s *Server) Start(_, _ *none) error   { return s.order("Start", s.driver.start) }
func (s *Server) Stop(_, _ *none) error    { return s.order("Stop", s.driver.stop) }
func (s *Server) Kill(_, _ *none) error    { return s.order("Kill", s.driver.kill) }
func (s *Server) Restart(_, _ *none) error { return s.order("Restart", s.driver.restart) }

func (s *Server) GetState(_ *none, reply *int) (err error) {
	if err := s.faults.at("GetState"); err != nil {
		return err
	}
	*reply, err = s.driver.state()
	return err
}

func (s *Server) GetURL(_ *none, reply *string) error { return s.text("GetURL", reply, s.driver.url) }
func (s *Server) GetIP(_ *none, reply *string) error  { return s.text("GetIP", reply, s.driver.ip) }
func (s *Server) GetSSHHostname(_ *none, reply *string) error {
	return s.text("GetSSHHostname", reply, s.driver.ip)
}
func (s *Server) GetMachineName(_ *none, reply *string) error {
	return s.text("GetMachineName", reply, func() (string, error) { return s.driver.MachineName, nil })
}
func (s *Server) DriverName(_ *none, reply *string) error {
	return s.text("DriverName", reply, func() (string, error) {
		if other := os.Getenv("PLUGIN_CALLS_ITSELF"); other != "" {
			return other, nil
		}
		return s.driver.name, nil
	})
}
func (s *Server) GetSSHKeyPath(_ *none, reply *string) error {
	return s.text("GetSSHKeyPath", reply, func() (string, error) { return s.driver.key(), nil })
}
func (s *Server) GetSSHUsername(_ *none, reply *string) error {
	return s.text("GetSSHUsername", reply, func() (string, error) { return s.driver.SSHUser, nil })
}
func (s *Server) GetSSHPort(_ *none, reply *int) error {
	*reply = 22
	return s.faults.at("GetSSHPort")
}
