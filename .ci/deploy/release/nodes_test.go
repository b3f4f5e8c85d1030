package release_test

import (
	"slices"
	"testing"
)

// CloudNativePG gets the roles of the settings in its own form, and a set without it gets none.
func TestRolesForTheOperator(t *testing.T) {
	t.Parallel()
	filled := settingsOfNodes()
	objects := manifests(t, envFile(t, filled), "--kustomization", root+"/k3s/overlays/ha")
	for secret, want := range map[string][]string{
		"database-owner":   {"booking_owner", filled["DB_MIGRATE_PASSWORD"]},
		"database-runtime": {"booking", filled["DB_PASSWORD"]},
	} {
		made := only(t, objects, "Secret", secret)
		if got := []string{secretValue(t, made, "username"), secretValue(t, made, "password")}; made.Metadata.Name != secret || !slices.Equal(got, want) {
			t.Errorf("%s is called %s and has %q, want %q", secret, made.Metadata.Name, got, want)
		}
	}
	if got := string(only(t, objects, "Cluster", "database").Spec); got == "" {
		t.Error("the Cluster is empty")
	}
	for _, o := range manifests(t, envFile(t, settings())) {
		if o.Kind == "Secret" && (o.Metadata.Name == "database-owner" || o.Metadata.Name == "database-runtime") {
			t.Errorf("one server has %s, which nobody reads", o.Metadata.Name)
		}
	}
}
