package imaging

import "math"

// chroma is how many pixels of a picture share a sample of colour, each way.
type chroma int

const (
	chromaHalf chroma = 2
	chromaFull chroma = 1
)

// chromaOf is the resolution of colour to resample to: full if the colours will be converted, else what JPEG will store.
func chromaOf(toSRGB *conversion) chroma {
	if toSRGB != nil {
		return chromaFull
	}
	return chromaHalf
}

// resampled returns the picture in another size, by Catmull and Rom's cubic filter in both directions.
func (p *picture) resampled(width, height int, sub chroma) *picture {
	out := &picture{width: width, height: height}
	out.planes[0] = p.planes[0].resampled(width, height, float64(width), float64(height))
	n := int(sub)
	for i := 1; i < 3; i++ {
		out.planes[i] = p.planes[i].resampled((width+n-1)/n, (height+n-1)/n, float64(width)/float64(n), float64(height)/float64(n))
	}
	return out
}

// Weights and sums are fixed-point numbers. Between the passes a sample keeps six bits behind the point.
const (
	weightBits = 14
	rowBits    = 6
)

// resampled makes width times height samples of the plane's view, which will cover viewWidth times viewHeight of them. A row of the
// source is filtered horizontally once and kept for as long as rows of the result need it.
func (p *plane) resampled(width, height int, viewWidth, viewHeight float64) plane {
	out := newPlane(width, height, rect{width: viewWidth, height: viewHeight})
	across := newKernel(width, p.width, p.view.left, p.view.width/viewWidth)
	down := newKernel(height, p.height, p.view.top, p.view.height/viewHeight)
	rows := make([][]int32, down.taps)
	for i := range rows {
		rows[i] = make([]int32, width)
	}
	sums := make([]int32, width)
	next := 0
	for y := range height {
		first, weights := down.at(y)
		for next = max(next, first); next < first+down.taps; next++ {
			across.filterRow(rows[next%down.taps], p.row(next))
		}
		clear(sums)
		for i, weight := range weights {
			addRow(sums, rows[(first+i)%down.taps], weight)
		}
		storeRow(out.row(y), sums)
	}
	return out
}

// kernel holds the weights of a filter for each sample of the result: taps of them, beginning with the source's sample first[i].
type kernel struct {
	taps    int
	first   []int
	weights []int32
}

func (k *kernel) at(i int) (first int, weights []int32) {
	return k.first[i], k.weights[i*k.taps:][:k.taps]
}

// newKernel computes the filter that takes n samples from a source of length samples, scale apart, from offset on.
func newKernel(n, length int, offset, scale float64) kernel {
	radius := 2 * max(scale, 1)
	taps := min(int(math.Ceil(2*radius)), length)
	k := kernel{taps: taps, first: make([]int, n), weights: make([]int32, n*taps)}
	raw := make([]float64, taps)
	for i := range n {
		center := offset + (float64(i)+0.5)*scale - 0.5
		k.first[i] = min(max(int(math.Floor(center-radius))+1, 0), length-taps)
		sum := 0.0
		for t := range raw {
			raw[t] = catmullRom((float64(k.first[i]+t) - center) / max(scale, 1))
			sum += raw[t]
		}
		quantize(k.weights[i*taps:][:taps], raw, sum)
	}
	return k
}

// quantize makes weights whose sum is exactly one, so that plain areas stay as they are.
func quantize(weights []int32, raw []float64, sum float64) {
	rest, largest := int32(1)<<weightBits, 0
	for t := range raw {
		weights[t] = int32(math.Round(raw[t] / sum * (1 << weightBits)))
		rest -= weights[t]
		if weights[t] > weights[largest] {
			largest = t
		}
	}
	weights[largest] += rest
}

// catmullRom is the cubic of E. Catmull and R. Rom (1974), that is Keys' with a = -1/2.
func catmullRom(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	default:
		return 0
	}
}

// filterRow filters a row of the source. Eight weights, of a reduction to the half, are worth a straight line of code.
func (k *kernel) filterRow(out []int32, in []byte) {
	const half = int32(1) << (weightBits - rowBits - 1)
	for i := range out {
		first, weights := k.at(i)
		samples := in[first:][:len(weights)]
		sum := half
		if len(weights) == 8 {
			w, s := weights[:8], samples[:8]
			sum += w[0]*int32(s[0]) + w[1]*int32(s[1]) + w[2]*int32(s[2]) + w[3]*int32(s[3]) +
				w[4]*int32(s[4]) + w[5]*int32(s[5]) + w[6]*int32(s[6]) + w[7]*int32(s[7])
		} else {
			for t, weight := range weights {
				sum += weight * int32(samples[t])
			}
		}
		out[i] = sum >> (weightBits - rowBits)
	}
}

func addRow(sums, row []int32, weight int32) {
	row = row[:len(sums)]
	for x := range sums {
		sums[x] += weight * row[x]
	}
}

func storeRow(out []byte, sums []int32) {
	sums = sums[:len(out)]
	for x := range out {
		out[x] = uint8(min(max((sums[x]+1<<(weightBits+rowBits-1))>>(weightBits+rowBits), 0), 255))
	}
}
