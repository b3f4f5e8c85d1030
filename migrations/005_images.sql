-- Photographs of hotels and rooms.

CREATE TABLE images (
	id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	-- The gallery: of a hotel, or of one of its rooms. An image in none was removed, and its files are yet to go.
	hotel_id    bigint REFERENCES hotels,
	room_id     bigint REFERENCES rooms,
	position    integer     NOT NULL,
	status      text        NOT NULL DEFAULT 'processing',
	width       integer     NOT NULL,
	height      integer     NOT NULL,
	alt         text        NOT NULL DEFAULT '',
	filename    text        NOT NULL,
	-- Where the store has the file that was uploaded, until it is not needed any more.
	original    text,
	placeholder text,
	-- The files of an image that is ready, the narrowest first. They are read with each hotel and each search, and
	-- nothing is ever looked for by them: a table of their own costs several times as much.
	variant_widths  integer[] NOT NULL DEFAULT '{}',
	variant_heights integer[] NOT NULL DEFAULT '{}',
	variant_bytes   bigint[]  NOT NULL DEFAULT '{}',
	variant_names   text[]    NOT NULL DEFAULT '{}',
	error       text,
	created_at  timestamptz NOT NULL DEFAULT now(),
	removed_at  timestamptz,
	CONSTRAINT images_gallery_check CHECK (CASE WHEN removed_at IS NULL THEN hotel_id IS NOT NULL
		ELSE hotel_id IS NULL AND room_id IS NULL END),
	CONSTRAINT images_position_check CHECK (position > 0),
	CONSTRAINT images_status_check CHECK (status IN ('processing', 'ready', 'failed')),
	CONSTRAINT images_processing_check CHECK (status <> 'processing' OR original IS NOT NULL),
	CONSTRAINT images_error_check CHECK ((status = 'failed') = (error IS NOT NULL)),
	CONSTRAINT images_variants_check CHECK ((status = 'ready') = (cardinality(variant_names) > 0)
		AND cardinality(variant_widths) = cardinality(variant_names) AND cardinality(variant_heights) = cardinality(variant_names)
		AND cardinality(variant_bytes) = cardinality(variant_names)),
	CONSTRAINT images_size_check CHECK (width > 0 AND height > 0),
	CONSTRAINT images_alt_check CHECK (length(alt) <= 500),
	CONSTRAINT images_filename_check CHECK (length(filename) <= 255),
	-- Judged at the end of a transaction, so that images can change places. Those in no gallery are free.
	CONSTRAINT images_position_key EXCLUDE (hotel_id WITH =, coalesce(room_id, 0) WITH =, position WITH =)
		DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX images_room_id_idx ON images (room_id, position) WHERE room_id IS NOT NULL;
CREATE UNIQUE INDEX images_original_key ON images (original) WHERE original IS NOT NULL;
CREATE INDEX images_processing_idx ON images (hotel_id) WHERE status = 'processing';
CREATE INDEX images_removed_idx ON images (id) WHERE hotel_id IS NULL;

---- create above / drop below ----

DROP TABLE images;
