package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// An operation is what this test reads of one in /openapi.json.
type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name    string `json:"name"`
		In      string `json:"in"`
		Example any    `json:"example"`
		Schema  struct {
			Type string `json:"type"`
		} `json:"schema"`
	} `json:"parameters"`
	RequestBody struct {
		Content map[string]struct {
			Example map[string]any `json:"example"`
			Schema  struct {
				Ref string `json:"$ref"`
			} `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`

	method, path string
}

// try sends the examples of o as they stand.
func (o *operation) try(c *apitest.Client) *apitest.Response {
	path, query := o.path, url.Values{}
	for _, p := range o.Parameters {
		switch value := fmt.Sprint(p.Example); {
		case p.Example == nil:
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "query":
			query.Set(p.Name, value)
		}
	}
	var body any
	if media, ok := o.RequestBody.Content["application/json"]; ok {
		body = media.Example
	}
	return c.Do(strings.ToUpper(o.method), path+"?"+query.Encode(), body)
}

// takes reports whether o has a parameter of that name.
func (o *operation) takes(parameter string) bool {
	for _, p := range o.Parameters {
		if p.Name == parameter {
			return true
		}
	}
	return false
}

func readOperations(c *apitest.Client) map[string]*operation {
	var document struct {
		Paths map[string]map[string]*operation `json:"paths"`
	}
	c.Do("GET", "/openapi.json", nil).Want(http.StatusOK).Decode(&document)
	byID := make(map[string]*operation)
	for path, methods := range document.Paths {
		for method, o := range methods {
			o.method, o.path = method, path
			byID[o.ID] = o
		}
	}
	return byID
}

// TestExamplesCanBeTried does on the demo data what a newcomer does on the page of the documentation: press the
// button and change nothing.
func TestExamplesCanBeTried(t *testing.T) {
	t.Parallel()
	p := begin(t, environmentOf(nil), "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "50")
	c := clientOf(t, p.ready(t))
	operations := readOperations(c)

	operations["register"].try(c).Want(http.StatusCreated)
	var tokens journeyTokens
	operations["login"].try(c).Want(http.StatusOK).Decode(&tokens)
	guest := c.As(tokens.AccessToken)
	operations["createBooking"].try(guest).Want(http.StatusCreated)
	for _, id := range []string{"searchHotels", "listAvailableRooms", "listMyBookings", "getHotel", "getRoom", "getCity", "updateMe"} {
		operations[id].try(guest).Want(http.StatusOK)
	}
	operations["changePassword"].try(guest).Want(http.StatusNoContent)

	admin := c.As(tokenOf(t, c, demoAccounts()[0]))
	for _, id := range []string{"listNights", "updateNights", "updateMe", "listBookings", "listUsers"} {
		operations[id].try(admin).Want(http.StatusOK)
	}
	for _, id := range []string{"createCountry", "createCity", "createFacility", "createHotel", "createRoom", "createUser"} {
		operations[id].try(admin).Want(http.StatusCreated)
	}
}
