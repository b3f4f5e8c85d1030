#!/bin/sh
# Starts Redis with its password in a file of memory: an argument could be read in the list of processes.
set -eu
umask 077
: "${REDISCLI_AUTH:?REDIS_PASSWORD is not set}"
{
	cat /etc/redis/redis.conf
	printf 'requirepass "%s"\n' "$(printf '%s' "$REDISCLI_AUTH" | sed 's/[\\"]/\\&/g')"
} >/run/redis/redis.conf
exec redis-server /run/redis/redis.conf
