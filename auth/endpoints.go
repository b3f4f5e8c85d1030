package auth

import (
	"net/http"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Register mounts the endpoints on api.
func (s *Service) Register(api *httpapi.API) {
	s.registerSignIn(api)
	s.registerTOTP(api)
	s.registerProfile(api)
	s.registerUsers(api)
}

func (s *Service) registerSignIn(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/register", ID: "register", Tag: "Auth", Summary: "Register as a guest",
		Access: httpapi.Public, Budget: httpapi.SignIn, Status: http.StatusCreated, Errors: []errs.Kind{kindEmailTaken},
	}, s.SignUp)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/login", ID: "login", Tag: "Auth", Summary: "Sign in",
		Description: "Starts a session. An account with a second factor needs `otp` as well; `otp_required` says that it is " +
			"missing and that the password is right. Everything else is answered alike with `invalid_credentials`: an " +
			"unknown e-mail, a wrong password, a wrong or used code, a disabled user. So is an account that waits: after " +
			"10 failures in a row each next try has to wait, longer every time up to 15 minutes, and after 100 for an operator. " +
			"Meanwhile the right password is refused too.",
		Access: httpapi.Public, Budget: httpapi.SignIn, Errors: []errs.Kind{kindInvalidCredentials, kindOTPRequired},
	}, s.Login)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/refresh", ID: "refreshTokens", Tag: "Auth", Summary: "Exchange a refresh token for the next pair",
		Description: "A refresh token is good for one exchange. For 10 seconds, and until its successor is used, the same " +
			"token yields the same successor again, for clients that lost the reply. Later than that it is taken for " +
			"stolen, and its session ends.",
		// In the budget of writes: 256 random bits are not guessed, cost no hashing, and a house full of users behind one
		// address refreshes more often than it signs in.
		Access: httpapi.Public, Errors: []errs.Kind{kindInvalidRefreshToken},
	}, s.Refresh)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/logout", ID: "logout", Tag: "Auth", Summary: "End this session", Access: SignedIn,
	}, s.Logout)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/logout-all", ID: "logoutAll", Tag: "Auth", Summary: "End all sessions of the caller",
		Access: SignedIn,
	}, s.LogoutAll)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /auth/sessions", ID: "listSessions", Tag: "Auth", Summary: "List the caller's sessions",
		Description: "Those that are over are left out.",
		Access:      SignedIn, Errors: []errs.Kind{errs.CursorInvalid},
	}, s.ListSessions)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /auth/sessions/{id}", ID: "endSession", Tag: "Auth", Summary: "End a session of the caller",
		Access: SignedIn, Errors: []errs.Kind{errs.NotFound},
	}, s.EndSession)
}

func (s *Service) registerProfile(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /auth/me", ID: "getMe", Tag: "Auth", Summary: "Show the caller's profile", Access: SignedIn, Conditional: true,
	}, s.Me)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /auth/me", ID: "updateMe", Tag: "Auth", Summary: "Change the caller's profile",
		Description: "A change of the e-mail needs `current_password`.",
		Access:      SignedIn, Conditional: true, Errors: []errs.Kind{kindEmailTaken},
		// It takes a password, and nobody changes their profile more often.
		Budget: httpapi.SignIn,
	}, s.UpdateMe)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/password", ID: "changePassword", Tag: "Auth", Summary: "Change the caller's password",
		Description: "Ends all other sessions of the caller.",
		Access:      SignedIn, Budget: httpapi.SignIn,
	}, s.ChangePassword)
}

func (s *Service) registerUsers(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /users", ID: "listUsers", Tag: "Users", Summary: "List users", Access: AdminOnly,
		Errors: []errs.Kind{errs.CursorInvalid},
	}, s.ListUsers)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /users", ID: "createUser", Tag: "Users", Summary: "Create a user", Access: AdminOnly, Idempotent: true, Conditional: true,
		Status: http.StatusCreated, Errors: []errs.Kind{kindEmailTaken},
	}, s.CreateUser)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /users/{id}", ID: "getUser", Tag: "Users", Summary: "Show a user", Access: AdminOnly, Conditional: true,
		Errors: []errs.Kind{errs.NotFound},
	}, s.GetUser)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /users/{id}", ID: "replaceUser", Tag: "Users", Summary: "Replace a user",
		Description: "Disabling a user ends their sessions.",
		Access:      AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, kindEmailTaken, kindLastAdmin},
	}, s.ReplaceUser)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /users/{id}", ID: "updateUser", Tag: "Users", Summary: "Change some of a user",
		Description: "Disabling a user ends their sessions.",
		Access:      AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, kindEmailTaken, kindLastAdmin},
	}, s.UpdateUser)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /users/{id}", ID: "deleteUser", Tag: "Users", Summary: "Delete a user",
		Description: "Ends their sessions, erases who they were and frees the e-mail. Their bookings stay for the books.",
		Access:      AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, kindLastAdmin},
	}, s.DeleteUser)
}
