package imaging

import (
	"encoding/binary"
	"math"
)

// maxProfile bounds a colour profile in bytes. Those that are read here, of a matrix and three curves, take a few kilobytes.
const maxProfile = 1 << 18

// matrix takes linear red, green and blue to somewhere, row by row.
type matrix [3][3]float64

// profile is an RGB profile of a matrix and three tone curves (ICC.1:2022, 8.4.3): what to do to get to linear light, and from there to
// the profile connection space, XYZ under D50.
type profile struct {
	curves [3]curve
	toXYZ  matrix
}

// parseProfile reads an ICC profile of version 2 or 4. It is nil for any that is malformed or of another kind: grey, CMYK, tables.
func parseProfile(data []byte) *profile {
	const headerLength = 128
	if len(data) < headerLength+4 || string(data[36:40]) != "acsp" || string(data[16:24]) != "RGB XYZ " {
		return nil
	}
	tags := readTags(data, headerLength)
	p := new(profile)
	for channel, name := range [3]string{"r", "g", "b"} {
		column, ok := parseXYZ(tags[name+"XYZ"])
		if !ok {
			return nil
		}
		for i := range column {
			p.toXYZ[i][channel] = column[i]
		}
		if p.curves[channel] = parseCurve(tags[name+"TRC"]); p.curves[channel] == nil {
			return nil
		}
	}
	return p
}

// readTags reads the tag table at offset (7.3). A tag that lies outside of the data is left out.
func readTags(data []byte, offset int) map[string][]byte {
	const maxTags, entryLength = 128, 12
	count := min(int(binary.BigEndian.Uint32(data[offset:])), maxTags, (len(data)-offset-4)/entryLength)
	tags := make(map[string][]byte, count)
	for i := range count {
		entry := data[offset+4+i*entryLength:]
		start, length := uint64(binary.BigEndian.Uint32(entry[4:])), uint64(binary.BigEndian.Uint32(entry[8:]))
		if start+length <= uint64(len(data)) {
			tags[string(entry[:4])] = data[start : start+length]
		}
	}
	return tags
}

// parseXYZ reads one XYZType (10.31).
func parseXYZ(tag []byte) (xyz [3]float64, ok bool) {
	if len(tag) < 20 || string(tag[:4]) != "XYZ " {
		return xyz, false
	}
	for i := range xyz {
		xyz[i] = fixed16(tag[8+4*i:])
	}
	return xyz, true
}

// fixed16 reads a s15Fixed16Number (4.6).
func fixed16(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }

// curve takes a stored value between 0 and 1 to linear light.
type curve func(float64) float64

// parseCurve reads a curveType (10.6) or a parametricCurveType (10.18); it is nil if it can read neither.
func parseCurve(tag []byte) curve {
	if len(tag) < 12 {
		return nil
	}
	switch string(tag[:4]) {
	case "curv":
		return parseTable(tag)
	case "para":
		return parseParametric(tag)
	default:
		return nil
	}
}

func parseTable(tag []byte) curve {
	count, samples := uint64(binary.BigEndian.Uint32(tag[8:])), tag[12:]
	switch {
	case count == 0:
		return func(x float64) float64 { return x }
	case uint64(len(samples)) < 2*count:
		return nil
	case count == 1:
		gamma := float64(binary.BigEndian.Uint16(samples)) / 256
		return func(x float64) float64 { return math.Pow(x, gamma) }
	}
	last := int(count) - 1
	return func(x float64) float64 {
		position := x * float64(last)
		i := min(int(position), last-1)
		low, high := binary.BigEndian.Uint16(samples[2*i:]), binary.BigEndian.Uint16(samples[2*i+2:])
		return (float64(low) + (position-float64(i))*(float64(high)-float64(low))) / 0xffff
	}
}

// parseParametric reads the five functions of table 68. Each is a case of the last: (ax+b)^g + e from d on, and cx + f below it.
func parseParametric(tag []byte) curve {
	kind := binary.BigEndian.Uint16(tag[8:])
	counts := [5]int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(tag) < 12+4*counts[kind] {
		return nil
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed16(tag[12+4*i:])
	}
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		a = 1
	case 1, 2:
		if a == 0 {
			return nil
		}
		// Below -b/a stands the constant of the third function alone.
		c, d, e, f = 0, -b/a, v[3], v[3]
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(a*x+b, 0), g) + e
		}
		return c*x + f
	}
}
