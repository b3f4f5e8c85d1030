package main

import (
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
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
	// raised is how often the kind is used for more than to document it or to recognize it.
	raised int
}

// A source is what the module's sources, but for tests, have for clients to read.
type source struct {
	texts []sourceText
	kinds map[string]*sourceKind // by package path and name of the variable
	// codes are those of fields.
	codes map[string]bool
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
	s := &source{kinds: make(map[string]*sourceKind), codes: make(map[string]bool), fset: token.NewFileSet()}
	s.importer = importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	// Dependencies come first in the list, so that a kind is known where it is used.
	for _, p := range packages {
		s.read(t, p)
	}
	return s
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
	for _, file := range files {
		s.walk(file, "")
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

// walk notes the texts and kinds below n, which belong to the code if it is not empty.
func (s *source) walk(n ast.Node, code string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			return !s.walkBeside(n.Results, code)
		case *ast.CompositeLit:
			return s.walkLiteral(n, code)
		case *ast.CallExpr:
			return s.walkCall(n, code)
		case *ast.Ident:
			if kind := s.kinds[nameOf(s.info.Uses[n])]; kind != nil {
				kind.raised++
			}
		}
		e, ok := n.(ast.Expr)
		return !ok || !s.note(sourceText{code: code, args: -1}, e)
	})
}

// walkBeside walks the results of a function that returns a code and a message, and reports whether it is one.
func (s *source) walkBeside(results []ast.Expr, code string) bool {
	if len(results) != 2 || !isErrsType(s.info.TypeOf(results[1]), "Message") || !s.isString(results[0]) {
		return false
	}
	s.walk(results[1], s.codeIn(results[0], code))
	return true
}

// walkLiteral walks a literal with a member Code, and reports whether the others are still to be walked.
func (s *source) walkLiteral(literal *ast.CompositeLit, code string) bool {
	if isErrsType(s.info.TypeOf(literal), "Kind") {
		return false // Its title is checked with the kind.
	}
	if isKinds(s.info.TypeOf(literal)) {
		return false
	}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Code" && s.isString(pair.Value) {
				code = s.codeIn(pair.Value, code)
			}
		}
	}
	for _, element := range literal.Elts {
		s.walk(element, code)
	}
	return false
}

func (s *source) isString(e ast.Expr) bool {
	basic, ok := s.info.TypeOf(e).Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsString != 0
}

// codeIn returns the value of e if that is constant, and otherwise the code that is known already.
func (s *source) codeIn(e ast.Expr, code string) string {
	if value := s.info.Types[e].Value; value != nil && value.Kind() == constant.String {
		code = constant.StringVal(value)
		s.codes[code] = true
	}
	return code
}

// isKinds reports whether t is a list of kinds, by which a route documents them.
func isKinds(t types.Type) bool {
	slice, ok := t.(*types.Slice)
	return ok && isErrsType(slice.Elem(), "Kind")
}

// walkCall notes the texts among the arguments of a call, with the code that stands beside them. It reports whether
// the call is still to be walked.
func (s *source) walkCall(call *ast.CallExpr, code string) bool {
	if s.info.Types[call.Fun].IsType() {
		if value := s.info.Types[call]; value.Value == nil && isErrsType(value.Type, "Text") {
			s.loose = append(s.loose, s.position(call))
		}
		return true
	}
	if selector, ok := call.Fun.(*ast.SelectorExpr); isKinds(s.info.TypeOf(call)) || ok && selector.Sel.Name == "Is" {
		return false
	}
	signature, ok := s.info.TypeOf(call.Fun).(*types.Signature)
	if !ok {
		return true
	}
	code, args := s.codeOf(call, signature, code), -1
	if signature.Variadic() && !call.Ellipsis.IsValid() {
		args = len(call.Args) - signature.Params().Len() + 1
	}
	s.walk(call.Fun, "")
	for _, argument := range call.Args {
		if !s.note(sourceText{code: code, args: args}, argument) {
			s.walk(argument, code)
		}
	}
	return false
}

// codeOf returns the code of the problem or rule that a call has beside a text: of the errs.Kind whose method is
// called, or the argument named code, or that which is known already.
func (s *source) codeOf(call *ast.CallExpr, signature *types.Signature, code string) string {
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
		if signature.Params().At(i).Name() == "code" {
			code = s.codeIn(call.Args[i], code)
		}
	}
	return code
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

// kindOfCode returns the kind that has a code.
func (s *source) kindOfCode(code string) (errs.Kind, bool) {
	for _, k := range s.kinds {
		if k.kind.Code == code {
			return k.kind, true
		}
	}
	return errs.Kind{}, false
}
