// Package fault has tests that put the network between the service and what it stands on out of order, and states for each
// fault what the service does meanwhile and afterwards.
package fault
