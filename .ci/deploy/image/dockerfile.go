package image

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// User is who the program runs as: by number, so that Kubernetes can tell it from root.
const User = "65532:65532"

// A Dockerfile is one whose stages are known.
type Dockerfile struct {
	text   []byte
	stages []instructions.Stage
}

// Parse reads a Dockerfile as BuildKit does.
func Parse(text []byte) (*Dockerfile, error) {
	result, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse the Dockerfile: %w", err)
	}
	stages, _, err := instructions.Parse(result.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("parse the Dockerfile: %w", err)
	}
	return &Dockerfile{text: text, stages: stages}, nil
}

// Findings returns what is wrong by the rules of this project; goVersion is that of go.mod, such as 1.26.0.
func (d *Dockerfile) Findings(goVersion string) []string {
	return slices.Concat(d.checkSyntax(), d.checkBases(goVersion), d.checkFinal(), d.checkCommands(), d.checkBuild())
}

var (
	syntaxLine = regexp.MustCompile(`^# syntax=docker/dockerfile:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}\n# check=error=true\n`)
	goImage    = regexp.MustCompile(`^golang:(\d+\.\d+)\.\d+-alpine\d+\.\d+$`)
)

func (d *Dockerfile) checkSyntax() []string {
	if !syntaxLine.Match(d.text) {
		return []string{"syntax: want a version with a digest, and then check=error=true"}
	}
	return nil
}

// checkBases wants each image that others are made from by an exact version, and the compiler to run without an
// emulator.
func (d *Dockerfile) checkBases(goVersion string) (findings []string) {
	for _, stage := range d.stages[:len(d.stages)-1] {
		version := goImage.FindStringSubmatch(stage.BaseName)
		switch {
		case version == nil:
			findings = append(findings, fmt.Sprintf("base: %s is not an exact version of the Go image", stage.BaseName))
		case !strings.HasPrefix(goVersion, version[1]+"."):
			findings = append(findings, fmt.Sprintf("base: %s is not for go %s of go.mod", stage.BaseName, goVersion))
		}
		if stage.Platform != "$BUILDPLATFORM" {
			findings = append(findings, "base: the compiler does not run on $BUILDPLATFORM")
		}
	}
	return findings
}

// checkFinal looks at what the image is: nothing but what is copied, for a user who is not root.
func (d *Dockerfile) checkFinal() (findings []string) {
	last := d.stages[len(d.stages)-1]
	if last.BaseName != "scratch" {
		findings = append(findings, "final: is made from "+last.BaseName+", want scratch")
	}
	user, images := "", ""
	var ports, labels []string
	for _, command := range last.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.ExposeCommand:
			ports = append(ports, c.Ports...)
		case *instructions.LabelCommand:
			for _, label := range c.Labels {
				labels = append(labels, label.Key)
			}
		case *instructions.CopyCommand:
			if c.DestPath == "/var/lib/booking/" {
				images = c.Chown
			}
		}
	}
	if user != User {
		findings = append(findings, fmt.Sprintf("user: is %q, want %s", user, User))
	}
	if images != User {
		findings = append(findings, fmt.Sprintf("images: the directory of photographs belongs to %q, want %s", images, User))
	}
	if !slices.Equal(ports, []string{"8000"}) {
		findings = append(findings, fmt.Sprintf("ports: %q are exposed, want 8000", ports))
	}
	for _, name := range []string{"title", "source", "licenses", "version", "revision"} {
		if !slices.Contains(labels, "org.opencontainers.image."+name) {
			findings = append(findings, "labels: org.opencontainers.image."+name+" is missing")
		}
	}
	return findings
}

// checkCommands wants what runs to be run without a shell, of which there is none.
func (d *Dockerfile) checkCommands() (findings []string) {
	want := map[string]string{"ENTRYPOINT": "/booking", "CMD": "api", "HEALTHCHECK": "CMD /booking healthcheck"}
	got := map[string]string{}
	for _, command := range d.stages[len(d.stages)-1].Commands {
		switch c := command.(type) {
		case *instructions.EntrypointCommand:
			got["ENTRYPOINT"] = inExecForm(c.ShellDependantCmdLine)
		case *instructions.CmdCommand:
			got["CMD"] = inExecForm(c.ShellDependantCmdLine)
		case *instructions.HealthCheckCommand:
			got["HEALTHCHECK"] = strings.Join(c.Health.Test, " ")
		}
	}
	for _, name := range []string{"ENTRYPOINT", "CMD", "HEALTHCHECK"} {
		if got[name] != want[name] {
			findings = append(findings, fmt.Sprintf("%s: is %q, want %q in the exec form", name, got[name], want[name]))
		}
	}
	return findings
}

func inExecForm(line instructions.ShellDependantCmdLine) string {
	if line.PrependShell {
		return "a shell with " + strings.Join(line.CmdLine, " ")
	}
	return strings.Join(line.CmdLine, " ")
}

// checkBuild wants the flags that the program is promised to be built with, and nothing from the network but modules.
func (d *Dockerfile) checkBuild() (findings []string) {
	for _, stage := range d.stages {
		for _, command := range stage.Commands {
			if add, ok := command.(*instructions.AddCommand); ok {
				findings = append(findings, "ADD: "+strings.Join(add.SourcePaths, " ")+": want COPY, which fetches nothing")
			}
		}
	}
	text := string(d.text)
	for _, want := range []string{
		"CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOOS=$TARGETOS GOARCH=$TARGETARCH", "-trimpath", "-tags slim", "-s -w",
		"-X main.version=$VERSION", "-X main.commit=$COMMIT",
		"--mount=type=cache,target=/cache/modules", "--mount=type=cache,target=/cache/build",
	} {
		if !strings.Contains(text, want) {
			findings = append(findings, "build: without "+want)
		}
	}
	return findings
}

// BuildLine returns the command that makes the program, which writes it to output.
func (d *Dockerfile) BuildLine(output string) (string, error) {
	for _, command := range d.stages[0].Commands {
		run, ok := command.(*instructions.RunCommand)
		if !ok {
			continue
		}
		line := strings.Join(run.CmdLine, " ")
		if strings.Contains(line, "go build") && strings.Contains(line, "/files/booking") {
			return strings.ReplaceAll(line, "/files/booking", output), nil
		}
	}
	return "", fmt.Errorf("no command of the first stage builds /files/booking")
}
