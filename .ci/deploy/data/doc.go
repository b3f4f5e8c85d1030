// Package data starts PostgreSQL and Redis with the very files that their pods mount.
package data
