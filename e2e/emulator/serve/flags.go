package main

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/octagate/octagate/e2e/emulator"
)

// flags are what the command line says.
type flags struct {
	listen, cloudsYAML string
	layout, clock      string
	providers          string
	options            emulator.Options
}

// layouts are the networks to begin with.
var layouts = map[string]func(*emulator.Cloud) emulator.Networks{
	"two-subnets": (*emulator.Cloud).LayTwoSubnets,
	"one-subnet":  (*emulator.Cloud).LayOneSubnet,
}

// parse reads the command line, and ends the program when it cannot.
func parse(args []string) flags {
	var f flags
	set := flag.NewFlagSet("serve", flag.ExitOnError)
	o := &f.options
	set.StringVar(&f.listen, "listen", "127.0.0.1:9595", "loopback `address` to listen on")
	set.StringVar(&f.cloudsYAML, "clouds-yaml", "", "`file` to write clouds.yaml to (default: in a new temporary directory)")
	set.StringVar(&f.layout, "layout", "two-subnets", "networks to begin with: two-subnets or one-subnet")
	set.StringVar(&f.clock, "clock", "real", "real, or manual: time passes only when POST /emulator/clock says so")
	set.StringVar(&f.providers, "provider", "", "enabled `drivers`, the default one first, of amphora, octavia, ovn (default amphora,octavia)")
	set.DurationVar(&o.Pending, "pending", 2*time.Second, "how long a load balancer stays PENDING_*")
	set.BoolVar(&o.AsPackaged, "as-packaged", false, "keep the fault of Octavia 11.0.0 that leaves fully populated creates PENDING_CREATE")
	set.BoolVar(&o.ForgetsLoosePools, "forgets-loose-pools", false, "keep its other fault, that leaves pools without a listener so")
	set.StringVar(&o.APIVersion, "api-version", "", "newest `version` of Octavia's API, v2.0 to v2.26 (default the newest)")
	set.BoolVar(&o.Legacy, "legacy", false, "no Octavia: LBaaS v2 of Neutron")
	set.Uint64Var(&o.Seed, "seed", 0, "make ids repeatable, unless 0")
	_ = set.Parse(args) // ends the program itself
	return f
}

// cloud is what the flags make of a cloud.
func (f flags) cloud() (emulator.Options, error) {
	o := f.options
	if layouts[f.layout] == nil {
		return o, fmt.Errorf("--layout %s: want %s", f.layout, strings.Join(slices.Sorted(maps.Keys(layouts)), " or "))
	}
	switch f.clock {
	case "real":
	case "manual":
		o.Clock = emulator.NewClock()
	default:
		return o, fmt.Errorf("--clock %s: want real or manual", f.clock)
	}
	if f.providers != "" {
		o.Providers = strings.Split(f.providers, ",")
	}
	return o, o.Validate()
}
