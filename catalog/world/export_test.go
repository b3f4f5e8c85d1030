package world

// The parser and the key it compares names by, for tests with rows of their own.
var (
	Parse = parse
	Fold  = fold
)
