package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Namespace is where everything runs that is not of the whole cluster.
const Namespace = "booking"

// Build returns what "kubectl kustomize" prints for a directory.
func Build(dir string) ([]byte, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", dir, err)
	}
	return built.AsYaml()
}

// Documents splits a stream of YAML documents.
func Documents(stream []byte) ([][]byte, error) {
	var documents [][]byte
	reader := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(stream)))
	defer reader.Close()
	buffer := make([]byte, len(stream)+1)
	for {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("split documents: %w", err)
		}
		if document := bytes.TrimSpace(buffer[:n]); len(document) > 0 {
			documents = append(documents, bytes.Clone(document))
		}
	}
}

// A Set is what one command applies.
type Set struct {
	Objects []runtime.Object
	// Undecoded are the findings about documents that no object came of.
	Undecoded []string
}

// Decode reads documents. What the API server would refuse or only warn of is in Undecoded.
func Decode(documents [][]byte) *Set {
	s := &Set{}
	decoder, err := newDecoder()
	if err != nil {
		s.Undecoded = append(s.Undecoded, err.Error())
		return s
	}
	for _, document := range documents {
		object, err := decode(decoder, document)
		if err != nil {
			s.Undecoded = append(s.Undecoded, fmt.Sprintf("%s: %v", title(document), err))
			continue
		}
		s.Objects = append(s.Objects, object)
	}
	return s
}

// title returns kind and name of a document, as far as it has them.
func title(document []byte) string {
	var head metav1.PartialObjectMetadata
	// What is wrong with the document is told by who decodes all of it.
	_ = yaml.Unmarshal(document, &head)
	return head.Kind + "/" + head.Name
}

// nameOf returns kind and name of an object.
func nameOf(o runtime.Object) string {
	kind := o.GetObjectKind().GroupVersionKind().Kind
	if m, err := meta.Accessor(o); err == nil {
		return kind + "/" + m.GetName()
	}
	return kind
}

// all returns the objects of a type.
func all[T runtime.Object](s *Set) []T {
	var found []T
	for _, o := range s.Objects {
		if typed, ok := o.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// named returns the object of a type with a name.
func named[T interface {
	runtime.Object
	metav1.Object
}](s *Set, name string) (T, bool) {
	objects := all[T](s)
	i := slices.IndexFunc(objects, func(o T) bool { return o.GetName() == name })
	if i < 0 {
		var none T
		return none, false
	}
	return objects[i], true
}

// ConfigMaps returns the files of ConfigMaps by their names, whatever hashes the generator put behind those.
func ConfigMaps(s *Set, names ...string) (map[string]string, error) {
	files := make(map[string]string)
	for _, name := range names {
		found := false
		for _, c := range all[*corev1.ConfigMap](s) {
			if strings.HasPrefix(c.Name, name+"-") {
				found = true
				maps.Copy(files, c.Data)
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no ConfigMap %s", name)
		}
	}
	return files, nil
}
