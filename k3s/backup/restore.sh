#!/bin/bash
# Brings a backup back, in two steps, so that the service stands still only for the second:
#
#   load  reads $BACKUP into a database of its own. A damaged backup is found out here, and nothing was changed.
#   swap  waits until nobody uses the database, renames it to NAME_before_TIME, and gives its name to the loaded one.
#
# Nothing is removed: the database of before stays until somebody drops it.
set -euo pipefail
umask 022

BACKUPS=${BACKUPS:-/backups}
IMAGES=${IMAGES:-/images}
# How long swap waits, in seconds.
PATIENCE=${PATIENCE:-600}

source=$BACKUPS/database/${BACKUP:-}
target=$PGDATABASE
loading=${target}_loading
loaded=${target}_loaded

fail() {
	printf 'restore: %s\n' "$*" >&2
	exit 1
}

# sql runs statements of standard input in a database; psql takes values out of the environment.
sql() {
	psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1"
}

names() { find "$BACKUPS/database" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' -printf '%f\n' | LC_ALL=C sort; }

check() {
	if ! [[ ${BACKUP:-} =~ ^[0-9TZ-]+$ && -d $source ]]; then
		echo "These are the backups:"
		names
		[ -z "${BACKUP:-}" ] || fail "there is no backup $BACKUP"
		exit 1
	fi
	(cd "$source" && sha256sum --check --quiet --strict SHA256SUMS) || fail "$BACKUP is damaged"
	pg_restore --file=/dev/null "$source/database.dump" || fail "$BACKUP cannot be read"
}

# load leaves no half-filled database under the name that swap looks for.
load() {
	check
	LOADING=$loading LOADED=$loaded sql postgres <<'SQL'
\getenv loading LOADING
\getenv loaded LOADED
DROP DATABASE IF EXISTS :"loading";
DROP DATABASE IF EXISTS :"loaded";
CREATE DATABASE :"loading" TEMPLATE template0;
SQL
	# Owners and rights are those of today: "booking migrate up" grants them.
	pg_restore --exit-on-error --no-owner --no-privileges --no-password --dbname="$loading" "$source/database.dump"
	sql "$loading" <<<'ANALYZE'
	LOADING=$loading LOADED=$loaded sql postgres <<'SQL'
\getenv loading LOADING
\getenv loaded LOADED
ALTER DATABASE :"loading" RENAME TO :"loaded";
SQL
	echo "loaded $BACKUP: the database can be exchanged as soon as nobody uses it"
}

# exchange fails while anybody is connected, and then changes nothing.
exchange() {
	TARGET=$target LOADED=$loaded BEFORE=$before sql postgres <<'SQL'
\getenv target TARGET
\getenv loaded LOADED
\getenv before BEFORE
BEGIN;
ALTER DATABASE :"target" RENAME TO :"before";
ALTER DATABASE :"loaded" RENAME TO :"target";
COMMIT;
SQL
}

swap() {
	before=${target}_before_$(date --utc +%Y%m%d%H%M%S)
	local deadline=$((SECONDS + PATIENCE)) said
	until said=$(exchange 2>&1); do
		((SECONDS < deadline)) || fail "the database could not be exchanged, and is as it was: $said"
		sleep 2
	done
	echo "the database of before is kept as $before"
	restore_images
}

# restore_images brings back the photographs of the backup that are gone. nginx reads them as another user.
restore_images() {
	[ -d "$IMAGES" ] || return 0
	local name temporary
	while IFS=$'\t' read -r name _; do
		[ ! -e "$IMAGES/$name" ] || continue
		[ -e "$BACKUPS/images/$name" ] || { echo "restore: $name is in no backup" >&2; continue; }
		mkdir -p "$IMAGES/$(dirname "$name")"
		temporary=$(mktemp "$IMAGES/$(dirname "$name")/.restored.XXXXXX")
		cp -- "$BACKUPS/images/$name" "$temporary"
		chmod 0644 "$temporary"
		mv -f -- "$temporary" "$IMAGES/$name"
		echo "brought back $name"
	done <"$source/images.list"
}

case ${1:-} in
load | swap) "$1" ;;
*) fail "say load or swap" ;;
esac
