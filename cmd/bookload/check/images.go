package check

import "context"

// liveJob says that River is going to work on a job.
const liveJob = `j.kind = 'image_process' AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`

// imageOfJob is the image that a job is about; NULL if it does not say.
const imageOfJob = `(CASE WHEN j.args->>'image_id' ~ '^[0-9]{1,18}$' THEN (j.args->>'image_id')::bigint END)`

// checkImages looks at the galleries, and at the jobs that process photographs.
func (d *database) checkImages(ctx context.Context) error {
	if err := d.survey(ctx, photographs,
		must{
			ruleImageOtherHotel, "room_hotel IS NULL OR hotel_id = room_hotel",
			"format('image %s: hotel %s, and its room %s is of hotel %s', id, hotel_id, room_id, room_hotel)",
		},
		must{
			rulePositionTwice, "alike = 1 OR hotel_id IS NULL",
			"format('image %s: hotel %s, room %s, position %s', id, hotel_id, coalesce(room_id::text, 'none'), position)",
		},
		must{
			// A minute, because an upload may be under way.
			ruleImageStuck, "status <> 'processing' OR hotel_id IS NULL OR has_job OR created_at > now() - interval '1 minute'",
			"format('image %s: processing since %s', id, created_at)",
		},
		must{
			ruleVariantsWrong, `variant_widths = ARRAY(SELECT DISTINCT w FROM unnest(variant_widths) AS w WHERE w > 0 ORDER BY w)
				AND 0 < ALL (variant_heights) AND 0 < ALL (variant_bytes) AND '' <> ALL (variant_names)`,
			"format('image %s: widths %s, heights %s, bytes %s', id, variant_widths, variant_heights, variant_bytes)",
		}); err != nil {
		return err
	}
	return d.survey(ctx, imageJobs,
		must{ruleJobNotUnderstood, "image_id IS NOT NULL", "format('job %s: %s', id, args)"},
		must{ruleJobWithoutImage, "image_id IS NULL OR found", "format('job %s: image %s', id, image_id)"})
}

const (
	photographs = `(
WITH jobs AS MATERIALIZED (SELECT DISTINCT ` + imageOfJob + ` AS image_id FROM river_job j WHERE ` + liveJob + `)
SELECT i.*, r.hotel_id AS room_hotel, j.image_id IS NOT NULL AS has_job, count(*) OVER (PARTITION BY i.hotel_id, i.room_id, i.position) AS alike
FROM images i LEFT JOIN rooms r ON r.id = i.room_id LEFT JOIN jobs j ON j.image_id = i.id) AS s`

	imageJobs = `(
SELECT j.id, j.args, ` + imageOfJob + ` AS image_id, EXISTS (SELECT FROM images i WHERE i.id = ` + imageOfJob + `) AS found
FROM river_job j WHERE ` + liveJob + `) AS s`
)
