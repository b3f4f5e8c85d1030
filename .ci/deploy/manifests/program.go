package manifests

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Program is what the program says of itself: by its commands, and by the constants of its source.
type Program struct {
	// Commands are the names of its commands.
	Commands map[string]bool
	// Ports are those that the serving commands listen on by default.
	Ports map[string]int32
	// Paths are those of its routes without a parameter.
	Paths map[string]bool
	// Settings are the variables that its source names.
	Settings map[string]bool
	// StopTimeout is what stopping takes at most.
	StopTimeout time.Duration
	// Connections are those to the database that a process of a command has at most.
	Connections map[string]int
	// ConnectionsPerCore come to that for each processor that the process has.
	ConnectionsPerCore map[string]int
}

// ReadProgram asks the program, and reads its source in the work tree that it was built from.
func ReadProgram(ctx context.Context, root, binary string) (*Program, error) {
	p := &Program{Commands: make(map[string]bool), Ports: make(map[string]int32), Paths: make(map[string]bool)}
	help, err := exec.CommandContext(ctx, binary, "help").Output()
	if err != nil {
		return nil, fmt.Errorf("booking help: %w", err)
	}
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z]+) +`).FindAllStringSubmatch(string(help), -1) {
		p.Commands[line[1]] = true
	}
	for _, command := range []string{"api", "worker"} {
		if p.Ports[command], err = defaultPort(ctx, binary, command); err != nil {
			return nil, err
		}
	}
	if err := p.readPaths(ctx, binary); err != nil {
		return nil, err
	}
	return p, p.readSource(root)
}

func defaultPort(ctx context.Context, binary, command string) (int32, error) {
	help, err := exec.CommandContext(ctx, binary, command, "-h").Output() //nolint:gosec // it was built by the test
	if err != nil {
		return 0, fmt.Errorf("booking %s -h: %w", command, err)
	}
	found := regexp.MustCompile(`--addr .*\(default :(\d+)\)`).FindSubmatch(help)
	if found == nil {
		return 0, fmt.Errorf("booking %s -h tells no default for --addr", command)
	}
	port, err := strconv.ParseInt(string(found[1]), 10, 32)
	return int32(port), err
}

func (p *Program) readPaths(ctx context.Context, binary string) error {
	document := exec.CommandContext(ctx, binary, "openapi")
	document.Env = append(os.Environ(), "ROOT_PATH=")
	text, err := document.Output()
	if err != nil {
		return fmt.Errorf("booking openapi: %w", err)
	}
	var openapi struct{ Paths map[string]json.RawMessage }
	if err := json.Unmarshal(text, &openapi); err != nil {
		return fmt.Errorf("booking openapi: %w", err)
	}
	for path := range openapi.Paths {
		p.Paths[path] = !strings.Contains(path, "{")
	}
	return nil
}

// variable is the form of the names of settings.
var variable = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`) //nolint:gochecknoglobals // it never changes

// readSource reads constants and the names of settings out of the source.
func (p *Program) readSource(root string) error {
	p.Settings = map[string]bool{
		// The runtime of Go, and the standard library, read these.
		"GOMEMLIMIT": true, "GOMAXPROCS": true, "TMPDIR": true, "SSL_CERT_FILE": true,
	}
	numbers := make(map[string]int)
	for _, dir := range []string{"cmd/booking", "platform/pg", "platform/tracing", "platform/jobs"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return fmt.Errorf("read the source: %w", err)
			}
			p.readFile(parsed, numbers)
		}
	}
	for _, name := range []string{"stopTimeout", "defaultMaxConns", "probeConns", "queueConns", "spareConns", "defaultWorkers", "imagesPerCore"} {
		if numbers[name] == 0 {
			return fmt.Errorf("read the source: no constant %s: %w", name, fs.ErrNotExist)
		}
	}
	p.StopTimeout = time.Duration(numbers["stopTimeout"])
	p.Connections = map[string]int{
		"api":    numbers["defaultMaxConns"] + numbers["probeConns"],
		"worker": numbers["defaultWorkers"] + numbers["spareConns"] + numbers["queueConns"] + numbers["probeConns"],
	}
	p.ConnectionsPerCore = map[string]int{"worker": numbers["imagesPerCore"]}
	return nil
}

func (p *Program) readFile(file *ast.File, numbers map[string]int) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && variable.MatchString(text) {
				p.Settings[text] = true
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					if number, ok := evaluate(n.Values[i]); ok {
						numbers[name.Name] = number
					}
				}
			}
		}
		return true
	})
}

// evaluate returns the value of a number, or of a product such as 25 * time.Second.
func evaluate(e ast.Expr) (int, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		number, err := strconv.Atoi(e.Value)
		return number, err == nil
	case *ast.SelectorExpr:
		unit, ok := map[string]time.Duration{"Second": time.Second, "Millisecond": time.Millisecond, "Minute": time.Minute}[e.Sel.Name]
		return int(unit), ok
	case *ast.BinaryExpr:
		x, known := evaluate(e.X)
		y, ok := evaluate(e.Y)
		return x * y, known && ok && e.Op == token.MUL
	}
	return 0, false
}
