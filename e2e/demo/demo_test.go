package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/octagate/octagate/e2e/view"
)

func TestEveryExampleIsPlayed(t *testing.T) {
	var played, there []string
	for _, a := range append(good(), bad()...) {
		played = append(played, a.service+".yaml")
		if !strings.Contains(text(a.service), "name: "+a.service+"\n") {
			t.Errorf("%s does not make the Service %s", example(a.service), a.service)
		}
		if a.refused && remarkable(a.service) == "" {
			t.Errorf("%s marks no line as bad", example(a.service))
		}
	}
	files, err := examples.ReadDir("examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		there = append(there, f.Name())
	}
	slices.Sort(played)
	if d := cmp.Diff(there, played); d != "" {
		t.Errorf("examples that are there (-) and played (+):\n%s", d)
	}
}

func TestDrawing(t *testing.T) {
	hello := view.Member{Name: "default/hello-1:8080", Address: "10.1.0.11", Port: 8080}
	other := view.Member{Name: "default/hello-2:8080", Address: "10.1.0.12", Port: 8080}
	b := view.Balancer{
		Name: "default/web", VIP: "10.2.0.17", Status: "ACTIVE", FloatingIP: "172.24.4.13",
		Listeners: []view.Listener{
			{Name: "default/web:TCP:80", Protocol: "TCP", Port: 80, Pools: []view.Pool{{Name: "default/web:TCP:80", Members: []view.Member{hello, other}}}},
			{Name: "default/web:TCP:443", Protocol: "TCP", Port: 443},
		},
	}
	want := `
load balancer default/web   VIP 10.2.0.17 ← floating IP 172.24.4.13   ACTIVE
├─ listener default/web:TCP:80   TCP port 80
│  └─ pool default/web:TCP:80
│     ├─ member default/hello-1:8080   10.1.0.11:8080
│     └─ member default/hello-2:8080   10.1.0.12:8080
└─ listener default/web:TCP:443   TCP port 443
`
	if d := cmp.Diff(want, "\n"+b.String()); d != "" {
		t.Errorf("drawn otherwise (-want +got):\n%s", d)
	}
}
