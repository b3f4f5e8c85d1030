//go:build slim

package main

import (
	"strings"
	"testing"
)

// TestSlimDev shows that a build without servers says so, also where only one of them is named, before it makes
// anything.
func TestSlimDev(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"none":       nil,
		"PostgreSQL": {"DB_HOST": "localhost", "DB_NAME": "booking", "DB_USERNAME": "booking"},
		"Redis":      {"REDIS_HOST": "localhost"},
	} {
		o := invoke(t, environmentOf(env), "", "dev", "--addr", "127.0.0.1:0")
		if o.code != exitFailure || !strings.Contains(o.stderr, "starts neither PostgreSQL nor Redis") {
			t.Errorf("dev with %s named = %+v, want code 1 and that this build has no servers", name, o)
		}
	}
}
