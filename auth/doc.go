// Package auth knows the users: who they are, how they sign in, and what they may do.
//
// A sign-in starts a session, a row that PostgreSQL keeps. The client gets an access token, a JWT of some minutes
// that names the session, and a refresh token, a random string that is exchanged for the next pair. Nothing in an
// access token decides anything but which session to look up: whether it still stands, and the role of its user,
// are read for every request, so that a sign-out or a change of role holds from the next request on.
package auth
