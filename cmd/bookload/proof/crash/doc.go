// Package crash kills the service and what it stands on, in the middle of a load and with kill -9, and compares what clients
// were told with what is there afterwards. It has tests alone, which have the machine to themselves: recovery is measured.
//
// With -long each is killed twenty times; -seed repeats the moments of a run, which says what its seed is.
package crash
