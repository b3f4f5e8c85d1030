#!/usr/bin/env bash
# Makes conditional requests through nginx that compresses, and so turns the strong tags of the API into weak ones.
#
#   .ci/nginx-etag.sh BOOKING
#
# BOOKING is the program. nginx and curl are those of the PATH; nothing is left behind.
set -euo pipefail
PATH="$PATH:/usr/sbin"
booking="$(realpath "$1")"
work="$(mktemp -d)"
chmod 755 "$work" # The workers of nginx are nobody.
touch "$work/guide"
RATE_LIMIT_ENABLED=false "$booking" dev --ephemeral --addr 127.0.0.1:0 --hotels 1 >"$work/guide" 2>"$work/log" &
program=$!
proxy=""
trap 'kill -INT $program $proxy 2>/dev/null || true; wait; rm -rf "$work"' EXIT
until grep -q Ctrl-C "$work/guide"; do
	kill -0 $program 2>/dev/null || { cat "$work/log"; exit 1; }
	sleep 0.1
done
api="$(sed -nE 's/^ *API +(http\S+).*/\1/p' "$work/guide")"

cat >"$work/nginx.conf" <<NGINX
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path $work/body;
	proxy_temp_path $work/proxy;
	fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi;
	scgi_temp_path $work/scgi;
	gzip on;
	gzip_types application/json;
	server {
		listen unix:$work/nginx.sock;
		location / {
			proxy_pass $api;
			proxy_http_version 1.1;
		}
	}
}
NGINX
nginx -e "$work/nginx.log" -c "$work/nginx.conf" &
proxy=$!
until [ -S "$work/nginx.sock" ]; do
	kill -0 $proxy 2>/dev/null || { cat "$work/nginx.log"; exit 1; }
	sleep 0.1
done

failed=0
# ask METHOD PATH [CURL-ARGUMENT...] prints the status and leaves headers and body in files named after $client.
client=main
ask() {
	curl --silent --show-error --unix-socket "$work/nginx.sock" --compressed --output "$work/$client.body" \
		--dump-header "$work/$client.headers" --write-out '%{http_code}' --request "$1" "http://nginx$2" "${@:3}"
}
header() { sed -nE "s/^$1: (.*)\r$/\1/Ip" "$work/$client.headers"; }
want() { # WHAT GOT WANTED
	if [ "$2" = "$3" ]; then echo "ok    $1: $2"; else
		echo "FAIL  $1: $2, want $3"
		failed=1
	fi
}

login='{"email":"admin@demo.example","password":"try-the-admin-role"}'
want "sign in" "$(ask POST /auth/login --json "$login")" 200
token="$(sed -E 's/.*"access_token":"([^"]+)".*/\1/' "$work/main.body")"
write=(--header "Authorization: Bearer $token" --header "Content-Type: application/merge-patch+json")

want "read" "$(ask GET /hotels/1)" 200
want "it is compressed" "$(header Content-Encoding)" gzip
old="$(header ETag)"
want "its tag is weak now" "${old:0:3}" 'W/"'
want "read again, with the weak tag" "$(ask GET /hotels/1 --header "If-None-Match: $old")" 304
want "read again, with the tag in a list" "$(ask GET /hotels/1 --header "If-None-Match: \"a,b\", $old")" 304
want "a list, read again" "$(ask GET /countries && ask GET /countries --header "If-None-Match: $(header ETag)")" 200304
want "change what was read" "$(ask PATCH /hotels/1 "${write[@]}" --data '{"description":"first"}' --header "If-Match: $old")" 200
now="$(header ETag)"
want "change what has changed" "$(ask PATCH /hotels/1 "${write[@]}" --data '{"description":"second"}' --header "If-Match: $old")" 412
want "delete what has changed" "$(ask DELETE /hotels/1 "${write[@]}" --header "If-Match: $old")" 412
want "read what has changed" "$(ask GET /hotels/1 --header "If-None-Match: $old")" 200
want "the tag of the change is that of the read" "$(header ETag)" "$now"
want "change with the tag of the change" "$(ask PATCH /hotels/1 "${write[@]}" --data '{"description":"0"}' --header "If-Match: $now")" 200

[ $failed = 0 ] || exit 1

# count N adds one to the number in the description N times, reading again whenever somebody was faster.
count() {
	local n tries=0
	for ((n = 0; n < $1; n++)); do
		while
			ask GET /hotels/1 >"$work/$client.status"
			number="$(sed -E 's/.*"description":"([0-9]+)".*/\1/' "$work/$client.body")"
			status="$(ask PATCH /hotels/1 "${write[@]}" --data "{\"description\":\"$((number + 1))\"}" --header "If-Match: $(header ETag)")"
			[ "$status" != 200 ]
		do
			[ "$status" = 412 ] && [ $((++tries)) -lt 1000 ] || { echo "a racing change: $status"; return 1; }
		done
	done
}
racers=()
for client in 1 2 3 4; do
	count 25 &
	racers+=($!)
done
for racer in "${racers[@]}"; do wait "$racer" || failed=1; done
client=main
ask GET /hotels/1 >"$work/main.status"
want "a hundred racing changes" "$(sed -E 's/.*"description":"([0-9]+)".*/\1/' "$work/main.body")" 100
exit $failed
