package load

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// maxPhotos is how many photographs a hotel is given: fewer than a gallery holds, so that all are taken.
const maxPhotos = 45

// look has staff look at the nights that everyone wants. Without an admin it is a guest that looks for free rooms.
func (u *user) look(ctx context.Context, t *turn) {
	if u.staff == nil {
		u.freeRooms(ctx, t)
		return
	}
	from := u.world.today.AddDays(hotFrom)
	intent := ledger.Intent{Kind: ledger.Look, RoomID: u.world.hot.ID, HotelID: u.world.hot.HotelID, DateFrom: from, DateTo: from.AddDays(hotNights)}
	outcome, answer := u.do(ctx, t, u.staff, &intent, client.Request{
		Op: "nights", Method: http.MethodGet, Path: client.NightsPath(intent.HotelID, intent.RoomID, intent.DateFrom, intent.DateTo),
	})
	if outcome == nil {
		return
	}
	if outcome.Result == ledger.Done {
		outcome.Nights, _ = client.DecodeItems[ledger.Night](answer)
	}
	u.finish(outcome)
}

// upload has staff send one or two photographs of a hotel of this run's own. Once all hotels have enough, or without
// an admin, somebody looks at a hotel instead.
func (u *user) upload(ctx context.Context, t *turn) {
	n := 1 + t.random.IntN(2)
	hotel, found := u.world.galleries.reserve(n)
	if !found {
		u.hotel(ctx, t)
		return
	}
	raw, contentType := form(u.photos, t.random.IntN(len(u.photos)), n)
	outcome, answer := u.do(ctx, t, u.staff, &ledger.Intent{Kind: ledger.Upload, HotelID: hotel}, client.Request{
		Op: "upload", Method: http.MethodPost, Path: fmt.Sprintf("/hotels/%d/images", hotel),
		Key: fmt.Sprintf("%s-photo-%d", u.config.Run, u.uploads.Add(1)), Raw: raw, ContentType: contentType,
	})
	if outcome == nil {
		return
	}
	if outcome.Result == ledger.Done {
		images, _ := client.DecodeItems[client.Image](answer)
		for _, i := range images {
			outcome.Images = append(outcome.Images, i.ID)
		}
	}
	u.finish(outcome)
}

// form returns the body of an upload of n photographs, beginning with that of a number, and its media type.
func form(photos [][]byte, first, n int) (body []byte, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b) // Writing to a buffer does not fail.
	for i := range n {
		part, _ := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="photo-%d.jpg"`, i)},
			"Content-Type":        {"image/jpeg"},
		})
		_, _ = part.Write(photos[(first+i)%len(photos)])
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

// photographs makes a few small ones that differ.
func photographs() [][]byte {
	photos := make([][]byte, 4)
	for n := range photos {
		picture := image.NewRGBA(image.Rect(0, 0, 320, 240))
		for x := range 320 {
			for y := range 240 {
				picture.Set(x, y, color.RGBA{R: uint8(x * (n + 1)), G: uint8(y * 3), B: uint8(x ^ y), A: 255})
			}
		}
		var b bytes.Buffer
		_ = jpeg.Encode(&b, picture, &jpeg.Options{Quality: 60}) // Writing to a buffer does not fail.
		photos[n] = b.Bytes()
	}
	return photos
}
