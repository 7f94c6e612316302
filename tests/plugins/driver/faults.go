package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// faults are words with blanks between them: `no-flags`, or METHOD=ACTION:
//
//	METHOD=error:TEXT     fails; _ in TEXT is a blank
//	METHOD=hang           never answers
//	METHOD=sleep:30s      answers late
//	METHOD=die, =kill, =panic, =stop   ends by exit, SIGKILL, a panic with an error; is stopped
//	METHOD=say:TEXT       prints a line first
//	pause=PLACE:5s        waits at that place of Create
type faults map[string]string

func parseFaults(text string) faults {
	faults := faults{}
	for _, word := range strings.Fields(text) {
		name, action, _ := strings.Cut(word, "=")
		faults[name] = action
	}
	return faults
}

func (f faults) has(name string) bool { _, has := f[name]; return has }

// beforeAddress misbehaves instead of telling the address.
func (f faults) beforeAddress(listener net.Listener) {
	forever := func() { time.Sleep(time.Hour) }
	say := func(line string) { fmt.Println(line); forever() }
	switch f["address"] {
	case "none":
		forever()
	case "exit":
		fmt.Fprintln(os.Stderr, "cannot load libvirt.so: \x1b[31mnot found")
		os.Exit(7)
	case "banner":
		say("Welcome to my driver")
	case "closed":
		listener.Close()
		say(listener.Addr().String())
	case "public":
		say("0.0.0.0:4711")
	case "http":
		fmt.Println(listener.Addr())
		must(http.Serve(listener, http.NotFoundHandler()))
	case "foreign":
		say(os.Getenv("PLUGIN_FOREIGN"))
	case "mute":
		say(listener.Addr().String())
	}
}

// afterAddress prints what no terminal should be given.
func (f faults) afterAddress() {
	if f.has("long-line") {
		fmt.Println(strings.Repeat("x", 70000))
		fmt.Println("behind the long line")
	}
	if f.has("evil-line") {
		fmt.Println("evil \x1b]0;title\x07 line \xff")
		fmt.Fprintln(os.Stderr, "evil \x1b[2J debug")
	}
	if f.has("chatty") {
		go func() {
			for {
				fmt.Println("chat")
				fmt.Fprintln(os.Stderr, "chat")
			}
		}()
	}
}

// at misbehaves in a method.
func (f faults) at(method string) error {
	action, argument, _ := strings.Cut(f[method], ":")
	switch action {
	case "error":
		return errors.New(strings.ReplaceAll(argument, "_", " "))
	case "odd-error":
		return errors.New("say \"no\"\nto <b> \xff\xfe")
	case "hang":
		select {}
	case "sleep":
		pause, _ := time.ParseDuration(argument)
		time.Sleep(pause)
	case "die":
		fmt.Fprintln(os.Stderr, "the driver gives up")
		os.Exit(3)
	case "kill":
		signal(9)
		select {}
	case "stop":
		signal(19)
	case "panic":
		panic(errors.New("a panic"))
	case "say":
		fmt.Println(strings.ReplaceAll(argument, "_", " "))
	}
	return nil
}

func signal(number int) {
	process, _ := os.FindProcess(os.Getpid())
	_ = process.Signal(syscall.Signal(number))
}

// pause waits at a place of Create.
func (f faults) pause(place string) {
	at, length, _ := strings.Cut(f["pause"], ":")
	if at == place {
		pause, _ := time.ParseDuration(length)
		time.Sleep(pause)
	}
}
