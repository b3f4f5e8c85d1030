package main

import _ "embed"

// catalogueFile has every problem and every rule that clients can hear of, in English and in Russian.
//
//go:embed catalogue.json
var catalogueFile []byte
