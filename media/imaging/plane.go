package imaging

// picture is a photograph in three planes: light, and the two differences of colour (Y, Cb and Cr of JFIF).
type picture struct {
	width, height int
	planes        [3]plane
}

// plane holds the samples of one channel row by row.
type plane struct {
	pix           []byte
	stride        int
	width, height int
	// view is the part of the samples that the picture covers. Its edges fall between samples when the size of the picture is no
	// multiple of what was taken together.
	view rect
}

// rect is measured in samples.
type rect struct{ left, top, width, height float64 }

func newPlane(width, height int, view rect) plane {
	return plane{pix: make([]byte, width*height), stride: width, width: width, height: height, view: view}
}

// row returns the samples of row y.
func (p *plane) row(y int) []byte { return p.pix[y*p.stride:][:p.width] }

// turn is a way to lay a picture upright: first mirrored on its diagonal, then left to right, then upside down.
type turn struct{ diagonal, mirror, flip bool }

// turnOf is the turn for an EXIF orientation.
func turnOf(orientation int) turn {
	return turn{
		diagonal: orientation >= 5,
		mirror:   orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7,
		flip:     orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8,
	}
}

// turned returns the picture laid upright.
func (p *picture) turned(t turn) *picture {
	if t == (turn{}) {
		return p
	}
	upright := &picture{width: p.width, height: p.height}
	if t.diagonal {
		upright.width, upright.height = p.height, p.width
	}
	for i := range p.planes {
		upright.planes[i] = p.planes[i].turned(t)
	}
	return upright
}

// turned copies the plane, walking the source with a step for the next sample and a step for the next row.
func (p *plane) turned(t turn) plane {
	width, height, view, right, down, start := p.width, p.height, p.view, 1, p.stride, 0
	if t.diagonal {
		width, height, right, down = height, width, down, right
		view = rect{left: view.top, top: view.left, width: view.height, height: view.width}
	}
	if t.mirror {
		start, right = start+(width-1)*right, -right
		view.left = float64(width) - view.left - view.width
	}
	if t.flip {
		start, down = start+(height-1)*down, -down
		view.top = float64(height) - view.top - view.height
	}
	turned := newPlane(width, height, view)
	for y := range height {
		from := start + y*down
		for x := range turned.row(y) {
			turned.pix[y*width+x] = p.pix[from]
			from += right
		}
	}
	return turned
}
