package monitoring_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/monitoring"
)

// TestServiceIsWatched runs the service with nginx, Prometheus and Alertmanager: whatever rules and dashboard name is
// there, all is well, and a drift of the inventory reaches the webhook.
func TestServiceIsWatched(t *testing.T) {
	t.Parallel()
	s := startStack(t)
	s.exercise()
	for job := range s.metrics {
		proctest.Eventually(t, job+" is up", func() bool { return len(s.query(`up{job="`+job+`"} == 1`)) == 1 })
	}
	proctest.Eventually(t, "the first recount is known", func() bool { return len(s.query("inventory_drift == 0")) == 2 })
	f := read(t, files)
	exposed := s.exposed(f)
	for _, finding := range monitoring.CheckNames(f, exposed) {
		t.Error(finding)
	}
	delete(exposed, "inventory_drift")
	if findings := monitoring.CheckNames(f, exposed); !has(findings, "rule InventoryDrift: nobody exposes inventory_drift") ||
		!has(findings, "panel Inventory drift: nobody exposes inventory_drift") {
		t.Errorf("without inventory_drift: findings %q, want those of its alert and its panel", findings)
	}
	if firing := s.query(`ALERTS{alertstate="firing"}`); len(firing) > 0 {
		t.Errorf("all is well, and these alerts fire: %v", firing)
	}
	s.followRunbook(f)
	s.exec("UPDATE inventory_recount SET drift = 3")
	s.wantTold("InventoryDrift", "3 nights count other bookings")
}

// followRunbook runs all SQL of the runbook, and expects that it mends an inventory that drifts.
func (s *stack) followRunbook(f *monitoring.Files) {
	s.t.Helper()
	s.exec("UPDATE room_nights SET booked = 0")
	statements := monitoring.RunbookSQL(f)
	if len(statements) < 10 {
		s.t.Errorf("the runbook has SQL for %d alerts, want 10 at least", len(statements))
	}
	for alert, blocks := range statements {
		for _, sql := range blocks {
			if _, err := s.db.Exec(s.t.Context(), sql); err != nil {
				s.t.Errorf("runbook, %s: %v\n%s", alert, err, sql)
			}
		}
	}
	var booked, nights int
	err := s.db.QueryRow(s.t.Context(), "SELECT sum(booked), count(*) FROM room_nights WHERE booked > 0").Scan(&booked, &nights)
	if err != nil || booked != 2 || nights != 2 {
		s.t.Errorf("after the mending: %d rooms are booked on %d nights, %v; want 2 on 2", booked, nights, err)
	}
}

// exercise has one of each happen that rules look at.
func (s *stack) exercise() {
	s.t.Helper()
	s.call("", "/auth/login", map[string]any{"email": adminEmail, "password": "five-red-lanterns-too"}, http.StatusUnauthorized)
	token := s.call("", "/auth/login", map[string]any{"email": adminEmail, "password": adminPassword}, http.StatusOK).AccessToken
	country := s.call(token, "/countries", map[string]any{"name": "Iceland", "iso_code": "IS", "currency": "ISK"}, http.StatusCreated).ID
	city := s.call(token, "/cities", map[string]any{"name": "Reykjavik", "country_id": country, "time_zone": "Atlantic/Reykjavik"},
		http.StatusCreated).ID
	hotel := s.call(token, "/hotels", map[string]any{"title": "Hotel", "city_id": city, "address": "Harbour 1"}, http.StatusCreated).ID
	room := s.call(token, "/hotels/"+number(hotel)+"/rooms",
		map[string]any{"title": "Room", "price": 100, "quantity": 1, "max_guests": 2}, http.StatusCreated).ID
	day := time.Now().AddDate(0, 1, 0)
	booking := map[string]any{"room_id": room, "guests": 1, "rooms": 1, "date_from": day.Format(time.DateOnly), "date_to": day.AddDate(0, 0, 2).Format(time.DateOnly)}
	s.call(token, "/bookings", booking, http.StatusCreated)
	s.call(token, "/bookings", booking, http.StatusConflict)
}

func number(id int64) string {
	text, _ := json.Marshal(id) //nolint:errchkjson // A number is JSON.
	return string(text)
}

// exposed asks everybody for their metrics, as soon as all are there.
func (s *stack) exposed(f *monitoring.Files) monitoring.Exposed {
	s.t.Helper()
	e := monitoring.Exposed{}
	for job, address := range s.metrics {
		var text string
		proctest.Eventually(s.t, job+" has metrics", func() bool {
			var status int
			status, text = proctest.Get(s.t.Context(), "http://"+address+"/metrics")
			return status == http.StatusOK
		})
		if err := e.Add(job, strings.NewReader(text)); err != nil {
			s.t.Fatal(err)
		}
	}
	e.AddRules(f)
	return e
}

// wantTold waits until the webhook was told of an alert.
func (s *stack) wantTold(alert, description string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), proctest.Patience)
	defer cancel()
	for {
		select {
		case body := <-s.told:
			var told struct {
				Alerts []struct{ Labels, Annotations map[string]string }
			}
			if err := json.Unmarshal(body, &told); err != nil {
				s.t.Fatalf("the webhook got %s: %v", body, err)
			}
			if slices.ContainsFunc(told.Alerts, func(a struct{ Labels, Annotations map[string]string }) bool {
				return a.Labels["alertname"] == alert && strings.HasPrefix(a.Annotations["description"], description)
			}) {
				return
			}
		case <-ctx.Done():
			s.t.Fatalf("the webhook was not told of %s", alert)
		}
	}
}
