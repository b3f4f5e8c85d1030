package audit

import (
	"time"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	// PurgeBatch is how many entries a statement of a purge removes at most.
	PurgeBatch = purgeBatch
	// MaxRefusals is how many refusals of a caller are recorded in a minute.
	MaxRefusals = maxRefusals
)

// ListStatement is the statement behind List, for the page after an entry where at is not zero.
func ListStatement(p *ListParams, at time.Time, id int64) *pg.Statement {
	if at.IsZero() {
		return p.statement(nil)
	}
	return p.statement(&position{at, id})
}

// PurgeTimeout is how long a purge may take.
func PurgeTimeout() time.Duration { return (&purger{}).Timeout(nil) }
