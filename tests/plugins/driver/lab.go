package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// NAME_LAB is "PROGRAM REGION NAMESPACE": the lab, its region, and the network from which it is called, as the plugin
// itself runs inside the region's.
func (d *Driver) call(words ...string) (string, error) {
	fields := strings.Fields(d.lab)
	command := exec.Command("nsenter", append([]string{"--net=" + fields[2], fields[0]}, words...)...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("lab %s: %w", strings.Join(words, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (d *Driver) host(words ...string) (string, error) {
	region := strings.Fields(d.lab)[1]
	return d.call(append([]string{"host", region, d.MachineName}, words...)...)
}

func (d *Driver) makeKey() error {
	key := []byte("no real key\n")
	if d.lab != "" {
		path, err := d.call("region", strings.Fields(d.lab)[1], "key")
		if err != nil {
			return err
		}
		if key, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(d.StorePath, "machines", d.MachineName, "id_rsa"), key, 0o600)
}

func (d *Driver) boot() (string, error) {
	if d.lab == "" {
		return d.Address, nil
	}
	out, err := d.host("up")
	return strings.Split(out, "\n")[0], err
}

func (d *Driver) destroy() error {
	if d.lab == "" {
		return nil
	}
	_, err := d.host("down")
	return err
}

// power gives the address if it may have changed: a server that was started has a new one.
func (d *Driver) power(words ...string) (string, error) {
	if d.lab == "" {
		return "", nil
	}
	if words[0] == "start" {
		words = append(words, strings.Fields(os.Getenv("PLUGIN_START_OPTIONS"))...)
	}
	if _, err := d.host(words...); err != nil || words[0] != "start" {
		return "", err
	}
	out, err := d.host("ip")
	return strings.Split(out, "\n")[0], err
}
