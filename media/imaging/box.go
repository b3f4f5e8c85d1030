package imaging

// boxed returns the plane with every box of factor times factor samples as one; at the right and lower edge a box may be smaller.
func (p *plane) boxed(factor int) plane {
	if factor == 1 {
		return *p
	}
	n := float64(factor)
	out := newPlane((p.width+factor-1)/factor, (p.height+factor-1)/factor, rect{
		left: p.view.left / n, top: p.view.top / n, width: p.view.width / n, height: p.view.height / n,
	})
	sums := make([]uint32, out.width)
	for y := range out.height {
		rows := min(factor, p.height-y*factor)
		if factor == 2 && rows == 2 && p.width%2 == 0 {
			halve(out.row(y), p.row(2*y), p.row(2*y+1))
			continue
		}
		for i := range rows {
			addBoxes(sums, p.row(y*factor+i), factor)
		}
		takeMeans(out.row(y), sums, factor, rows, p.width)
	}
	return out
}

// halve is the means of boxes of two times two, the most frequent ones: a photograph of 12 megapixels has them.
func halve(out, upper, lower []byte) {
	for x := range out {
		u, l := upper[:2], lower[:2]
		out[x] = uint8((uint32(u[0]) + uint32(u[1]) + uint32(l[0]) + uint32(l[1]) + 2) / 4)
		upper, lower = upper[2:], lower[2:]
	}
}

// addBoxes adds the samples of each box in row to its sum.
func addBoxes(sums []uint32, row []byte, factor int) {
	for x := range sums {
		box := row[:min(factor, len(row))]
		sum := uint32(0)
		for _, sample := range box {
			sum += uint32(sample)
		}
		sums[x] += sum
		row = row[len(box):]
	}
}

// takeMeans divides the sums by the size of their boxes, and clears them. The reciprocal is exact for sums of 16 bits, which
// those of boxes of up to 16 times 16 are.
func takeMeans(out []byte, sums []uint32, factor, rows, width int) {
	sums = sums[:len(out)]
	last := len(out) - 1
	count := uint64(factor * rows)
	reciprocal := 1<<32/count + 1
	for x := range out[:last] {
		out[x] = uint8((uint64(sums[x]) + count/2) * reciprocal >> 32)
	}
	rest := uint32((width - last*factor) * rows)
	out[last] = uint8((sums[last] + rest/2) / rest)
	clear(sums)
}
