// Package authtest signs callers in without tokens, for tests of the features above auth.
package authtest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Token returns a bearer token that Authenticate takes for a user of that role.
func Token(role auth.Role, userID int64) string {
	return fmt.Sprintf("%s.%d", role, userID)
}

// Authenticate is an httpapi.Config.Authenticate that trusts tokens made by Token.
func Authenticate(r *http.Request, access httpapi.Access) (context.Context, string, error) {
	var id int64
	for _, known := range []auth.Role{auth.Guest, auth.Manager, auth.Admin} {
		if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer "+string(known)+".%d", &id); err == nil {
			caller := auth.Caller{UserID: id, Role: known}
			return auth.WithCaller(r.Context(), caller), strconv.FormatInt(id, 10), auth.Authorize(caller, access)
		}
	}
	return nil, "", errs.Unauthenticated.New("")
}
