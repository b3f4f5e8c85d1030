package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/page"
)

// A thing is the resource of the API that the tests here call.
type thing struct {
	ID    int64     `json:"id"`
	Title string    `json:"title"`
	Note  *string   `json:"note"`
	Stars int       `json:"stars"`
	Tags  []string  `json:"tags"`
	Since date.Date `json:"since"`
}

func (t *thing) Location() string { return fmt.Sprintf("/things/%d", t.ID) }

type thingInput struct {
	Title string    `json:"title" required:"true" minLength:"1" maxLength:"10" notBlank:"true" example:"Anchor"`
	Note  *string   `json:"note" maxLength:"20"`
	Stars int       `json:"stars" minimum:"0" maximum:"5" default:"3"`
	Tags  []string  `json:"tags" maxItems:"2"`
	Since date.Date `json:"since" default:"2020-02-29" example:"today+30"`
}

func (in *thingInput) Validate() error {
	if in.Title == "cursed" {
		return errs.InvalidBody("title", "cursed", "is cursed")
	}
	return nil
}

type thingPath struct {
	ID int64 `path:"id" minimum:"1" example:"7"`
}

type putThing struct {
	thingPath
	Body thingInput
}

type patchThing struct {
	thingPath
	Body httpapi.Patch[thingInput]
}

type listThings struct {
	page.Params
	City  *int64     `query:"city" minimum:"1"`
	Tag   []string   `query:"tag" maxItems:"2"`
	Maker []int64    `query:"maker" items.minimum:"1"`
	From  *date.Date `query:"from" example:"today+30"`
	Ratio float64    `query:"ratio" default:"0.5" maximum:"1"`
	Big   bool       `query:"big" default:"false"`
	Sort  string     `query:"sort" enum:"id,title" default:"id"`
}

var kindTaken = errs.Kind{Code: "title_taken", Status: http.StatusConflict, Title: "The title is taken"}

func (in *thingInput) thing(id int64) *thing {
	return &thing{ID: id, Title: in.Title, Note: in.Note, Stars: in.Stars, Tags: in.Tags, Since: in.Since}
}

// errBusy is shared by all requests.
var errBusy = errs.Unavailable.New("Busy.")

const member httpapi.Access = "member"

// register declares an API with one endpoint of each shape.
func register(api *httpapi.API) {
	route := func(pattern, id string, access httpapi.Access) httpapi.Route {
		return httpapi.Route{Pattern: pattern, ID: id, Tag: "Things", Summary: id, Access: access}
	}
	create := route("POST /things", "createThing", member)
	create.Status, create.Errors = http.StatusCreated, []errs.Kind{kindTaken}
	httpapi.Handle(api, create, func(_ context.Context, in *thingInput) (*thing, error) {
		if in.Title == "taken" {
			return nil, kindTaken.New("Think of another.").With("word", in.Title)
		}
		return in.thing(7), nil
	})
	httpapi.Handle(api, route("GET /things", "listThings", httpapi.Public), func(_ context.Context, in *listThings) (*page.List[listThings], error) {
		return &page.List[listThings]{Items: []listThings{*in}}, nil
	})
	httpapi.Handle(api, route("GET /things/special", "getSpecial", httpapi.Public), func(context.Context, *struct{}) (*thing, error) {
		return &thing{ID: 1}, nil
	})
	httpapi.Handle(api, route("GET /things/{id}", "getThing", httpapi.Public), func(ctx context.Context, in *thingPath) (*thing, error) {
		switch in.ID {
		case 499:
			<-ctx.Done()
			return nil, ctx.Err()
		case 404:
			return nil, errs.NotFound.New("")
		case 500:
			return nil, errors.New("secret of the database")
		case 503:
			return nil, context.DeadlineExceeded
		case 5031:
			return nil, fmt.Errorf("get thing: %w", errBusy)
		case 5032:
			later := errs.Unavailable.New("Busy for long.")
			later.RetryAfter = 30 * time.Second
			return nil, later
		case 666:
			panic("secret of the panic")
		}
		return &thing{ID: in.ID}, nil
	})
	httpapi.Handle(api, route("PUT /things/{id}", "replaceThing", member), func(_ context.Context, in *putThing) (*thing, error) {
		return in.Body.thing(in.ID), nil
	})
	httpapi.Handle(api, route("PATCH /things/{id}", "patchThing", member), func(_ context.Context, in *patchThing) (*thing, error) {
		note := "old note"
		now := thingInput{Title: "old", Note: &note, Stars: 4, Tags: []string{"a", "b"}}
		if err := in.Body.Apply(&now); err != nil {
			return nil, err
		}
		return now.thing(in.ID), nil
	})
	httpapi.Handle(api, route("DELETE /things/{id}", "deleteThing", member), func(context.Context, *thingPath) (*httpapi.Empty, error) {
		return nil, nil
	})
	httpapi.Handle(api, route("POST /open", "postOpen", httpapi.Public), func(ctx context.Context, in *thingInput) (*thing, error) {
		return in.thing(1), ctx.Err()
	})
	ping := route("GET /ping", "ping", httpapi.Public)
	ping.Probe = true
	httpapi.Handle(api, ping, func(context.Context, *struct{}) (*thing, error) { return &thing{ID: 1}, nil })
	httpapi.HandleDocs(api)
}

// admit knows the token "good", and "weak", whose role is not enough.
func admit(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	if d.Access == httpapi.Public {
		return httpapi.Admission{}, nil
	}
	switch r.Header.Get("Authorization") {
	case "Bearer good":
		return httpapi.Admission{Caller: "42"}, nil
	case "Bearer weak":
		return httpapi.Admission{Caller: "43"}, errs.Forbidden.New("")
	}
	return httpapi.Admission{}, errs.Unauthenticated.New("")
}

func newClient(t *testing.T) *apitest.Client {
	t.Helper()
	return apitest.New(t, admit, register).As("good")
}
