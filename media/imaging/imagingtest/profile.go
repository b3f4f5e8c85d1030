package imagingtest

import (
	"encoding/binary"
	"math"
	"slices"
)

// Profile returns an ICC profile of version 4 for Display P3, with the curves of sRGB as parameters.
func Profile() []byte {
	return MatrixProfile(curveOfSRGB(), [3][3]float64{
		{0.515102, 0.241182, -0.001050}, {0.291965, 0.692236, 0.041885}, {0.157153, 0.066582, 0.784073},
	})
}

// SRGBProfile returns an ICC profile of version 4 for sRGB itself.
func SRGBProfile() []byte { return MatrixProfile(curveOfSRGB(), primaries()) }

func curveOfSRGB() []byte {
	return tag("para", 3<<16, fixed(2.4), fixed(1/1.055), fixed(0.055/1.055), fixed(1/12.92), fixed(0.04045))
}

// FootProfile returns an ICC profile with the primaries of sRGB whose values are light, and a tenth more.
func FootProfile() []byte {
	return MatrixProfile(tag("para", 2<<16, fixed(1), fixed(1), fixed(0), fixed(0.1)), primaries())
}

// LinearProfile returns an ICC profile with the primaries of sRGB whose values are light itself.
func LinearProfile() []byte { return MatrixProfile(tag("curv", 0), primaries()) }

// GammaProfile returns an ICC profile with the primaries of sRGB and a power for a curve.
func GammaProfile(gamma float64) []byte {
	curve := binary.BigEndian.AppendUint16(tag("curv", 1), uint16(gamma*256))
	return MatrixProfile(append(curve, 0, 0), primaries())
}

// TableProfile is [GammaProfile] with a table of 1024 samples.
func TableProfile(gamma float64) []byte {
	const samples = 1024
	curve := tag("curv", samples)
	for i := range samples {
		curve = binary.BigEndian.AppendUint16(curve, uint16(65535*math.Pow(float64(i)/(samples-1), gamma)))
	}
	return MatrixProfile(curve, primaries())
}

// primaries are those of sRGB.
func primaries() [3][3]float64 {
	return [3][3]float64{
		{0.436066, 0.222488, 0.013916}, {0.385147, 0.716873, 0.097076}, {0.143066, 0.060608, 0.714096},
	}
}

// MatrixProfile returns an ICC profile of one curve for all channels and the colours of red, green and blue in XYZ under D50.
func MatrixProfile(curve []byte, columns [3][3]float64) []byte {
	names := []string{"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"}
	header := make([]byte, 128)
	copy(header[8:], "\x04\x00\x00\x00mntrRGB XYZ ")
	copy(header[36:], "acsp")
	table := binary.BigEndian.AppendUint32(nil, uint32(len(names)))
	var data []byte
	for i, name := range names {
		content := curve
		if i < len(columns) {
			content = tag("XYZ ", fixed(columns[i][0]), fixed(columns[i][1]), fixed(columns[i][2]))
		}
		start := len(header) + 4 + 12*len(names) + len(data)
		table = append(table, name...)
		table = binary.BigEndian.AppendUint32(table, uint32(start))
		table = binary.BigEndian.AppendUint32(table, uint32(len(content)))
		data = append(data, content...)
	}
	profile := slices.Concat(header, table, data)
	binary.BigEndian.PutUint32(profile, uint32(len(profile)))
	return profile
}

func tag(kind string, words ...uint32) []byte {
	data := append([]byte(kind), 0, 0, 0, 0)
	for _, word := range words {
		data = binary.BigEndian.AppendUint32(data, word)
	}
	return data
}

// fixed is a s15Fixed16Number.
func fixed(v float64) uint32 { return uint32(int32(math.Round(v * (1 << 16)))) }
