package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	modulePath = "github.com/shumbooking/shumbooking"
	errsPath   = modulePath + "/platform/errs"
)

// A sourceText is a constant of the type errs.Text in the sources.
type sourceText struct {
	text errs.Text
	// code is that of the problem or rule which the text is used for, where one expression has both.
	code string
	// args is how many arguments the text gets there, -1 where that cannot be seen.
	args int
	at   string
}

// A sourceKind is an errs.Kind that the sources declare.
type sourceKind struct {
	kind errs.Kind
	at   string
	uses int
}

// A source is what the module's sources, but for tests, have for clients to read.
type source struct {
	texts []sourceText
	kinds map[string]*sourceKind // by package path and name of the variable
	// loose are the conversions to errs.Text of what is not constant.
	loose []string

	fset     *token.FileSet
	importer types.Importer
	info     types.Info // of the package that is being read
}

// readSource type-checks the packages of the module.
func readSource(t *testing.T) *source {
	t.Helper()
	packages, exports := listSources(t)
	s := &source{kinds: make(map[string]*sourceKind), fset: token.NewFileSet()}
	s.importer = importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	// Dependencies come first in the list, so that a kind is known where it is used.
	for _, p := range packages {
		s.read(t, p)
	}
	return s
}

// A sourcePackage is a package as "go list" describes it.
type sourcePackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// listSources returns the packages of the module, and the compiled form of every package by its path.
func listSources(t *testing.T) (ours []sourcePackage, exports map[string]string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", modulePath+"/...")
	output, err := command.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports = make(map[string]string)
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p sourcePackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return ours, exports
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, modulePath) {
			ours = append(ours, p)
		}
	}
}

func (s *source) read(t *testing.T, p sourcePackage) {
	t.Helper()
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(s.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	s.info = types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object)}
	if _, err := (&types.Config{Importer: s.importer}).Check(p.ImportPath, s.fset, files, &s.info); err != nil {
		t.Fatalf("type-check %s: %v", p.ImportPath, err)
	}
	for _, file := range files {
		ast.Inspect(file, s.declared)
	}
	for _, used := range s.info.Uses {
		if k := s.kinds[nameOf(used)]; k != nil {
			k.uses++
		}
	}
	for _, file := range files {
		ast.Inspect(file, s.visit)
	}
}

// declared notes a variable that holds an errs.Kind.
func (s *source) declared(n ast.Node) bool {
	spec, ok := n.(*ast.ValueSpec)
	if !ok {
		return true
	}
	for i, value := range spec.Values {
		literal, ok := value.(*ast.CompositeLit)
		if ok && isErrsType(s.info.TypeOf(literal), "Kind") {
			s.kinds[nameOf(s.info.Defs[spec.Names[i]])] = &sourceKind{kind: s.kindOf(literal), at: s.position(literal)}
		}
	}
	return true
}

func (s *source) kindOf(literal *ast.CompositeLit) errs.Kind {
	var kind errs.Kind
	for i, element := range literal.Elts {
		name := []string{"Code", "Status", "Title"}[i]
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			name, element = pair.Key.(*ast.Ident).Name, pair.Value
		}
		switch value := s.info.Types[element].Value; name {
		case "Code":
			kind.Code = constant.StringVal(value)
		case "Status":
			status, _ := constant.Int64Val(value)
			kind.Status = int(status)
		case "Title":
			kind.Title = errs.Text(constant.StringVal(value))
		}
	}
	return kind
}

// visit notes the texts below n.
func (s *source) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		// Titles are checked with their kinds.
		return !isErrsType(s.info.TypeOf(n), "Kind")
	case *ast.CallExpr:
		return s.visitCall(n)
	case ast.Expr:
		return !s.note(sourceText{args: -1}, n)
	}
	return true
}

// visitCall notes the texts among the arguments of a call, with the code that stands beside them.
func (s *source) visitCall(call *ast.CallExpr) bool {
	if s.info.Types[call.Fun].IsType() {
		if value := s.info.Types[call]; value.Value == nil && isErrsType(value.Type, "Text") {
			s.loose = append(s.loose, s.position(call))
		}
		return true
	}
	signature, ok := s.info.TypeOf(call.Fun).(*types.Signature)
	if !ok {
		return true
	}
	code, args := s.codeOf(call, signature), -1
	if signature.Variadic() && !call.Ellipsis.IsValid() {
		args = len(call.Args) - signature.Params().Len() + 1
	}
	ast.Inspect(call.Fun, s.visit)
	for _, argument := range call.Args {
		if !s.note(sourceText{code: code, args: args}, argument) {
			ast.Inspect(argument, s.visit)
		}
	}
	return false
}

// codeOf returns the code of the problem or rule that a call has beside a text: of the errs.Kind whose method is
// called, or the argument named code.
func (s *source) codeOf(call *ast.CallExpr, signature *types.Signature) string {
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok && isErrsType(s.info.TypeOf(selector.X), "Kind") {
		receiver := selector.X
		if qualified, ok := receiver.(*ast.SelectorExpr); ok {
			receiver = qualified.Sel
		}
		if name, ok := receiver.(*ast.Ident); ok {
			if kind := s.kinds[nameOf(s.info.Uses[name])]; kind != nil {
				return kind.kind.Code
			}
		}
	}
	for i := range min(signature.Params().Len(), len(call.Args)) {
		value := s.info.Types[call.Args[i]].Value
		if signature.Params().At(i).Name() == "code" && value != nil && value.Kind() == constant.String {
			return constant.StringVal(value)
		}
	}
	return ""
}

// note adds what is known of e if that is a constant text, and reports whether it is.
func (s *source) note(known sourceText, e ast.Expr) bool {
	value := s.info.Types[e]
	if value.Value == nil || !isErrsType(value.Type, "Text") {
		return false
	}
	if known.text = errs.Text(constant.StringVal(value.Value)); known.text != "" {
		known.at = s.position(e)
		s.texts = append(s.texts, known)
	}
	return true
}

func (s *source) position(n ast.Node) string {
	at := s.fset.Position(n.Pos())
	at.Filename = filepath.Base(filepath.Dir(at.Filename)) + "/" + filepath.Base(at.Filename)
	at.Column = 0
	return at.String()
}

// isErrsType reports whether t is the type of that name in package errs.
func isErrsType(t types.Type, name string) bool {
	named, ok := t.(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == errsPath
}

// nameOf returns the package path and the name of a variable of a package, or "".
func nameOf(object types.Object) string {
	if object == nil || object.Pkg() == nil || object.Parent() != object.Pkg().Scope() {
		return ""
	}
	return object.Pkg().Path() + "." + object.Name()
}
