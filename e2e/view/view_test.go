package view

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDrawing(t *testing.T) {
	hello := Member{Name: "default/hello-1:8080", Address: "10.1.0.11", Port: 8080}
	other := Member{Name: "default/hello-2:8080", Address: "10.1.0.12", Port: 8080}
	b := Balancer{
		Name: "default/web", VIP: "10.2.0.17", Status: "ACTIVE", FloatingIP: "172.24.4.13",
		Listeners: []Listener{
			{Name: "default/web:TCP:80", Protocol: "TCP", Port: 80, Pools: []Pool{{Name: "default/web:TCP:80", Members: []Member{hello, other}}}},
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
