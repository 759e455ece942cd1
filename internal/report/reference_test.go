package report_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// node is a part of a JSON schema.
type node struct {
	Ref         string           `json:"$ref"`
	Type        string           `json:"type"`
	Description string           `json:"description"`
	Enum        []string         `json:"enum"`
	Const       any              `json:"const"`
	Properties  ordered          `json:"properties"`
	Required    []string         `json:"required"`
	Items       *node            `json:"items"`
	Additional  *node            `json:"additionalProperties"`
	Defs        map[string]*node `json:"$defs"`
}

// ordered are properties in the order of the file.
type ordered []property

type property struct {
	name string
	node node
}

func (o *ordered) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		p := property{name: name.(string)}
		if err := d.Decode(&p.node); err != nil {
			return err
		}
		*o = append(*o, p)
	}
	return nil
}

// TestReference holds that docs/json.md says what the schema says, and that
// nothing in it is without a description. -update writes it.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	r := &reference{t: t, defs: root.Defs}
	r.printf("# The JSON report\n\n%s\n\n<!-- written by go test ./internal/report -update from internal/report/schema.json -->\n\n", root.Description)
	r.printf("`gdump --format json` writes one object; `--format ndjson` a bucket in each line, with `count` in place of `counts`.\n")
	r.object("The report", root)
	for _, name := range []string{"finding", "bucket", "leak", "dump", "frame", "resource"} {
		if def, ok := root.Defs[name]; ok {
			r.object(name, *def)
		} else {
			t.Errorf("no %s in the schema", name)
		}
	}
	const page = "../../docs/json.md"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(page, []byte(r.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != r.String() {
		t.Errorf("%s is not what the schema says: go test ./internal/report -run TestReference -update", page)
	}
}

type reference struct {
	strings.Builder
	t    *testing.T
	defs map[string]*node
}

func (r *reference) printf(format string, args ...any) { fmt.Fprintf(&r.Builder, format, args...) }

// object writes a table of the fields of an object, and of those within it.
func (r *reference) object(title string, n node) {
	r.printf("\n## %s\n\n", title)
	if n.Description != "" && title != "The report" {
		r.printf("%s\n\n", n.Description)
	}
	r.printf("| field | type | meaning |\n|---|---|---|\n")
	r.rows("", n)
}

func (r *reference) rows(prefix string, n node) {
	for _, p := range n.Properties {
		kind, inner := r.kind(p.node)
		says := p.node.Description
		if says == "" && p.node.Ref != "" {
			says = r.def(p.node.Ref).Description
		}
		if says == "" {
			r.t.Errorf("%s%s has no description", prefix, p.name)
		}
		if len(p.node.Enum) > 0 {
			says += " One of `" + strings.Join(p.node.Enum, "`, `") + "`."
		}
		name := "`" + prefix + p.name + "`"
		if slices.Contains(n.Required, p.name) {
			name = "**" + name + "**"
		}
		r.printf("| %s | %s | %s |\n", name, kind, strings.ReplaceAll(says, "|", "\\|"))
		if inner != nil {
			r.rows(prefix+p.name+".", *inner)
		}
	}
}

func (r *reference) def(ref string) *node {
	d, ok := r.defs[strings.TrimPrefix(ref, "#/$defs/")]
	if !ok {
		r.t.Fatalf("no %s", ref)
	}
	return d
}

// kind names the type of a value, and gives the object that has no section of
// its own.
func (r *reference) kind(n node) (string, *node) {
	switch {
	case n.Ref != "":
		name := strings.TrimPrefix(n.Ref, "#/$defs/")
		if d := r.def(n.Ref); d.Type == "object" && d.Properties != nil {
			return "[" + name + "](#" + name + ")", nil
		} else if d.Type != "" && d.Type != "object" {
			return d.Type, nil
		}
		return name, nil
	case n.Type == "array" && n.Items != nil:
		kind, inner := r.kind(*n.Items)
		return "list of " + kind, inner
	case n.Type == "object" && n.Properties != nil:
		return "object", &n
	case n.Type == "object":
		return "object by name", nil
	case n.Const != nil:
		return fmt.Sprint(n.Const), nil
	case len(n.Enum) > 0:
		return "string", nil
	}
	return n.Type, nil
}
