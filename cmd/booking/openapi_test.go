package main

import "testing"

// Most of the time from the start of the program to its readiness is that of the document.
func BenchmarkDocument(b *testing.B) {
	environment := environmentOf(nil)
	for b.Loop() {
		if _, err := openapiDocument(b.Context(), environment); err != nil {
			b.Fatal(err)
		}
	}
}
