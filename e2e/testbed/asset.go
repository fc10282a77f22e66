package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// assets is the environment variable that names the directory of the programs.
const assets = "KUBEBUILDER_ASSETS"

// asset puts one of the programs of the control plane on the leash.
func (c *Cluster) asset(name string) (program, error) {
	path, err := asset(name)
	if err != nil {
		return program{}, err
	}
	return c.program(name, path)
}

// asset finds one of the programs of the control plane.
func asset(name string) (string, error) {
	dir := os.Getenv(assets)
	if dir == "" {
		return "", errors.New(assets + " is not set: `make cluster` builds the control plane and prints its directory")
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", name, err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no %s in %s (%s): `make cluster` builds it and prints its directory", name, assets, dir)
	}
	return path, nil
}

// kubectl is the one on PATH, else the one beside the control plane.
func kubectl() (string, error) {
	if path, err := exec.LookPath("kubectl"); err == nil {
		return path, nil
	}
	return asset("kubectl")
}
