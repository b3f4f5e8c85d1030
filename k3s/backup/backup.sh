#!/bin/bash
# Makes a backup and, once it is good, removes those that are too old.
#
#   $BACKUPS/database/2026-01-31T021700Z/    one backup; a name that begins with a dot is none
#       database.dump                        pg_dump --format=custom
#       images.list                          the photographs that there were, with their sizes
#       SHA256SUMS
#   $BACKUPS/images/                         the photographs of all backups; each is there once
#
# The database is named by the variables of libpq (PGHOST, PGUSER, PGPASSWORD ...), so that no password is an argument.
set -euo pipefail
umask 027

BACKUPS=${BACKUPS:-/backups}
IMAGES=${IMAGES:-/images}
KEEP_DAYS=${KEEP_DAYS:-14}
# However old they are, so many of the last ones stay.
KEEP_LAST=3

database=$BACKUPS/database
photographs=$BACKUPS/images
work=

fail() {
	printf 'backup: %s\n' "$*" >&2
	exit 1
}

# What an earlier run left behind when it was killed goes too: only one runs at a time.
sweep() {
	rm -rf -- "$database"/.unfinished.*
	find "$photographs" -name '.unfinished.*' -type f -delete
}

# List of the files in the current directory, sorted. What is still being written (.partial) is not there yet.
list_files() {
	find . -path ./.partial -prune -o -name '.*' ! -name . -prune -o -type f -printf '%P\t%s\n' | LC_ALL=C sort
}

# copy_images copies what is missing. A file never changes under its name, but an earlier copy may be damaged: then its
# size differs.
copy_images() {
	[ -d "$IMAGES" ] || return 0
	(cd "$IMAGES" && list_files) >"$work/.source"
	(cd "$photographs" && list_files) >"$work/.copied"
	cat "$work/.source" >>"$work/.seen"
	local name
	while IFS=$'\t' read -r name _; do
		copy_image "$name"
	done < <(LC_ALL=C comm -23 "$work/.source" "$work/.copied")
}

copy_image() {
	local name=$1 directory temporary
	directory=$photographs/$(dirname "$name")
	mkdir -p "$directory"
	temporary=$(mktemp "$directory/.unfinished.XXXXXX")
	if cp -- "$IMAGES/$name" "$temporary"; then
		mv -f -- "$temporary" "$photographs/$name"
		return
	fi
	rm -f -- "$temporary"
	# Somebody removed the photograph just now. Anything else is an error.
	[ ! -e "$IMAGES/$name" ] || fail "cannot copy $name"
}

dump() {
	pg_dump --format=custom --compress=6 --no-password --file="$work/database.dump"
	# Reads all of it: a table of contents alone would not tell of damage behind it.
	pg_restore --file=/dev/null "$work/database.dump"
	pg_restore --list "$work/database.dump" >"$work/.contents"
	grep -q 'TABLE DATA public schema_version ' "$work/.contents" || fail "the dump has no schema_version: is $PGDATABASE the right database?"
}

# finish gives the backup its name, which is the moment from which it counts.
finish() {
	(cd "$photographs" && list_files) >"$work/.copied"
	touch "$work/.seen"
	# What was seen and removed before it was copied is not there.
	LC_ALL=C sort --unique "$work/.seen" | LC_ALL=C comm -12 - "$work/.copied" >"$work/images.list"
	rm -f -- "$work"/.seen "$work"/.source "$work"/.copied "$work"/.contents
	(cd "$work" && sha256sum -- database.dump images.list >SHA256SUMS)
	sync -- "$work"/* "$work"
	mv -T -- "$work" "$database/$name"
	sync -- "$database"
	work=
}

record() {
	local bytes
	bytes=$(stat --format=%s "$database/$name/database.dump")
	BACKUP_NAME=$name BACKUP_BYTES=$bytes psql --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 <<'SQL' ||
\getenv name BACKUP_NAME
\getenv bytes BACKUP_BYTES
INSERT INTO backups (finished_at, name, bytes) VALUES (now(), :'name', :'bytes');
SQL
		fail "$name is good, but the database could not be told"
	printf 'backup %s: %s bytes\n' "$name" "$bytes"
}

# retain removes backups that are too old, and photographs that no backup lists.
retain() {
	local oldest old
	oldest=$(date --utc --date="$KEEP_DAYS days ago" +%Y-%m-%dT%H%M%SZ)
	find "$database" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' -printf '%f\n' | LC_ALL=C sort --reverse |
		tail --lines="+$((KEEP_LAST + 1))" | while read -r old; do
		[[ $old < $oldest ]] || continue
		rm -rf -- "${database:?}/$old"
		printf 'removed %s\n' "$old"
	done
	local kept listed
	kept=$(mktemp) listed=$(mktemp)
	(cd "$photographs" && list_files) | cut --fields=1 | LC_ALL=C sort >"$kept"
	cat "$database"/[0-9]*/images.list | cut --fields=1 | LC_ALL=C sort --unique >"$listed"
	LC_ALL=C comm -23 "$kept" "$listed" | while read -r old; do rm -f -- "$photographs/$old"; done
	rm -f -- "$kept" "$listed"
}

mkdir -p "$database" "$photographs"
sweep
name=$(date --utc +%Y-%m-%dT%H%M%SZ)
work=$(mktemp --directory "$database/.unfinished.XXXXXX")
trap '[ -z "$work" ] || rm -rf -- "$work"' EXIT
# Before the dump and after it: whatever the dump speaks of was there at one of the two times.
copy_images
dump
copy_images
finish
record
retain
