package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What octagate check says of files where it can ask the cloud and the cluster, or has a
// file of what they told: the same as kubectl apply would, and nothing of what a Service
// has itself.
func TestFilesAreCheckedAgainstTheCloud(t *testing.T) {
	c := newCorner(t, "checked")
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	address := c.world.Cloud.FloatingIPs[4]
	mine := named("mine", manifest(balanced+"  loadBalancerIP: "+address+"\n"+http80))
	c.apply(mine)
	c.until(address+" VIP", func() string { return c.ingress("mine") })
	files := []string{write("mine.yaml", mine), write("other.yaml", named("other", manifest(balanced+"  loadBalancerIP: "+address+"\n"+http80))),
		write("absent.yaml", named("absent", manifest(balanced+"  loadBalancerIP: 172.24.4.99\n"+http80)))}

	told, err := c.world.Command(t.Context(), "facts", "--config", c.world.ConfigFile())
	if err != nil || told.Code != 0 {
		t.Fatalf("%v\n%s", err, told.Stderr)
	}
	for _, source := range [][]string{{"--cloud"}, {"--facts", write("facts.json", told.Stdout)}} {
		out, err := c.world.Command(t.Context(), append(append([]string{"check", "--namespace", c.namespace, "--config", c.world.ConfigFile()}, source...), files...)...)
		if err != nil {
			t.Fatal(err)
		}
		if out.Code != 1 || out.Stderr != "" {
			t.Errorf("exit %d: %s", out.Code, out.Stderr)
		}
		for want, there := range map[string]bool{
			"mine.yaml:":  false,
			"other.yaml:": true,
			address + " is claimed by Service checked/mine":    true,
			"172.24.4.99 is not a floating IP of this project": true,
			"not checked": false,
			"3 Services in 3 files: 3 errors, 0 warnings": true,
		} {
			if strings.Contains(out.Stdout, want) != there {
				t.Errorf("%q: want %t, in\n%s", want, there, out.Stdout)
			}
		}
	}
}
