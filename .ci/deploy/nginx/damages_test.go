package nginx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"deploy/proxy"
)

const (
	mainFile     = "nginx.conf"
	apiFile      = "templates/api.conf.template"
	clientsFile  = "templates/clients.conf.template"
	gateFile     = "templates/gate.inc.template"
	headersFile  = "templates/headers.inc.template"
	logFile      = "templates/log.conf.template"
	problemsFile = "templates/problems.conf.template"
	serverFile   = "templates/server.conf.template"
	statusFile   = "templates/status.inc.template"
	settingsFile = "10-settings.envsh"
)

// damages are ways to spoil the configuration, under the rule that notices.
func damages() map[string][]damage {
	const anyPath = "location ~ ^${NGINX_ROOT}/ {"
	return map[string][]damage{
		"paths come through as they were sent": {
			{serverFile, "proxy_pass http://api;", "proxy_pass http://api$uri;"},
			{serverFile, anyPath, "location ~ ^${NGINX_ROOT}/h {"},
		},
		"paths come through without a prefix": {{serverFile, anyPath, "location ~ ^/apps/ {"}},
		"nothing is outside of the prefix": {
			{serverFile, anyPath, "location ~ ^ {"}, {serverFile, anyPath, "location ~* ^${NGINX_ROOT}/ {"},
			{serverFile, anyPath, "location ~ ^${NGINX_ROOT} {"}, {mainFile, "server_tokens off", "server_tokens on"},
			{serverFile, "error_page 400 404", "error_page 404"}, {serverFile, "error_page 400 404", "error_page 400"},
		},
		"a dot in the prefix is a dot": {{settingsFile, `\\."`, `."`}},
		"metrics are not public": {
			{serverFile, "/metrics(/|$)", "/metrics$"}, {serverFile, "location ~* ^${NGINX_ROOT}/metrics", "location ~ ^${NGINX_ROOT}/metrics"},
			{serverFile, "location ~* ^${NGINX_ROOT}/metrics", "location ~* ^/metrics"}, {mainFile, "merge_slashes on", "merge_slashes off"},
		},
		"metrics without a prefix":        {{serverFile, "/metrics(/|$)", "/metricz"}},
		"methods are those of the API":    {{gateFile, "if ($unknown_method)", `if ($unknown_method = "never")`}, {serverFile, "\tPATCH \"\";\n", ""}, {problemsFile, `405 "GET, HEAD,`, `405 "GET,`}},
		"pages come through":              {{apiFile, "Host $api_host", "Host $host"}, {serverFile, "server_name _;", "server_name _; proxy_hide_header Set-Cookie;"}, {serverFile, "server_name _;", "server_name _; add_header Referrer-Policy no-referrer;"}},
		"probes have a port of their own": {{serverFile, "stub_status;", "return 404;"}, {serverFile, "= /healthz", "= /alive"}},
		"a trusted proxy tells the address": {
			{clientsFile, "real_ip_recursive on", "real_ip_recursive off"}, {clientsFile, "real_ip_header X-Forwarded-For", "real_ip_header X-Real-IP"},
			{apiFile, "X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for"}, {apiFile, "X-Forwarded-Proto $client_scheme", "X-Forwarded-Proto $http_x_forwarded_proto"},
			{serverFile, "\tadd_header Strict", "\t#add_header Strict"}, {headersFile, "add_header Strict", "#add_header Strict"},
		},
		"nobody else tells the address": {{clientsFile, "${NGINX_REAL_IP}", "set_real_ip_from 0.0.0.0/0;"}, {clientsFile, `"yes https" https`, `"no https" https`}},
		"HTTPS can be forced": {
			{gateFile, "return 308", "return 301"}, {gateFile, "$request_uri", "$uri"}, {serverFile, "/(live|ready|health)$", "/(live)$"},
			{serverFile, "\"~^true yes http \" yes;", ""},
		},
		"HTTPS is forced to the domain":            {{gateFile, "${NGINX_PUBLIC_HOST}", "$host"}},
		"HTTPS is not forced on strangers":         {{serverFile, "\"~^true yes http \" yes;", "\"~^true .* http \" yes;"}},
		"headers that claim something are dropped": {{apiFile, `proxy_set_header X-Original-URL "";`, ""}, {apiFile, `proxy_set_header Forwarded "";`, ""}, {mainFile, "underscores_in_headers off", "underscores_in_headers on"}, {mainFile, "ignore_invalid_headers on", "ignore_invalid_headers off"}},
		"headers of one hop stay on it":            {{apiFile, `proxy_set_header Connection "";`, "proxy_set_header Connection $http_connection;"}, {apiFile, `proxy_set_header HTTP2-Settings "";`, ""}},
		"headers of the API come through":          {{apiFile, `proxy_set_header Forwarded "";`, `proxy_set_header Authorization "";`}, {apiFile, "proxy_http_version 1.1;", "proxy_http_version 1.1; proxy_set_header Range bytes=0-0;"}},
		"a request has one id":                     {{clientsFile, "{1,64}$", "{1,65}$"}, {apiFile, "X-Request-Id $exchange_id", "X-Request-Id $http_x_request_id"}, {serverFile, "server_name _;", "server_name _; add_header X-Request-Id $exchange_id;"}, {logFile, "$exchange_id", "$request_id"}},
		"the server behind orders nothing":         {{apiFile, "proxy_ignore_headers X-Accel-Redirect", "proxy_ignore_headers X-Accel-Buffering"}, {apiFile, "proxy_redirect off", "proxy_redirect http://api/ /"}},
		"answers are compressed":                   {{mainFile, "gzip on", "gzip off"}, {mainFile, "gzip_proxied any", "gzip_proxied off"}, {mainFile, "gzip_vary on", "gzip_vary off"}, {mainFile, "application/problem+json", "application/xml"}, {mainFile, "gzip_types ", "gzip_types image/jpeg "}},
		"a host is a name or an address":           {{gateFile, "if ($malformed_host)", `if ($malformed_host = "never")`}, {serverFile, `(:[0-9]{1,5})?$" "";`, `" "";`}},
		"a client is limited":                      {{clientsFile, "limit_req_status 429", "limit_req_status 503"}, {clientsFile, "limit_req_zone $client_key zone=rest", "limit_req_zone $server_port zone=rest"}, {serverFile, "burst=${NGINX_BURST} nodelay", "burst=1000 nodelay"}, {problemsFile, "429 $refused_pause", `429 ""`}, {settingsFile, "export NGINX_PAUSE=$", "export NGINX_PAUSE=1$"}},
		"signing in is limited by itself":          {{serverFile, "zone=auth", "zone=rest"}, {serverFile, "(auth/|riverui/sign-in) {", "(auth/) {"}, {clientsFile, "(auth/|riverui/sign-in)", "(login)"}},
		"limits leave room for a hotel":            {{settingsFile, "NGINX_RATE_PER_MINUTE 6000", "NGINX_RATE_PER_MINUTE 600"}, {settingsFile, "RATE_PER_MINUTE 120", "RATE_PER_MINUTE 20"}, {serverFile, "burst=${NGINX_BURST} nodelay", "nodelay"}},
		"a network of IPv6 is one client":          {{clientsFile, "{8}).{8}", "{9}).{7}"}, {clientsFile, "~(?s)^(?<client_prefix>", "~^(?<client_prefix>"}, {clientsFile, `"~(?s)^\x00{10}`, `"~(?s)^\x01{10}`}},
		"a client has so many connections":         {{serverFile, "limit_conn connections ${NGINX_CONNECTIONS};", ""}, {clientsFile, "limit_conn_status 429", "limit_conn_status 503"}},
	}
}

// moreDamages are those to answers and bodies.
func moreDamages() map[string][]damage {
	return map[string][]damage{
		"problems of nginx are those of the API": {
			{serverFile, "error_page 494 =431", "error_page 494 =400"}, {serverFile, " 413 ", " "}, {serverFile, "500 502", "500"}, {headersFile, "add_header X-Frame-Options", "#"},
			{problemsFile, "413 body_too_large", "413 invalid"}, {serverFile, `"request_id":"$exchange_id"}`, `"request_id":"$request_id"}`}, {serverFile, "Cache-Control no-store", "Cache-Control private"},
			{serverFile, `"type":"${ROOT_PATH}`, `"type":"`}, {mainFile, "buffers 2 8k", "buffers 2 16k"}, {clientsFile, "-4$id_c", "-$id_c"}, {serverFile, "add_header Vary", "#"}, {problemsFile, "\t502 1;", ""},
		},
		"problems of the API stay":             {{apiFile, "proxy_redirect off;", "proxy_redirect off; proxy_intercept_errors on;"}},
		"problems speak the client's language": {{problemsFile, "?<language_5>ru|en", "?<language_5>en"}, {problemsFile, ".{1025}", ".{9025}"}, {problemsFile, "Не найдено", "Ничего нет"}, {problemsFile, "(?:[-_][a-z0-9_-]+)?", ""}, {problemsFile, `\.0[0-9]*[1-9]`, ``}},
		"a slow server is a problem":           {{problemsFile, "504 service_unavailable", "504 timeout"}, {apiFile, "proxy_next_upstream error timeout", "proxy_next_upstream error timeout non_idempotent"}},
		"a body is small":                      {{serverFile, "client_max_body_size 128k", "client_max_body_size 1m"}, {serverFile, "client_max_body_size 128k", "client_max_body_size 32k"}, {serverFile, "?images$ {", "?images {"}},
		"ten photographs are taken":            {{serverFile, "client_max_body_size ${NGINX_UPLOAD_BYTES}", "client_max_body_size 8m"}, {settingsFile, "(11 * MAX", "(20 * MAX"}, {serverFile, "[^/]+/(rooms/[^/]+/)?images", "[^/]+/images"}},
		"bodies that wait are not in memory":   {{serverFile, "client_body_buffer_size 16k", "client_body_buffer_size 128k"}},
		"an upload goes on while it arrives":   {{serverFile, "proxy_request_buffering off;", ""}},
		"other bodies are awaited":             {{serverFile, "client_body_buffer_size 16k;", "client_body_buffer_size 16k; proxy_request_buffering off;"}},
		"the API refuses before it is sent to": {{serverFile, "proxy_request_buffering off;", ""}},
		"what was not sent is sent elsewhere":  {{apiFile, "proxy_next_upstream error timeout", "proxy_next_upstream off"}, {apiFile, "proxy_next_upstream_tries 3", "proxy_next_upstream_tries 1"}},
		"nothing is done twice":                {{apiFile, "proxy_next_upstream error timeout", "proxy_next_upstream error timeout non_idempotent"}, {apiFile, "proxy_next_upstream error timeout", "proxy_next_upstream off"}},
		"connections are kept for a moment":    {{apiFile, "keepalive_timeout 3s", "keepalive_timeout 60s"}, {apiFile, `proxy_set_header Connection "";`, "proxy_set_header Connection close;"}},
		"requests whose end is in doubt are refused": {
			{serverFile, "error_page 501 505 =400 /-/problem;", ""}, {serverFile, "error_page 400 404", "error_page 404"},
		},
		"what is hidden in a request stays in it": {{apiFile, "X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for"}},
		"a request of HTTP/0.9 gets no answer":    {{statusFile, `if ($server_protocol = "")`, `if ($server_protocol = "x")`}, {serverFile, "\t\tinclude ${NGINX_ENVSUBST_OUTPUT_DIR}/status.inc;\n", ""}, {gateFile, "include ${NGINX_ENVSUBST_OUTPUT_DIR}/status.inc;", ""}},
		"a request of HTTP/1.0 is one":            {{apiFile, "proxy_http_version 1.1", "proxy_http_version 1.0"}, {apiFile, "Host $api_host", "Host $http_host"}},
		"images come from the volume": {
			{serverFile, "add_header ETag $image_tag;", ""}, {serverFile, "default_type image/jpeg", "default_type text/plain"},
			{serverFile, "Cross-Origin-Resource-Policy cross-origin", "Cross-Origin-Resource-Policy same-origin"},
			{serverFile, `(\?|$)" "/images`, `$" "/images`}, {serverFile, "try_files $image_file @api;", "try_files $image_file =404;"}, {serverFile, "add_header Cache-Control \"public", "add_header Cache-Control \"private"},
		},
		"what is no image of the API is not": {{serverFile, "try_files $image_file @api;", "try_files $image_file /secret.jpg @api;"}, {serverFile, `[1-9][0-9]{0,18}-[0-9a-f]{64}\.jpg)(\?|$)`, `[^?]+)(\?|$)`}},
		"links are not followed":             {{serverFile, "disable_symlinks on from=${NGINX_IMAGES_DIR}", "disable_symlinks off"}},
		"requests for more are the API's":    {{serverFile, "$http_range", ""}, {serverFile, "$http_if_none_match", ""}, {serverFile, "$http_origin", ""}, {serverFile, "~^yes (GET|HEAD) ", "~^yes [A-Z]+ "}},
		"the log tells of each request":      {{logFile, "escape=json", "escape=none"}, {logFile, `\x80-\xff`, ""}, {mainFile, "error_log stderr crit", "error_log stderr info"}, {logFile, `"path":"$logged_path"`, `"path":"$request_uri"`}, {logFile, `"method":"$sent_method"`, `"method":"$request_method"`}, {logFile, "access_log /dev/stdout requests", "access_log off"}, {logFile, `"client":"$logged_client"`, `"client":"$remote_addr"`}},
		"the log names the network alone":    {{logFile, `"$mapped_network.0/24"`, "$remote_addr"}, {logFile, `"$ipv6_network::/48"`, "$remote_addr"}, {logFile, `"$ipv6_short::/48"`, "$remote_addr"}},
	}
}

// TestDamages: whatever is spoiled, a rule notices; and there is no rule that nothing was tried on.
func TestDamages(t *testing.T) {
	t.Parallel()
	all := damages()
	for name, list := range moreDamages() {
		all[name] = append(all[name], list...)
	}
	known := rules()
	for name := range known {
		if len(all[name]) == 0 && len(known[name].edits) != 1 {
			t.Errorf("no damage is tried on %q", name)
		}
	}
	for name, list := range all {
		for i, d := range list {
			t.Run(fmt.Sprint(name, " ", i), func(t *testing.T) {
				t.Parallel()
				copied := filepath.Join(t.TempDir(), "damaged")
				if err := os.CopyFS(copied, os.DirFS(proxy.Files(t))); err != nil {
					t.Fatal(err)
				}
				edit(t, filepath.Join(copied, d.file), d.old, d.with)
				if len(known[name].run(t, copied)) == 0 {
					t.Errorf("%q notices nothing with %q in place of %q", name, d.with, d.old)
				}
			})
		}
	}
}
