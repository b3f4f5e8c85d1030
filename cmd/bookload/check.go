package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

func checkCommand() command {
	return command{
		name: "check", summary: "compares the ledger of a run with what the service remembers", help: checkHelp,
		parse: func(f *flags, getenv func(string) string) action {
			o := parseCheck(f, getenv)
			return o.run
		},
	}
}

// A checkOrder is a check as the command line asks for it.
type checkOrder struct {
	check    check.Config
	baseURLs []string
	ledger   string // the path
	json     string // likewise; "" for none
	timeout  time.Duration
}

// databaseURL is the variable for those who do not want to show a password to everyone on the machine.
const databaseURL = "BOOKLOAD_DATABASE_URL"

func parseCheck(f *flags, getenv func(string) string) *checkOrder {
	o := &checkOrder{}
	bases, path, database := f.baseURLs("base-url"), f.text("ledger"), f.text("database-url")
	email, json, wait := f.text("admin-email"), f.text("json"), f.duration("wait", 30*time.Second, 0)
	timeout := f.duration("timeout", 10*time.Minute, time.Second)
	if !f.parse() {
		return o
	}
	o.baseURLs, o.ledger, o.json, o.timeout = *bases, *path, *json, *timeout
	o.check = check.Config{
		DatabaseURL: cmp.Or(*database, getenv(databaseURL)), AdminEmail: *email, AdminPassword: f.admin(*email, getenv), Wait: *wait,
	}
	f.require("ledger", "what was promised?")
	f.require("base-url", "where does the service answer?")
	if u, err := url.Parse(o.check.DatabaseURL); o.check.DatabaseURL != "" && (err != nil || u.Host == "" || (u.Scheme != "postgres" && u.Scheme != "postgresql")) {
		// It is not repeated, because it may have a password.
		f.problem("the URL of the database is none such as postgres://user:password@host:5432/name")
	}
	if o.json == o.ledger && o.json != "" {
		f.problem("two files of the check have the path %q", o.json)
	}
	return o
}

// run checks and reports.
func (o *checkOrder) run(ctx context.Context, env environment) error {
	result, err := o.compare(ctx)
	if err != nil {
		return fmt.Errorf("nothing was found out, neither good nor bad: %w", err)
	}
	document, err := openDocument(o.json, env.stdout)
	if err != nil {
		return err
	}
	if o.json != toStdout {
		_, err = result.WriteTo(env.stdout)
	}
	err = errors.Join(err, document.write(func(w io.Writer) error { return writeFindings(w, result) }))
	if err == nil && len(result.Findings) > 0 {
		return errToldAlready
	}
	return err
}

func (o *checkOrder) compare(ctx context.Context) (*check.Result, error) {
	kept, err := ledger.ReadFile(o.ledger)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{BaseURLs: o.baseURLs})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// The client asks again until it is answered, which a service that is away would never do.
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := reach(ctx, c); err != nil {
		return nil, err
	}
	config := o.check
	config.Ledger, config.Client = kept, c
	return check.Check(ctx, config)
}

// reachWithin is how long a service may take to answer at all.
const reachWithin = 10 * time.Second

// reach fails soon if the service is not there.
func reach(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	answer, _ := c.Settle(ctx, client.Request{Op: "ready", Method: http.MethodGet, Path: "/ready"})
	if !answer.OK() {
		return &client.UnexpectedError{Op: "the service is not ready", Answer: answer}
	}
	return nil
}

// findings are the JSON of a check. Lists may be empty and are never null.
type findings struct {
	FormatVersion int       `json:"format_version"` // 1
	Clean         bool      `json:"clean"`          // nothing is wrong
	FindingCount  int64     `json:"finding_count"`  // of which findings has the first of each rule
	Findings      []finding `json:"findings"`
	Compared      []count   `json:"compared"`
	Undecided     []string  `json:"undecided"` // what cannot be judged, a sentence each
}

type finding struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

type count struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
}

func writeFindings(w io.Writer, result *check.Result) error {
	f := findings{
		FormatVersion: 1, Clean: len(result.Findings) == 0, FindingCount: result.Total,
		Findings: []finding{}, Compared: []count{}, Undecided: append([]string{}, result.Undecided...),
	}
	for _, found := range result.Findings {
		f.Findings = append(f.Findings, finding(found))
	}
	for _, c := range result.Compared {
		f.Compared = append(f.Compared, count{What: c.What, Count: c.N})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(f)
}
