package performance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// guestsPerClient is how many guests a client books for, in turn, so that none of them is refused for having too many.
const guestsPerClient = 8

// post sends JSON and returns the answer, which must be a success.
func (r *rig) post(l *line, path, token string, body any) []byte {
	r.tb.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		r.tb.Fatal(err)
	}
	status, answer, err := l.read(appendPost(nil, path, token, "", text))
	if err != nil || status >= http.StatusBadRequest {
		r.tb.Fatalf("POST %s = %d %v: %s", path, status, err, answer)
	}
	return answer
}

func (r *rig) dial() *line {
	r.tb.Helper()
	l, err := dial(r.tb.Context(), r.address)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(l.hangUp)
	return l
}

type tokens struct {
	AccessToken string `json:"access_token"`
}

func (r *rig) signIn(l *line, email, password string) string {
	r.tb.Helper()
	var t tokens
	answer := r.post(l, "/auth/login", "", map[string]string{"email": email, "password": password})
	if err := json.Unmarshal(answer, &t); err != nil || t.AccessToken == "" {
		r.tb.Fatalf("no token in %s: %v", answer, err)
	}
	return t.AccessToken
}

// guests returns the tokens of guests of its own for each client. They are copies of one that the service registered,
// because it takes its time to hash a password.
func (r *rig) guests() []string {
	r.tb.Helper()
	const password = "correct horse battery"
	run := time.Now().UnixNano()
	email := func(i int) string { return fmt.Sprintf("bench-%d-%d@example.com", run, i) }
	r.post(r.dial(), "/auth/register", "", map[string]string{"email": email(0), "password": password})
	tokens := make([]string, clients*guestsPerClient)
	r.exec(`INSERT INTO users (email, password_hash, role)
		SELECT replace(u.email, '-0@', '-' || i || '@'), u.password_hash, u.role
		FROM users u CROSS JOIN generate_series(1, $2::integer) i WHERE u.email = $1`, email(0), len(tokens)-1)
	var wg sync.WaitGroup
	for client := range clients {
		l := r.dial()
		wg.Go(func() {
			for i := range guestsPerClient {
				n := client*guestsPerClient + i
				tokens[n] = r.signIn(l, email(n), password)
			}
		})
	}
	wg.Wait()
	return tokens
}

// appendPost appends a request with a JSON body, and with a token and an idempotency key where they are not empty.
func appendPost(buf []byte, path, token, key string, body []byte) []byte {
	buf = fmt.Appendf(buf, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, len(body))
	if token != "" {
		buf = append(append(append(buf, "Authorization: Bearer "...), token...), "\r\n"...)
	}
	if key != "" {
		buf = append(append(append(buf, "Idempotency-Key: "...), key...), "\r\n"...)
	}
	return append(append(buf, "\r\n"...), body...)
}

// appendGet appends a request with a token.
func appendGet(buf []byte, path, token string) []byte {
	return fmt.Appendf(buf, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
}
