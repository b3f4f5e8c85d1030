package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

func runCommand() command {
	return command{
		name: "run", summary: "loads the service, measures it, and keeps a ledger of what it promised", help: runHelp,
		parse: func(f *flags, getenv func(string) string) action {
			o := parseRun(f, getenv)
			return o.run
		},
	}
}

// A runOrder is a load as the command line asks for it.
type runOrder struct {
	load       load.Config
	baseURLs   []string
	ledger     string // the path; "" for none
	json, html string // likewise
	quiet      bool
	thresholds []report.Threshold
}

// readOnly is the profile that books nothing, of which no ledger is needed.
const readOnly = "browse"

func parseRun(f *flags, getenv func(string) string) *runOrder {
	o := &runOrder{}
	bases, profile := f.baseURLs("base-url"), f.text("profile")
	duration, rampUp := f.duration("duration", 0, time.Second), f.duration("ramp-up", 0, 0)
	settle := f.duration("settle", 30*time.Second, 0)
	users, rate, seed := f.users("users"), f.rate("rate"), f.seed("seed", randomSeed())
	path, json, html, email := f.text("ledger"), f.text("json"), f.text("html"), f.text("admin-email")
	f.set.BoolVar(&o.quiet, "quiet", false, "")
	f.set.Func("fail-if", "", func(expression string) error {
		threshold, err := report.ParseThreshold(expression)
		switch {
		case err != nil:
			f.problem("--fail-if: %v", err)
		case threshold.Scope != report.All && !slices.Contains(load.Operations(), threshold.Scope):
			f.problem("--fail-if: threshold %q: no operation is named %q: there are %s", expression, threshold.Scope, strings.Join(load.Operations(), ", "))
		}
		o.thresholds = append(o.thresholds, threshold)
		return nil
	})
	if !f.parse() {
		return o
	}
	o.baseURLs, o.ledger, o.json, o.html = *bases, *path, *json, *html
	o.load = load.Config{
		Profile: *profile, Duration: *duration, RampUp: *rampUp, Settle: *settle, Users: *users, Rate: *rate, Seed: *seed,
		AdminEmail: *email, AdminPassword: f.admin(*email, getenv),
	}
	o.check(f)
	return o
}

// check tells what is missing and what does not go together. A flag that is wrong by itself was told of already.
func (o *runOrder) check(f *flags) {
	f.require("base-url", "where does the service answer?")
	f.require("duration", "how long is it to be loaded?")
	f.requireOneOf("profile", o.load.Profile, load.Profiles())
	if o.load.Duration > 0 && o.load.RampUp > o.load.Duration {
		f.problem("--ramp-up is %s, which is longer than the --duration of %s", o.load.RampUp, o.load.Duration)
	}
	o.checkLedger(f)
	if o.json == toStdout && o.html == toStdout {
		f.problem("--json and --html cannot both go to standard output")
	}
	for i, path := range []string{o.ledger, o.json, o.html} {
		for _, other := range []string{o.ledger, o.json, o.html}[i+1:] {
			if path == other && path != "" && path != toStdout {
				f.problem("two files of the run have the path %q", path)
			}
		}
	}
}

func (o *runOrder) checkLedger(f *flags) {
	if o.ledger == "" {
		if o.load.Profile != readOnly {
			f.problem("--ledger is missing: without a ledger of what is booked only the profile %s may run", readOnly)
		}
		return
	}
	if o.ledger == toStdout {
		f.problem("--ledger is a file, and not standard output")
		return
	}
	if _, err := os.Lstat(o.ledger); err == nil {
		f.problem("--ledger %s exists already: each run has a ledger of its own, and none is ever written over", o.ledger)
	}
}

// randomSeed returns a seed that is short enough to be typed again.
func randomSeed() uint64 {
	var b [4]byte
	rand.Read(b[:])
	return uint64(binary.BigEndian.Uint32(b[:]))
}

// run loads the service and reports.
func (o *runOrder) run(ctx context.Context, env environment) (err error) {
	jsonDocument, err := openDocument(o.json, env.stdout)
	if err != nil {
		return err
	}
	htmlDocument, err := openDocument(o.html, env.stdout)
	if err != nil {
		return errors.Join(err, jsonDocument.close())
	}
	summary, err := o.measure(ctx, env)
	if err != nil {
		return errors.Join(err, jsonDocument.close(), htmlDocument.close())
	}
	if o.json != toStdout && o.html != toStdout {
		err = summary.WriteTable(env.stdout)
	}
	return errors.Join(err, jsonDocument.write(summary.WriteJSON), htmlDocument.write(summary.WritePage), verdict(summary))
}

// measure runs the load and returns what was measured.
func (o *runOrder) measure(ctx context.Context, env environment) (s *report.Summary, err error) {
	c, err := client.New(client.Config{BaseURLs: o.baseURLs})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	config := o.load
	config.Client, config.Run = c, strings.ToLower(rand.Text()[:12])
	if o.ledger != "" {
		config.Ledger, err = ledger.Create(o.ledger, ledger.Header{Run: config.Run, Profile: config.Profile, Seed: config.Seed, Started: time.Now().UTC()})
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, config.Ledger.Close()) }()
	}
	show, end := o.progress(ctx, env.stderr)
	config.Progress = show
	result, err := load.Run(ctx, config)
	end()
	if err != nil {
		return nil, fmt.Errorf("%w (seed %d)", err, config.Seed)
	}
	return report.Summarize(result, report.Run{
		Program: "bookload " + currentVersion(), BaseURLs: o.baseURLs, Duration: config.Duration, RampUp: config.RampUp,
		Settle: config.Settle, Ledger: o.ledger, Interrupted: ctx.Err() != nil && result.Elapsed < config.Duration,
	}, o.thresholds), nil
}

// progress returns what shows the progress on w, and what ends that.
func (o *runOrder) progress(ctx context.Context, w io.Writer) (show func(load.Progress), end func()) {
	if o.quiet {
		return nil, func() {}
	}
	fmt.Fprintf(w, "bookload run: preparing %s, seed %d\n", o.load.Profile, o.load.Seed)
	draw, end := report.Lines(w), func() {}
	if file, isFile := w.(*os.File); isFile && term.IsTerminal(int(file.Fd())) {
		columns, _, err := term.GetSize(int(file.Fd()))
		if err != nil || columns <= 0 {
			columns = 80
		}
		draw, end = report.RewrittenLine(w, columns)
	}
	told := false
	return func(p load.Progress) {
		if ctx.Err() != nil {
			p.Duration = 0 // The load is over, and what was begun is being settled.
			if !told {
				end()
				fmt.Fprintln(w, "bookload run: interrupted; what was begun is being settled, and a second signal ends the program at once")
			}
			told = true
		}
		draw(p)
	}, end
}

// verdict returns an error if the run is a failure. What that is for the report has said.
func verdict(s *report.Summary) error {
	var failures []error
	if s.Interrupted {
		failures = append(failures, errors.New("the run was interrupted"))
	}
	if s.All.Latency.Count == 0 {
		failures = append(failures, errors.New("no request was answered"))
	}
	for _, v := range s.Thresholds {
		if v.Crossed {
			failures = append(failures, fmt.Errorf("the threshold %q is crossed: %s", v.Expression, v.Text()))
		}
	}
	return errors.Join(failures...)
}
