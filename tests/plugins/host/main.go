// A host for tests: starts a program as the plugin of a driver and makes calls.
//
//	host PROGRAM DRIVER CALL...
//
// A call is METHOD or METHOD=ARGUMENT; the argument of SetConfigRaw is a text, of SetConfigFromFlags a JSON object. Each
// prints a line `METHOD: RESULT as JSON` or `METHOD: error: TEXT`. Three words are no methods: `wait=5s`, `mute` (no
// heartbeats from now on), and `flood=N` (N calls of GetState at the same time). What the plugin prints follows at the end.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"plugins/wire"
)

const service = "RPCServerDriver."

type none = struct{}

func main() {
	wire.Register()
	plugin := exec.Command(os.Args[1], "ignored", "--arguments")
	plugin.Env = append(os.Environ(), "MACHINE_PLUGIN_TOKEN=42", "MACHINE_PLUGIN_DRIVER_NAME="+os.Args[2])
	stdout, err := plugin.StdoutPipe()
	must(err)
	stderr, err := plugin.StderrPipe()
	must(err)
	must(plugin.Start())
	lines := bufio.NewReader(stdout)
	address, err := lines.ReadString('\n')
	if err != nil {
		text, _ := io.ReadAll(stderr)
		fmt.Printf("no address: %s", text)
		fmt.Println("ended:", plugin.Wait())
		return
	}
	out, printed := make(chan string, 1), make(chan string, 1)
	go func() { text, _ := io.ReadAll(lines); out <- string(text) }()
	go func() { text, _ := io.ReadAll(stderr); printed <- string(text) }()
	client := connect(strings.TrimSpace(address))
	var mute atomic.Bool
	go func() {
		for !mute.Load() {
			client.Call(service+"Heartbeat", &none{}, &none{})
			time.Sleep(2 * time.Second)
		}
	}()
	for _, word := range os.Args[3:] {
		method, argument, _ := strings.Cut(word, "=")
		switch method {
		case "wait":
			pause, err := time.ParseDuration(argument)
			must(err)
			time.Sleep(pause)
		case "mute":
			mute.Store(true)
		case "flood":
			flood(client, argument)
		default:
			result, err := call(client, method, argument)
			show(method, result, err)
		}
	}
	fmt.Print(indented("stdout", <-out), indented("stderr", <-printed))
	fmt.Println("ended:", plugin.Wait())
}

// connect sends what Go's own rpc.DialHTTP sends.
func connect(address string) *rpc.Client {
	connection, err := net.Dial("tcp", address)
	must(err)
	_, err = io.WriteString(connection, "CONNECT "+rpc.DefaultRPCPath+" HTTP/1.0\n\n")
	must(err)
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: "CONNECT"})
	must(err)
	if response.Status != "200 Connected to Go RPC" {
		fmt.Println("refused:", response.Status)
		os.Exit(1)
	}
	return rpc.NewClient(connection)
}

func call(client *rpc.Client, method, argument string) (result interface{}, err error) {
	switch method {
	case "GetVersion", "GetState", "GetSSHPort":
		var number int
		err = client.Call(service+method, &none{}, &number)
		return number, err
	case "GetConfigRaw":
		var text []byte
		err = client.Call(service+method, &none{}, &text)
		return json.RawMessage(text), err
	case "GetCreateFlags":
		var flags []interface{}
		err = client.Call(service+method, &none{}, &flags)
		return flags, err
	case "SetConfigRaw":
		return nil, client.Call(service+method, []byte(argument), &none{})
	case "SetConfigFromFlags":
		values := map[string]interface{}{}
		must(json.Unmarshal([]byte(argument), &values))
		for name, value := range values {
			switch value := value.(type) {
			case float64:
				values[name] = int(value)
			case []interface{}:
				texts := []string{}
				for _, text := range value {
					texts = append(texts, text.(string))
				}
				values[name] = texts
			}
		}
		var options wire.Options = &wire.RPCFlags{Values: values}
		return nil, client.Call(service+method, &options, &none{})
	case "GetURL", "GetIP", "GetIPv6", "GetSSHHostname", "GetSSHKeyPath", "GetSSHUsername", "GetMachineName", "DriverName":
		var text string
		err = client.Call(service+method, &none{}, &text)
		return text, err
	default:
		return nil, client.Call(service+method, &none{}, &none{})
	}
}

func flood(client *rpc.Client, argument string) {
	count, err := strconv.Atoi(argument)
	must(err)
	done := make(chan *rpc.Call, count)
	for i := 0; i < count; i++ {
		client.Go(service+"GetState", &none{}, new(int), done)
	}
	for i := 0; i < count; i++ {
		if call := <-done; call.Error != nil {
			fmt.Println("flood: error:", call.Error)
			return
		}
	}
	fmt.Println("flood: done")
}

func show(method string, result interface{}, err error) {
	if err != nil {
		fmt.Printf("%s: error: %s\n", method, err)
		return
	}
	text, err := json.Marshal(result)
	must(err)
	fmt.Printf("%s: %s\n", method, text)
}

func indented(name, text string) string {
	lines := ""
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line != "" {
			lines += name + ": " + line + "\n"
		}
	}
	return lines
}

func must(err error) {
	if err != nil {
		fmt.Println("host:", err)
		os.Exit(1)
	}
}
