// Package media takes photographs of hotels and rooms, makes of each the sizes that guests look at, and serves them.
//
// An upload is answered as soon as the files are in the store and their rows, together with the jobs that process
// them, in the database. What a file is, how large, and whether it can be a photograph at all is judged before;
// whatever only decoding finds is found by the worker, and the image fails with a reason.
//
// The rows belong to package catalog, as hotels and rooms show their images. The files belong to this package:
// those that were uploaded, under keys of their own until they are processed, and those that are served, under names
// made from their content, which never change. A file is written before a row tells of it, and removed before its
// row is; what a crash leaves between is found by a sweep.
package media

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

// Config is what a Service needs beside the database.
type Config struct {
	// Store keeps the files.
	Store storage.Store
	// Jobs queues the processing of what is uploaded.
	Jobs *jobs.Client
	// MaxFileSize is how many bytes a file may have.
	MaxFileSize int64
	// TempDir keeps uploads while they arrive; the system's directory for temporary files when empty.
	TempDir string
	// Metrics takes the counters of images and files.
	Metrics prometheus.Registerer
	Log     *slog.Logger
}

// Service serves uploads and files, and works on the jobs that they cause.
type Service struct {
	db       *pgxpool.Pool
	store    storage.Store
	jobs     *jobs.Client
	maxFile  int64
	tempDir  string
	renderer *imaging.Renderer
	uploads  *admission
	// inspections is how many files are judged at a time.
	inspections *semaphore.Weighted
	metrics     metrics
	log         *slog.Logger
}

// New returns a Service on db.
func New(db *pgxpool.Pool, c Config) *Service {
	return &Service{
		db: db, store: c.Store, jobs: c.Jobs, maxFile: c.MaxFileSize, tempDir: c.TempDir, log: c.Log,
		renderer: imaging.NewRenderer(imaging.Config{}),
		uploads:  newAdmission(), inspections: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))),
		metrics: newMetrics(c.Metrics),
	}
}

const (
	tagImages = "Images"
	maxFiles  = 10
	// uploadTimeout is enough for ten photographs over a slow line.
	uploadTimeout = 5 * time.Minute
	// formOverhead is what the form around the files may take.
	formOverhead = 1 << 20
)

// Register mounts the endpoints on api.
func (s *Service) Register(api *httpapi.API) {
	const description = "One to ten photographs, JPEG, PNG, WebP or GIF, as parts called `file`: all of them are taken, or none. " +
		"They are answered at once and processed in the background: see `status`. " +
		"Managers may do so in the hotels they are assigned to."
	kinds := []errs.Kind{errs.NotFound, catalog.TooManyImages, catalog.TooManyUploads}
	maxBody := maxFiles*s.maxFile + formOverhead
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /hotels/{hotel_id}/images", ID: "uploadHotelImages", Tag: tagImages, Summary: "Upload images of a hotel",
		Description: description, Access: auth.Staff, Idempotent: true, Status: http.StatusAccepted, Errors: kinds,
		Timeout: uploadTimeout, MaxBody: maxBody,
	}, s.UploadHotelImages)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /hotels/{hotel_id}/rooms/{room_id}/images", ID: "uploadRoomImages", Tag: tagImages, Summary: "Upload images of a room",
		Description: description, Access: auth.Staff, Idempotent: true, Status: http.StatusAccepted, Errors: kinds,
		Timeout: uploadTimeout, MaxBody: maxBody,
	}, s.UploadRoomImages)
	s.registerFiles(api)
}
