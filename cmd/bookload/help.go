package main

import "github.com/shumbooking/shumbooking/cmd/bookload/report"

const runHelp = `bookload run loads a hotel booking service, measures it, and keeps a ledger of what it promised.

Usage: bookload run --base-url URL --profile NAME --duration D [--ledger FILE] [flags]

What is loaded
  --base-url URL[,URL...]  where the service answers. With several, each user has its own and goes to the next one
                           when it does not answer
  --profile NAME           what the users do:
                             browse  health, catalogue and search, signed in as nobody; changes nothing
                             book    guests register, search, book, look at their bookings and cancel; some bookings are
                                     sent twice at once with one idempotency key
                             hot     everyone wants the nights of one room
                             mixed   all of these; with an admin, uploads of photographs, too. Some try to see and
                                     cancel the bookings of others
  --ledger FILE            where to write what the service is asked for and promises, each line on the disk before the
                           user goes on; "bookload check" compares it with the service. It must not exist yet, and it
                           is needed for every profile but browse
  --admin-email EMAIL      an admin of the service, whose password is in the variable BOOKLOAD_ADMIN_PASSWORD. With one,
                           the run makes hotels and rooms of its own, whose every sale and refusal can be checked;
                           without, it books what the search offers

How much of it
  --duration D             how long operations are begun: 30s, 5m
  --users N                closed loop: so many users each begin an operation when the last one is over (default 16).
                           With --rate: how many there are at most to begin what is due (default 256)
  --rate R                 open loop: so many operations a second are due at random times, however long the service
                           takes. Latency counts from when an operation was due
  --ramp-up D              how long until all users are at work, or the whole rate is due (default 0s)
  --settle D               how long to go on at the end until all outcomes are known (default 30s)
  --seed N                 decides which operations there are; random if it is not given, and always reported

What comes out
  --json FILE              figures as JSON ("go doc ./cmd/bookload/report" tells its fields); - for standard output, in
                           place of the table
  --html FILE              a page with plots, in one file; - as for --json
  --quiet                  show no progress
  --fail-if 'CONDITION'    make the run a failure if this holds; may be given several times

Conditions of --fail-if
  ` + report.Grammar + `
  The operations are book, booking, cancel, cities, countries, facilities, free_rooms, health, hotel, hotels, me, my_bookings,
  nights, pry, refresh, register, rooms, search, sign_in and upload; which of them occur depends on the profile.

SIGINT or SIGTERM ends the load in order: what was begun is settled, and the report is written. A second one ends the program
at once; the ledger is good even then.

Rate limits of the service (RATE_LIMIT_*) are waited out and make a load small; it is measured with RATE_LIMIT_ENABLED=false.

Exit codes: 0 the run was as asked for; 1 a threshold was crossed, nothing was answered, the run was interrupted or failed;
2 wrong command line.

Examples
  bookload run --base-url http://127.0.0.1:8000 --profile browse --duration 30s --users 32
  bookload run --base-url http://127.0.0.1:8000 --profile mixed --duration 5m --ramp-up 10s --rate 300 --ledger run.ledger \
    --admin-email admin@example.com --html run.html --fail-if 'search.p99 > 50ms' --fail-if 'all.errors > 0.1%'
`

const checkHelp = `bookload check compares the ledger of a run with what the service remembers, and tells what is wrong, with ids.

Usage: bookload check --ledger FILE --base-url URL [flags]

  --ledger FILE            what "bookload run" wrote, even if it was killed
  --base-url URL[,URL...]  where the service answers: every booking, list and counter is asked for there
  --database-url URL       postgres://user:password@host:5432/name, to check the whole database in SQL, too: nights against
                           counters, counters against capacity, prices, replies kept by idempotency key, photographs and
                           their jobs, constraints. A user who may read everything is enough. The variable
                           BOOKLOAD_DATABASE_URL does the same, and does not show a password to others on the machine
  --admin-email EMAIL      an admin of the service, whose password is in the variable BOOKLOAD_ADMIN_PASSWORD. With one,
                           counters and photographs are compared through the API, too
  --timeout D              how long the check may take in all (default 10m)
  --wait D                 how long photographs may take until they are processed (default 30s)
  --json FILE              the findings as JSON: format_version, clean, finding_count, findings [{rule, text}],
                           compared [{what, count}], undecided; - for standard output, in place of the text

Check when the load is over: what is in motion cannot be compared. The check signs in as the guests of the run and changes
nothing else.

Exit codes: 0 nothing is wrong; 1 there are findings, or the check could not be made, which the message then says; 2 wrong
command line.

Example
  bookload check --ledger run.ledger --base-url http://127.0.0.1:8000
`
