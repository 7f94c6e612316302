// Package wire has what both sides of the protocol of docker-machine's driver plugins say to each other: Go's own
// net/rpc and gob, with the type names under which every libmachine registers its types.
package wire

import "encoding/gob"

// StringFlag and its kin describe a flag of a driver.
type StringFlag struct{ Name, Usage, EnvVar, Value string }

// IntFlag is a flag with a number.
type IntFlag struct {
	Name, Usage, EnvVar string
	Value               int
}

// BoolFlag is a switch.
type BoolFlag struct{ Name, Usage, EnvVar string }

// StringSliceFlag may be given more than once.
type StringSliceFlag struct {
	Name, Usage, EnvVar string
	Value               []string
}

// StrangeFlag is of a kind that no host knows.
type StrangeFlag struct{ Name string }

// RPCFlags are the values of a create.
type RPCFlags struct{ Values map[string]interface{} }

// Options is what SetConfigFromFlags is declared to take.
type Options interface {
	String(key string) string
	Int(key string) int
	Bool(key string) bool
	StringSlice(key string) []string
}

func (f *RPCFlags) String(key string) string        { v, _ := f.Values[key].(string); return v }
func (f *RPCFlags) Int(key string) int              { v, _ := f.Values[key].(int); return v }
func (f *RPCFlags) Bool(key string) bool            { v, _ := f.Values[key].(bool); return v }
func (f *RPCFlags) StringSlice(key string) []string { v, _ := f.Values[key].([]string); return v }

// Register makes the types known to gob.
func Register() {
	gob.RegisterName("*mcnflag.StringFlag", &StringFlag{})
	gob.RegisterName("*mcnflag.IntFlag", &IntFlag{})
	gob.RegisterName("*mcnflag.BoolFlag", &BoolFlag{})
	gob.RegisterName("*mcnflag.StringSliceFlag", &StringSliceFlag{})
	gob.RegisterName("*mcnflag.StrangeFlag", &StrangeFlag{})
	gob.RegisterName("*rpcdriver.RPCFlags", &RPCFlags{})
	gob.Register([]string{})
}
