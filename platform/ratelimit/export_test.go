package ratelimit

// LimitBuckets sets how many buckets the process keeps.
func (l *Limiter) LimitBuckets(n int) { l.local.limit = n }

// Buckets returns how many the process keeps.
func (l *Limiter) Buckets() int { return l.local.recent.Len() }
