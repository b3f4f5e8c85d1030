package apitest_test

import (
	"net/http"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

func TestUndocumentedMembers(t *testing.T) {
	t.Parallel()
	checker, err := apitest.NewChecker([]byte(`{
		"openapi": "3.1.0", "info": {"title": "Test", "version": "0"},
		"paths": {"/users": {"get": {"responses": {"200": {"description": "", "content": {"application/json": {
			"schema": {"$ref": "#/components/schemas/Users"}}}}}}}},
		"components": {"schemas": {
			"Users": {"type": "object", "required": ["items"], "properties": {
				"items": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}}},
			"User": {"type": "object", "properties": {
				"id": {"type": "integer"}, "more": {"type": "object", "additionalProperties": true, "properties": {"a": {}}}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for body, ok := range map[string]bool{
		`{"items":[]}`: true,
		`{"items":[{"id":1,"more":{"a":1,"b":2}}]}`: true,
		`{"items":[],"total":0}`:                    false,
		`{"items":[{"id":1,"password_hash":"x"}]}`:  false,
		`{}`: false,
	} {
		err := checker.Check("GET", "/users", 200, http.Header{"Content-Type": {"application/json"}}, []byte(body))
		if (err == nil) != ok {
			t.Errorf("Check(%s) = %v, want success %t", body, err, ok)
		}
	}
}
