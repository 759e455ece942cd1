package fleet

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestPorts has a pod of several containers, as the API server lists it.
func TestPorts(t *testing.T) {
	t.Parallel()
	const listed = `{"metadata": {"annotations": {"kubectl.kubernetes.io/default-container": "app"}}, "spec": {
		"initContainers": [{"name": "migrate", "image": "migrate:1", "ports": [{"name": "pprof", "containerPort": 1}]},
			{"name": "agent", "image": "agent:2", "restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9100}]}],
		"containers": [{"name": "proxy", "image": "proxy:3", "ports": [{"name": "debug", "containerPort": 15000}, {"containerPort": 15001}]},
			{"name": "app", "image": "shop:4", "ports": [{"name": "web", "containerPort": 8080}, %s]}]}}`
	for _, tt := range []struct{ ports, wanted, got string }{
		{`{"name": "pprof", "containerPort": 6061}`, "", "6061 shop:4 true"},      // the name counts, not the order
		{`{"name": "http-pprof", "containerPort": 6062}`, "", "6062 shop:4 true"}, // debug comes last
		{`{"name": "x", "containerPort": 1234}`, "", "15000 proxy:3 true"},
		{`{"name": "x", "containerPort": 1234}`, "metrics", "9100 agent:2 true"},
		{`{"name": "x", "containerPort": 1234}`, "pprof", "6060 shop:4 false"}, // that container has ended
		{`{"name": "x", "containerPort": 1234}`, "15001", "15001 proxy:3 true"},
		{`{"name": "x", "containerPort": 1234}`, "7000", "7000 shop:4 true"}, // listed or not
		{`{"name": "x", "containerPort": 1234}`, "70000", "6060 shop:4 false"},
	} {
		var p pod
		if err := json.Unmarshal(fmt.Appendf(nil, listed, tt.ports), &p); err != nil {
			t.Fatal(err)
		}
		port, image, ok := p.port(tt.wanted)
		if got := fmt.Sprint(port, " ", image, " ", ok); got != tt.got {
			t.Errorf("%s, port %q: %s, want %s", tt.ports, tt.wanted, got, tt.got)
		}
	}
	var none pod
	if port, image, ok := none.port(""); port != 6060 || image != "" || !ok {
		t.Error(port, image, ok)
	}
}
