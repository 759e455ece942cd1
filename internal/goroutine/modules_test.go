package goroutine

import (
	"runtime/debug"
	"testing"
)

func TestAttribute(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.1",
		Main:      debug.Module{Path: "example.com/shop", Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "github.com/acme/bus", Version: "v1.4.2"},
			{Path: "github.com/acme/bus/v2", Version: "v2.0.1"},
			{Path: "golang.org/x/net", Version: "v0.1.0", Replace: &debug.Module{Path: "example.com/net", Version: "v0.1.1"}},
			{Path: "example.com/local", Version: "v0.0.0", Replace: &debug.Module{Path: "../local"}},
		},
	}
	tests := []struct {
		pkg    string
		origin Origin
		module string
		want   Origin
	}{
		{"main", Main, "example.com/shop", Main},
		{"example.com/shop/cart", Dependency, "example.com/shop", Main},
		{"github.com/acme/bus/conn", Main, "github.com/acme/bus@v1.4.2", Dependency},
		{"github.com/acme/bus/v2/conn", Main, "github.com/acme/bus/v2@v2.0.1", Dependency},
		{"golang.org/x/net/http2", Main, "golang.org/x/net@v0.1.1", Dependency},
		{"example.com/local/x", Main, "example.com/local@v0.0.0", Dependency},
		{"github.com/acme/busy", Main, "", Main},
		{"net/http", Stdlib, "", Stdlib},
	}
	for _, tt := range tests {
		d := Dump{Buckets: []Bucket{{Stack: NewStack(Parts{
			Frames:    []Frame{{Function: tt.pkg + ".F", Package: tt.pkg, Origin: tt.origin}},
			CreatedBy: Frame{Function: tt.pkg + ".G", Package: tt.pkg, Origin: tt.origin},
		})}}}
		Attribute(&d, info)
		for _, f := range []Frame{d.Buckets[0].Stack.Frames()[0], d.Buckets[0].Stack.CreatedBy()} {
			if f.Module != tt.module || f.Origin != tt.want {
				t.Errorf("%s: got %s, %s; want %s, %s", tt.pkg, f.Module, f.Origin, tt.module, tt.want)
			}
		}
		if d.GoVersion != "go1.26.1" {
			t.Errorf("Go version: got %s", d.GoVersion)
		}
	}
}

func TestShortName(t *testing.T) {
	for function, want := range map[string]string{
		"main.run":               "main.run",
		"net/http.(*conn).serve": "http.(*conn).serve",
		"github.com/thejerf/suture/v4.(*Supervisor).Serve": "suture.(*Supervisor).Serve",
		"gopkg.in/yaml.v3.(*Decoder).Decode":               "yaml.(*Decoder).Decode",
		"gopkg.in/src-d/go-git.v4/plumbing.New":            "plumbing.New",
		"example.com/v.Run":                                "v.Run",
		"example.com/x/verb2.Run":                          "verb2.Run",
		"example.com/x/v2":                                 "v2",
		"slices.Sort[go.shape.[]example.com/x/v2.T]":       "slices.Sort[go.shape.[]example.com/x/v2.T]",
		"example.com/list/v2.Map[...]":                     "list.Map[...]",
		"v2.Run":                                           "v2.Run",
	} {
		if got := ShortName(function); got != want {
			t.Errorf("%s: got %s, want %s", function, got, want)
		}
	}
}
