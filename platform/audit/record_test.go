package audit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/shumbooking/shumbooking/platform/audit"
)

func TestRecord(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	ten, big := int64(10), int64(1<<53+1)
	f.record(ctx, t, audit.Entry{Action: "thing.create", Object: "thing", ID: 5, After: thing{Title: "Lamp", Tags: []string{"a"}}})
	f.record(ctx, t, audit.Entry{Action: "thing.update", Object: "thing", ID: 5,
		Before: thing{Title: "Lamp", Price: &ten, Tags: []string{"a"}}, After: &thing{Title: "Lamp", Price: &big, Tags: []string{"a", "b"}}})
	f.record(ctx, t, audit.Entry{Action: "thing.update", Object: "thing", ID: 5, Before: thing{Title: "Lamp"}, After: thing{Title: "Lamp"}})
	f.record(ctx, t, audit.Entry{Action: "thing.reorder", Before: []int{1, 2}, After: []int{1, 2}})
	f.record(ctx, t, audit.Entry{Action: "thing.delete", Object: "thing", ID: 5, Before: thing{Title: "Lamp"}})
	f.record(audit.WithActor(ctx, audit.Actor{UserID: 7, SessionID: 70, Role: "members"}), t, audit.Entry{Action: "thing.look"})
	want := []entry{
		{Action: "thing.look", ActorID: 7, SessionID: 70, ActorRole: "members"},
		{Action: "thing.delete", ObjectType: "thing", ObjectID: 5,
			Before: map[string]any{"title": "Lamp", "price": nil, "tags": []any{}}},
		{Action: "thing.update", ObjectType: "thing", ObjectID: 5,
			Before: map[string]any{"price": 10.0, "tags": []any{"a"}},
			After:  map[string]any{"price": float64(1<<53 + 1), "tags": []any{"a", "b"}}},
		{Action: "thing.create", ObjectType: "thing", ObjectID: 5,
			After: map[string]any{"title": "Lamp", "price": nil, "tags": []any{"a"}}},
	}
	got := f.list(t, "")
	if diff := cmp.Diff(want, got.Items, cmpopts.IgnoreFields(entry{}, "ID", "At")); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
}

// The numbers of a document are shown as they were recorded, however large.
func TestRecord_KeepsNumbers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	big := int64(1<<62 + 1)
	f.record(t.Context(), t, audit.Entry{Action: "thing.create", After: thing{Price: &big}})
	log, err := f.audit.List(t.Context(), &audit.ListParams{Params: limit(10)})
	if err != nil || len(log.Items) != 1 {
		t.Fatalf("List() = %+v, %v; want one entry", log, err)
	}
	if got, want := string(log.Items[0].After), `{"tags": [], "price": 4611686018427387905, "title": ""}`; got != want {
		t.Errorf("after = %s, want %s", got, want)
	}
}

func TestRecord_TellsOfTheRequest(t *testing.T) {
	t.Parallel()
	f := setup(t)
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/things/3", nil)
	req.RemoteAddr = "[2001:db8::7]:4000"
	req.Header.Set("X-Request-Id", "request-1")
	f.api.As("members.8").Send(req).Want(http.StatusNoContent)
	want := entry{
		ActorID: 8, ActorRole: "members", SessionID: 80, Action: "thing.update", ObjectType: "thing", ObjectID: 3,
		Before: map[string]any{"title": "Old"}, After: map[string]any{"title": "New"},
		Address: "2001:db8::7", RequestID: "request-1",
	}
	got := f.list(t, "")
	if diff := cmp.Diff([]entry{want}, got.Items, cmpopts.IgnoreFields(entry{}, "ID", "At")); diff != "" {
		t.Errorf("the log differs (-want +got):\n%s", diff)
	}
}
