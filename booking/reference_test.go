package booking

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReferenceIsReversible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Range(0, maxReferenceID).Draw(t, "id")
		ref := reference(id)
		if len(ref) != referenceLength || strings.Trim(ref, referenceAlphabet) != "" {
			t.Fatalf("reference(%d) = %q, want %d letters of %s", id, ref, referenceLength, referenceAlphabet)
		}
		spoken := strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(ref))
		for _, text := range []string{ref, spoken} {
			if back, ok := parseReference(text); !ok || back != id {
				t.Fatalf("parseReference(%q) = %d, %v; want %d", text, back, ok, id)
			}
		}
	})
}

func TestReferencesDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int64)
	for id := range int64(100_000) {
		ref := reference(id)
		if other, ok := seen[ref]; ok {
			t.Fatalf("reference(%d) = reference(%d) = %s", id, other, ref)
		}
		seen[ref] = id
	}
}

// References are printed and written down: the mapping must never change.
func TestReferenceIsStable(t *testing.T) {
	t.Parallel()
	for id, want := range map[int64]string{0: "FPE28GW0", 1: "M23KYK8S", 1_000_000: "CB31B34R", maxReferenceID: "13X9P5H1"} {
		if got := reference(id); got != want {
			t.Errorf("reference(%d) = %q, want %q", id, got, want)
		}
	}
}

func TestParseReferenceRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "7K3M9QX", "7K3M9QXA1", "7K3M9QXU", "7K3M-QXA", "7K3M9QXé"} {
		if id, ok := parseReference(text); ok {
			t.Errorf("parseReference(%q) = %d, want no id", text, id)
		}
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("7K3M9QXA")
	f.Add("o0o0lI1l")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := parseReference(text)
		if !ok {
			return
		}
		if again, ok := parseReference(reference(id)); !ok || again != id {
			t.Errorf("parseReference(%q) = %d, whose own reference is of %d", text, id, again)
		}
	})
}
