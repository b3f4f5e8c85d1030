package jobs

import "context"

// InBatches calls step until it does less than a whole batch, so that no statement works on more than size rows, and
// no more than most times: what is left then is for the next job. Step returns how many rows it worked on.
func InBatches(ctx context.Context, size, most int, step func(ctx context.Context, size int) (int64, error)) error {
	for range most {
		done, err := step(ctx, size)
		if err != nil || done < int64(size) {
			return err
		}
	}
	return nil
}
