package imaging

import (
	"image/color"
	"math"
)

// fromXYZ takes XYZ under D50 to linear sRGB: the inverse of the columns of IEC 61966-2-1 after Bradford's adaptation.
func fromXYZ() matrix {
	return matrix{
		{3.1341359, -1.6173863, -0.4906619},
		{-0.9787955, 1.9162544, 0.0334423},
		{0.0719554, -0.2289769, 1.4053860},
	}
}

// conversion takes stored colours of a profile to sRGB by tables and a matrix.
type conversion struct {
	linear  [3][256]float32
	mix     [3][3]float32
	encoded [encodedSteps + 1]uint8
}

const encodedSteps = 1 << 14

// newConversion returns nil when the profile means sRGB, or so nearly that nobody would see the difference.
func newConversion(p *profile) *conversion {
	if p == nil {
		return nil
	}
	c := new(conversion)
	for channel := range c.linear {
		for v := range c.linear[channel] {
			c.linear[channel][v] = float32(p.curves[channel](float64(v) / 255))
		}
	}
	back := fromXYZ()
	for row := range c.mix {
		for column := range c.mix[row] {
			sum := 0.0
			for i := range 3 {
				sum += back[row][i] * p.toXYZ[i][column]
			}
			c.mix[row][column] = float32(sum)
		}
	}
	for i := range c.encoded {
		c.encoded[i] = encodeSRGB(float64(i) / encodedSteps)
	}
	if c.invisible() {
		return nil
	}
	return c
}

// encodeSRGB is the transfer function of IEC 61966-2-1.
func encodeSRGB(linear float64) uint8 {
	if linear <= 0.0031308 {
		return uint8(linear*12.92*255 + 0.5)
	}
	return uint8((1.055*math.Pow(linear, 1/2.4)-0.055)*255 + 0.5)
}

func (c *conversion) convert(red, green, blue uint8) (uint8, uint8, uint8) {
	r, g, b := c.linear[0][red], c.linear[1][green], c.linear[2][blue]
	return c.encode(c.mix[0], r, g, b), c.encode(c.mix[1], r, g, b), c.encode(c.mix[2], r, g, b)
}

// encode cuts off what sRGB has no colour for. The comparisons are such that what is not a number, out of a senseless curve, is 0.
func (c *conversion) encode(mix [3]float32, r, g, b float32) uint8 {
	v := mix[0]*r + mix[1]*g + mix[2]*b
	switch {
	case v >= 1:
		return 255
	case v > 0:
		return c.encoded[int(v*encodedSteps+0.5)]
	default:
		return 0
	}
}

// invisible tells whether no colour of a coarse grid moves by more than two steps.
func (c *conversion) invisible() bool {
	const step, tolerance = 51, 2
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				red, green, blue := c.convert(uint8(r), uint8(g), uint8(b))
				if max(abs(int(red)-r), abs(int(green)-g), abs(int(blue)-b)) > tolerance {
					return false
				}
			}
		}
	}
	return true
}

func abs(n int) int { return max(n, -n) }

// apply converts a picture whose planes are of one size.
func (c *conversion) apply(p *picture) {
	light, blue, red := p.planes[0].pix, p.planes[1].pix, p.planes[2].pix
	for i := range light {
		light[i], blue[i], red[i] = color.RGBToYCbCr(c.convert(color.YCbCrToRGB(light[i], blue[i], red[i])))
	}
}
