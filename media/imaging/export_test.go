package imaging

import "io"

// DecoderMemory is the estimate of what decoding takes.
func DecoderMemory(r io.ReadSeeker) (int64, error) {
	h, err := inspect(r)
	if err != nil {
		return 0, err
	}
	return h.memory, nil
}
