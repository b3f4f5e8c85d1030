// Package auth knows the users: who they are, how they sign in, and what they may do.
package auth
