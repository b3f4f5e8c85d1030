-- The inventory and the bookings that hold it.

-- A sparse counter per room type and night; no row means untouched. The CHECK is what makes overbooking
-- impossible. No index may mention booked: it would cost the HOT updates that a busy night lives on.
CREATE TABLE room_nights (
	room_id  bigint   NOT NULL REFERENCES rooms ON DELETE CASCADE,
	night    date     NOT NULL,
	booked   smallint NOT NULL DEFAULT 0,
	capacity smallint NOT NULL,
	price    bigint,
	closed   boolean  NOT NULL DEFAULT false,
	PRIMARY KEY (room_id, night),
	CONSTRAINT room_nights_booked_check CHECK (booked BETWEEN 0 AND capacity),
	CONSTRAINT room_nights_price_check CHECK (price BETWEEN 0 AND 1000000000000),
	CONSTRAINT room_nights_night_check CHECK (night BETWEEN '2000-01-01' AND '2200-01-01')
) WITH (fillfactor = 85);
CREATE INDEX room_nights_price_idx ON room_nights (room_id, night) INCLUDE (price) WHERE price IS NOT NULL;

CREATE TABLE bookings (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	room_id      bigint      NOT NULL REFERENCES rooms,
	hotel_id     bigint      NOT NULL,
	room_title   text        NOT NULL,
	hotel_title  text        NOT NULL,
	-- NULL for a guest without an account.
	user_id      bigint      REFERENCES users,
	date_from    date        NOT NULL,
	date_to      date        NOT NULL,
	nights       smallint    NOT NULL,
	guests       smallint    NOT NULL,
	rooms        smallint    NOT NULL,
	status       text        NOT NULL DEFAULT 'confirmed',
	price        bigint      NOT NULL,
	currency     text        NOT NULL,
	guest_name   text,
	guest_phone  text,
	note         text,
	created_at   timestamptz NOT NULL DEFAULT now(),
	cancelled_at timestamptz,
	CONSTRAINT bookings_stay_check CHECK (date_from < date_to AND date_to <= date_from + 30),
	-- A stay that held fewer nights than it has, because one is closed, is refused whole.
	CONSTRAINT bookings_nights_check CHECK (nights = date_to - date_from),
	CONSTRAINT bookings_guests_check CHECK (guests BETWEEN 1 AND 10000),
	CONSTRAINT bookings_rooms_check CHECK (rooms BETWEEN 1 AND 100),
	CONSTRAINT bookings_price_check CHECK (price >= 0),
	CONSTRAINT bookings_status_check CHECK (status IN ('confirmed', 'cancelled')),
	CONSTRAINT bookings_cancelled_check CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
	CONSTRAINT bookings_guest_name_check CHECK (length(guest_name) <= 200),
	CONSTRAINT bookings_guest_phone_check CHECK (length(guest_phone) <= 32),
	CONSTRAINT bookings_note_check CHECK (length(note) <= 1000)
);
CREATE INDEX bookings_user_id_idx ON bookings (user_id, date_from, id);
CREATE INDEX bookings_hotel_id_idx ON bookings (hotel_id, date_from, id);
CREATE INDEX bookings_room_id_idx ON bookings (room_id, date_from, id);
CREATE INDEX bookings_date_from_idx ON bookings (date_from, id);
CREATE INDEX bookings_cancelled_idx ON bookings (date_from, id) WHERE status = 'cancelled';

-- The ledger: each night that a booking holds, and what it costs for all its rooms. room_nights.booked is
-- the cache of the nights here that were not released.
CREATE TABLE booking_nights (
	booking_id bigint  NOT NULL REFERENCES bookings,
	night      date    NOT NULL,
	price      bigint  NOT NULL,
	released   boolean NOT NULL DEFAULT false,
	PRIMARY KEY (booking_id, night),
	CONSTRAINT booking_nights_price_check CHECK (price >= 0)
);

---- create above / drop below ----

DROP TABLE booking_nights;
DROP TABLE bookings;
DROP TABLE room_nights;
