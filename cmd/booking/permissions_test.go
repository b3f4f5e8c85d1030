package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// permissionsFile says who gets what answer, for every operation.
const permissionsFile = "testdata/permissions.txt"

var update = flag.Bool("update", false, "write the files of testdata that tests compare with")

const permissionsPreamble = `# Who may do what: the answer to each caller, for an object of each kind. It is written by
# 'go test ./cmd/booking -run TestPermissions -update' and read by people before it is committed.
#
# guest_a has the own booking, session and account; manager runs the own hotel with its rooms and images.
# The others' are guest_b's and of the hotel of other_manager. Absent objects have never been.
# A code stands beside a status that usually has another: 401 unauthenticated, 403 forbidden, 404 not_found.
# In brackets is how many items a list has.

`

// TestPermissions sends every operation of the document as every caller for every kind of object, and compares the
// answers with the table. What is refused must leave the database as it was, and must tell nothing of objects that
// are others'.
func TestPermissions(t *testing.T) {
	t.Parallel()
	f := makeWorld(t)
	probes := f.probes(t)
	pool := newWorlds(t, f)
	operations := readOperations(pool.client)
	for id := range probes {
		if operations[id] == nil {
			t.Errorf("there are probes for %s, which is no operation", id)
		}
	}
	var answers sync.Map
	t.Run("Walk", func(t *testing.T) {
		for id, o := range operations {
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				if probes[id] == nil {
					t.Fatalf("no probes for %s %s: add them to probe_test.go, and run the test with -update", o.method, o.path)
				}
				w := &walk{world: pool.take(t), operation: o, answers: make(map[string]map[string]*apitest.Response)}
				w.before = w.world.digest(t)
				w.run(t, probes[id])
				answers.Store(id, w.rows(t, probes[id]))
			})
		}
	})
	table := "operation\tobject\t" + strings.Join(callers(), "\t") + "\n"
	for _, id := range slices.SortedFunc(maps.Keys(operations), byPath(operations)) {
		if rows, ok := answers.Load(id); ok {
			table += rows.(string)
		}
	}
	compareWith(t, permissionsFile, permissionsPreamble+aligned(t, table))
}

// byPath orders operations as the document does.
func byPath(operations map[string]*operation) func(a, b string) int {
	return func(a, b string) int {
		return strings.Compare(operations[a].path+" "+operations[a].method, operations[b].path+" "+operations[b].method)
	}
}

func aligned(t *testing.T, table string) string {
	t.Helper()
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 1, 2, ' ', 0)
	fmt.Fprint(w, table)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// compareWith holds got against a checked-in file, line by line, or writes it with -update. How wide the columns of a
// table are does not matter.
func compareWith(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := lines(got), lines(string(want))
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			t.Errorf("%s lacks, or has otherwise:\n%s", file, line)
		}
	}
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			t.Errorf("%s has what is not so:\n%s", file, line)
		}
	}
}

// lines splits text, with single spaces within the lines.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		all[i] = strings.Join(strings.Fields(line), " ")
	}
	return all
}

// A walk sends the probes of one operation as each caller.
type walk struct {
	world     *world
	operation *operation
	before    string                                  // digest of the world
	answers   map[string]map[string]*apitest.Response // by object and caller
}

func (w *walk) run(t *testing.T, probes []probe) {
	t.Helper()
	for _, p := range probes {
		w.answers[p.object] = make(map[string]*apitest.Response)
	}
	for _, caller := range callers() {
		for _, p := range probes {
			w.answers[p.object][caller] = w.send(t, caller, p)
			if w.operation.takes("If-Match") {
				w.send(t, caller, p, "If-Match", `"another"`)
			}
		}
		w.checkSecrecy(t, caller, probes)
	}
}

// send makes the request in a world as it was made; one that a success has changed is restored.
func (w *walk) send(t *testing.T, caller string, p probe, headers ...string) *apitest.Response {
	t.Helper()
	res := p.send(t, w.world.as(caller), w.operation, headers...)
	if w.operation.method == "get" {
		return res
	}
	if after := w.world.digest(t); after != w.before {
		if res.Status >= http.StatusBadRequest {
			t.Errorf("%s as %s for the object %s is refused with %d and yet changes the database", w.operation.ID, caller, p.object, res.Status)
		}
		w.world.restore(t)
	}
	return res
}

// checkSecrecy compares what a caller is told of objects that are not theirs with what is told of absent ones.
func (w *walk) checkSecrecy(t *testing.T, caller string, probes []probe) {
	t.Helper()
	refused := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}
	for _, p := range probes {
		res, absent := w.answers[p.object][caller], w.answers[p.absent][caller]
		if absent == nil || !slices.Contains(refused, res.Status) {
			continue
		}
		if got, want := anonymised(res), anonymised(absent); got != want {
			t.Errorf("%s tells %s that the object %s is not absent:\n%s\nwant\n%s", w.operation.ID, caller, p.object, got, want)
		}
	}
}

// anonymised is an answer without what differs between any two.
func anonymised(res *apitest.Response) string {
	header := res.Header.Clone()
	header.Del("X-Request-Id")
	var b strings.Builder
	fmt.Fprintln(&b, res.Status)
	_ = header.Write(&b) // To memory, which takes all.
	b.WriteString(strings.ReplaceAll(string(res.Body), res.Header.Get("X-Request-Id"), ""))
	return b.String()
}

func (w *walk) rows(t *testing.T, probes []probe) string {
	t.Helper()
	var b strings.Builder
	for _, p := range probes {
		fmt.Fprintf(&b, "%s\t%s", w.operation.ID, p.object)
		for _, caller := range callers() {
			fmt.Fprintf(&b, "\t%s", cell(w.answers[p.object][caller]))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// cell is the status, with the number of items of a list, and the code of the problem where the status does not tell it.
func cell(res *apitest.Response) string {
	if res.Status < http.StatusBadRequest {
		var page list[any]
		if json.Unmarshal(res.Body, &page) != nil || page.Items == nil {
			return fmt.Sprint(res.Status)
		}
		return fmt.Sprintf("%d[%d]", res.Status, len(page.Items))
	}
	usual := map[int]string{
		http.StatusUnauthorized: "unauthenticated", http.StatusForbidden: "forbidden", http.StatusNotFound: "not_found",
	}
	if code := res.Problem().Code; code != usual[res.Status] {
		return fmt.Sprintf("%d:%s", res.Status, code)
	}
	return fmt.Sprint(res.Status)
}
