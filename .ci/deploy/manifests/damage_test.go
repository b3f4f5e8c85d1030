package manifests_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"deploy/manifests"
)

// A damage is done to one object of a set. The check that it is meant for must tell of it.
type damage struct {
	check  string
	object string // kind and name; a name that a generator made is told without its hash
	path   string // keys and indexes with spaces between them; "" is for the whole object, which goes
	value  any    // nil removes what is there
	says   string // what the finding has in it
}

const (
	pod       = "spec template spec "
	container = pod + "containers 0 "
)

// damages are for the set of one server.
func damages() []damage {
	m := func(pairs ...any) map[string]any {
		made := make(map[string]any)
		for i := 0; i < len(pairs); i += 2 {
			made[pairs[i].(string)] = pairs[i+1]
		}
		return made
	}
	return slices.Concat(damagesToPods(m), damagesToSets(m), damagesToPolicies(m), damagesToSettings(m), damagesToRoom(m))
}

type maker = func(pairs ...any) map[string]any

func TestDamages(t *testing.T) {
	t.Parallel()
	f := facts(t)
	for _, s := range sets() {
		list := map[string][]damage{"server": damages(), "reaching": damagesToReach(), "ha": damagesToNodes()}[s.name]
		documents := s.documents(t)
		checks := manifests.Checks(f, s.plan)
		for _, d := range list {
			t.Run(s.name+" "+d.check+" "+d.object+" "+d.path, func(t *testing.T) {
				t.Parallel()
				damaged := manifests.Decode(d.do(t, documents))
				i := slices.IndexFunc(checks, func(c manifests.Check) bool { return c.Name == d.check })
				if i < 0 {
					t.Fatalf("there is no check %s", d.check)
				}
				findings := checks[i].Run(damaged)
				if !slices.ContainsFunc(findings, func(f string) bool { return strings.Contains(f, d.says) }) {
					t.Errorf("%s told %q, want a word on %q", d.check, findings, d.says)
				}
			})
		}
	}
}

// TestEveryCheckIsDamaged leaves no check without a damage that it finds.
func TestEveryCheckIsDamaged(t *testing.T) {
	t.Parallel()
	f := facts(t)
	all := slices.Concat(damages(), damagesToReach(), damagesToNodes())
	for _, s := range sets() {
		for _, c := range manifests.Checks(f, s.plan) {
			if !slices.ContainsFunc(all, func(d damage) bool { return d.check == c.Name }) {
				t.Errorf("nothing is damaged for %s", c.Name)
			}
		}
	}
}

// TestDuplicateFields cannot be a damage of the table, whose objects are maps.
func TestDuplicateFields(t *testing.T) {
	t.Parallel()
	document := []byte("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  type: ClusterIP\n  type: NodePort\n")
	if got := manifests.Decode([][]byte{document}).Undecoded; len(got) != 1 || !strings.Contains(got[0], "type") {
		t.Errorf("a field that is there twice: got %q, want a finding about it", got)
	}
}

// do returns the documents with the damage.
func (d damage) do(t *testing.T, documents [][]byte) [][]byte {
	t.Helper()
	var damaged [][]byte
	done := false
	for _, document := range documents {
		var object map[string]any
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		if !d.isFor(object) {
			damaged = append(damaged, document)
			continue
		}
		done = true
		if d.path == "" {
			continue
		}
		edit(t, object, strings.Fields(d.path), d.value)
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(bytes.TrimSpace(text), document) {
			t.Fatal("nothing was damaged")
		}
		damaged = append(damaged, text)
	}
	if !done {
		t.Fatalf("there is no %s", d.object)
	}
	return damaged
}

func (d damage) isFor(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	kind, _ := object["kind"].(string)
	name, _ := metadata["name"].(string)
	base, hash, _ := cutLast(name, "-")
	return kind+"/"+name == d.object || kind == "ConfigMap" && len(hash) == 10 && kind+"/"+base == d.object
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// edit sets what is at a path, or removes it.
func edit(t *testing.T, node any, path []string, value any) {
	t.Helper()
	key, rest := path[0], path[1:]
	switch node := node.(type) {
	case map[string]any:
		switch {
		case len(rest) > 0 && node[key] == nil:
			t.Fatalf("there is no %s", key)
		case len(rest) == 1 && value == nil:
			if list, ok := node[key].([]any); ok {
				i := index(t, rest[0], list)
				node[key] = slices.Delete(list, i, i+1)
				return
			}
			edit(t, node[key], rest, value)
		case len(rest) > 0:
			edit(t, node[key], rest, value)
		case value == nil:
			delete(node, key)
		default:
			node[key] = value
		}
	case []any:
		i := index(t, key, node)
		if len(rest) == 0 {
			node[i] = value
			return
		}
		edit(t, node[i], rest, value)
	default:
		t.Fatalf("%s is in %T", key, node)
	}
}

func index(t *testing.T, key string, list []any) int {
	t.Helper()
	i, err := strconv.Atoi(key)
	if err != nil || i >= len(list) {
		t.Fatalf("%q is no index of %d", key, len(list))
	}
	return i
}
