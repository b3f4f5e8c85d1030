#!/bin/bash
# Makes the role that serves requests, or gives it the password of the settings. It owns nothing: what it may do,
# "booking migrate up" grants. Run as often as you like.
set -euo pipefail

# Waits for a server that is being started, as it is at the first deployment.
for ((tries = 150; ; tries--)); do
	pg_isready --quiet && break
	((tries > 0)) || { echo "$PGHOST does not answer" >&2; exit 1; }
	sleep 2
done

if [ "$ROLE_USERNAME" = "$PGUSER" ]; then
	echo "DB_USERNAME and DB_MIGRATE_USERNAME are the same: nothing to do" >&2
	exit 0
fi

# psql takes the values out of the environment and quotes them, so that the list of processes does not have them; the
# log of the server does not get the statement either.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\getenv role ROLE_USERNAME
\getenv password ROLE_PASSWORD
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SQL
echo "role $ROLE_USERNAME is ready"
