package media

import "github.com/riverqueue/river"

// NewProcessor returns the worker of ProcessArgs.
func NewProcessor(s *Service) river.Worker[ProcessArgs] { return &processor{Service: s} }
