package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// The states of an image.
const (
	ImageProcessing = "processing"
	ImageReady      = "ready"
	ImageFailed     = "failed"
)

// An Image is a photograph of a hotel or of a room. Guests see it once it is ready.
type Image struct {
	ID          int64     `json:"id" example:"12"`
	HotelID     int64     `json:"hotel_id" example:"7"`
	RoomID      *int64    `json:"room_id" example:"42" description:"Null for an image of the hotel itself."`
	Status      string    `json:"status" enum:"processing,ready,failed"`
	Width       int       `json:"width" description:"Of the photograph as it was sent and is meant to be looked at, in pixels." example:"4000"`
	Height      int       `json:"height" example:"3000"`
	Position    int       `json:"position" description:"Place in the gallery; the first is 1." example:"1"`
	Alt         string    `json:"alt" description:"What the photograph shows, for those who do not see it." example:"The terrace in the evening"`
	Placeholder *string   `json:"placeholder" description:"BlurHash, to be shown until the photograph has arrived." example:"LEHV6nWB2yk8pyo0adR*.7kCMdnj"`
	Variants    []Variant `json:"variants" db:"-" description:"Sizes to choose from, the narrowest first; empty until the image is ready."`
	Error       *string   `json:"error" description:"Why it failed, for people." example:"The file is damaged."`
	CreatedAt   time.Time `json:"created_at"`
}

// A Variant is an image in one size.
type Variant struct {
	Width  int          `json:"width" example:"1000"`
	Height int          `json:"height" example:"750"`
	URL    httpapi.Path `json:"url" description:"What is behind it never changes."`
	Bytes  int64        `json:"bytes" description:"Size of the file." example:"141312"`
}

// ImagePath is below which path the files of images are served.
const ImagePath = "/static/images/"

// ImageInput is the body of the requests that change an image.
type ImageInput struct {
	Position int    `json:"position" required:"true" minimum:"1" maximum:"1000" description:"Place in the gallery. The others move up or down; a place beyond the last is the last." example:"1"`
	Alt      string `json:"alt" maxLength:"500" default:"" description:"What the photograph shows, for those who do not see it." example:"The terrace in the evening"`
}

const tagImages = "Images"

func (s *Service) registerImages(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/images", ID: "listHotelImages", Tag: tagImages, Summary: "List the images of a hotel",
		Description: "In the order of the gallery, with those that are processed or failed. Images of its rooms are not among them.",
		Access:      httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.ListHotelImages)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/rooms/{room_id}/images", ID: "listRoomImages", Tag: tagImages, Summary: "List the images of a room",
		Description: "In the order of the gallery, with those that are processed or failed.",
		Access:      httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.ListRoomImages)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /images/{image_id}", ID: "getImage", Tag: tagImages, Summary: "Get an image",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetImage)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /images/{image_id}", ID: "updateImage", Tag: tagImages, Summary: "Move or describe an image",
		Description: "Managers may do so in the hotels they are assigned to.",
		Access:      auth.Staff, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.UpdateImage)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /images/{image_id}", ID: "deleteImage", Tag: tagImages, Summary: "Delete an image",
		Description: "Its files go soon after. Managers may do so in the hotels they are assigned to.",
		Access:      auth.Staff, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.DeleteImage)
}

// ListHotelImagesParams page the images of a hotel.
type ListHotelImagesParams struct {
	page.Params
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
}

// ListHotelImages returns the images of a hotel itself, page by page.
func (s *Service) ListHotelImages(ctx context.Context, p *ListHotelImagesParams) (*page.List[Image], error) {
	return s.listImages(ctx, p, p.Params, Gallery{HotelID: p.HotelID})
}

// ListRoomImagesParams page the images of a room.
type ListRoomImagesParams struct {
	page.Params
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	RoomID  int64 `path:"room_id" minimum:"1" example:"1" description:"The room type."`
}

// ListRoomImages returns the images of a room, page by page.
func (s *Service) ListRoomImages(ctx context.Context, p *ListRoomImagesParams) (*page.List[Image], error) {
	return s.listImages(ctx, p, p.Params, Gallery{HotelID: p.HotelID, RoomID: p.RoomID})
}

func (s *Service) listImages(ctx context.Context, filters any, params page.Params, g Gallery) (*page.List[Image], error) {
	l := listing{name: "images", filters: filters, page: params, sort: "position", sorts: imageSorts}
	q := newQuery(selectImages+` WHERE i.hotel_id = ? AND coalesce(i.room_id, 0) = ?`, g.HotelID, g.RoomID)
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	rows, err := pg.Collect[imageRow](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	if len(rows) == 0 {
		// An empty gallery and an unknown one look alike up to here.
		if err := g.check(ctx, s.db); err != nil {
			return nil, fmt.Errorf("list images: %w", err)
		}
	}
	return cut(s, l, images(rows), func(i Image) position { return position{ID: int64(i.Position)} })
}

// ImageParams name an image.
type ImageParams struct {
	ID int64 `path:"image_id" minimum:"1" example:"1" description:"The image."`
}

// GetImage returns an image in whatever state it is.
func (s *Service) GetImage(ctx context.Context, p *ImageParams) (*Image, error) {
	image, err := imageByID(ctx, s.db, p.ID)
	if err != nil {
		return nil, fmt.Errorf("get image: %w", err)
	}
	return image, nil
}

func imageByID(ctx context.Context, db querier, id int64) (*Image, error) {
	row, err := pg.One[imageRow](ctx, db, selectImages+` WHERE i.id = $1 AND i.hotel_id IS NOT NULL`, id)
	if err != nil {
		return nil, absent(err)
	}
	return row.image(), nil
}

// UpdateImageParams say what of an image changes.
type UpdateImageParams struct {
	ImageParams
	Body httpapi.Patch[ImageInput]
}

// UpdateImage moves an image within its gallery or describes it anew.
func (s *Service) UpdateImage(ctx context.Context, p *UpdateImageParams) (*Image, error) {
	var image *Image
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockOwnImage(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		in := ImageInput{Position: now.Position, Alt: now.Alt}
		if err := p.Body.Apply(&in); err != nil {
			return err
		}
		if image, err = writeImage(ctx, tx, now, in); err != nil {
			return err
		}
		return recordUpdate(ctx, tx, objectImage, p.ID, now, image)
	})
	if err != nil {
		return nil, fmt.Errorf("update image: %w", err)
	}
	return image, nil
}

// writeImage makes of an image, whose gallery is locked, what in says.
func writeImage(ctx context.Context, tx pgx.Tx, now *Image, in ImageInput) (*Image, error) {
	if _, err := tx.Exec(ctx, updateAlt, now.ID, norm.NFC.String(in.Alt)); err != nil {
		return nil, refused(err)
	}
	if in.Position != now.Position {
		if err := now.gallery().move(ctx, tx, now.ID, in.Position); err != nil {
			return nil, err
		}
	}
	return imageByID(ctx, tx, now.ID)
}

// DeleteImage takes an image out of its gallery. A job of the same transaction removes its files.
func (s *Service) DeleteImage(ctx context.Context, p *ImageParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		image, err := lockOwnImage(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if err := detachImages(ctx, tx, s.jobs, detachImage, image.ID); err != nil {
			return err
		}
		if err := image.gallery().closeGaps(ctx, tx); err != nil {
			return err
		}
		return recordRemoval(ctx, tx, objectImage, image.ID, image)
	})
	if err != nil {
		return nil, fmt.Errorf("delete image: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// lockOwnImage locks the gallery of an image in a hotel that the caller runs, and returns the image if it is what the
// request expects.
func lockOwnImage(ctx context.Context, tx pgx.Tx, id int64) (*Image, error) {
	image, err := imageByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := CheckManager(ctx, tx, image.HotelID); err != nil {
		return nil, err
	}
	if err := image.gallery().Lock(ctx, tx); err != nil {
		return nil, err
	}
	// It may have moved or gone while this waited.
	if image, err = imageByID(ctx, tx, id); err != nil {
		return nil, err
	}
	return image, httpapi.CheckMatch(ctx, image)
}

// gallery is where the image hangs.
func (i *Image) gallery() Gallery {
	g := Gallery{HotelID: i.HotelID}
	if i.RoomID != nil {
		g.RoomID = *i.RoomID
	}
	return g
}

// No two images of a gallery have the same position.
var imageSorts = map[string][]string{"position": {"i.position"}}

// An imageRow is an image as the database returns it.
type imageRow struct {
	Image
	VariantWidths, VariantHeights []int
	VariantBytes                  []int64
	VariantNames                  []string
}

// fields are where the imageColumns go.
func (r *imageRow) fields() []any {
	return []any{
		&r.ID, &r.HotelID, &r.RoomID, &r.Status, &r.Width, &r.Height, &r.Position, &r.Alt,
		&r.Placeholder, &r.Error, &r.CreatedAt, &r.VariantWidths, &r.VariantHeights, &r.VariantBytes, &r.VariantNames,
	}
}

// image completes the fields of r.Image that are not columns.
func (r *imageRow) image() *Image {
	r.Variants = make([]Variant, len(r.VariantNames))
	for i, name := range r.VariantNames {
		r.Variants[i] = Variant{
			Width: r.VariantWidths[i], Height: r.VariantHeights[i], URL: ImagePath + httpapi.Path(name), Bytes: r.VariantBytes[i],
		}
	}
	return &r.Image
}

func images(rows []imageRow) []Image {
	list := make([]Image, len(rows))
	for i := range rows {
		list[i] = *rows[i].image()
	}
	return list
}

const (
	imageColumns = `i.id, i.hotel_id, i.room_id, i.status, i.width, i.height, i.position, i.alt,
	i.placeholder, i.error, i.created_at, i.variant_widths, i.variant_heights, i.variant_bytes, i.variant_names`

	selectImages = `SELECT ` + imageColumns + ` FROM images i`
)

const updateAlt = `UPDATE images SET alt = $2 WHERE id = $1`
