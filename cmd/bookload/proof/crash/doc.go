// Package crash kills the service and what it stands on, in the middle of a load and with kill -9, and compares what clients
// were told with what is there afterwards. It has tests alone, which have the machine to themselves: recovery is measured.
//
// With -long, which takes half an hour and so wants -timeout 1h, each is killed twenty times. The numbers are told with -v.
// With -seed the moments are those of a run that said that this is its seed.
package crash
