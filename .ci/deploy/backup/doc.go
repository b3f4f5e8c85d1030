// Package backup tests the scripts that make backups and restore them, as they are, against a real PostgreSQL.
package backup
