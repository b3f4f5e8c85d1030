-- Countries, cities, facilities, hotels, rooms, and who manages which hotel.

CREATE TABLE countries (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name     text NOT NULL,
	iso_code text NOT NULL,
	currency text NOT NULL,
	CONSTRAINT countries_name_check CHECK (length(name) BETWEEN 1 AND 100),
	CONSTRAINT countries_iso_code_check CHECK (iso_code ~ '^[A-Z]{2}$'),
	CONSTRAINT countries_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE UNIQUE INDEX countries_name_key ON countries (lower(name));
CREATE UNIQUE INDEX countries_iso_code_key ON countries (iso_code);
CREATE INDEX countries_sort_name_idx ON countries (name, id);
CREATE INDEX countries_name_trgm_idx ON countries USING gin (lower(name) gin_trgm_ops);

CREATE TABLE cities (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	country_id bigint NOT NULL REFERENCES countries,
	region     text,
	name       text   NOT NULL,
	latitude   double precision,
	longitude  double precision,
	time_zone  text   NOT NULL,
	population integer,
	CONSTRAINT cities_name_check CHECK (length(name) BETWEEN 1 AND 100),
	CONSTRAINT cities_region_check CHECK (length(region) BETWEEN 1 AND 100),
	CONSTRAINT cities_location_check CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
	CONSTRAINT cities_location_whole_check CHECK ((latitude IS NULL) = (longitude IS NULL)),
	CONSTRAINT cities_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
	CONSTRAINT cities_population_check CHECK (population >= 0)
);
CREATE UNIQUE INDEX cities_name_key ON cities (country_id, lower(region), lower(name)) NULLS NOT DISTINCT;
CREATE INDEX cities_country_id_idx ON cities (country_id, id);
CREATE INDEX cities_sort_name_idx ON cities (name, id);
CREATE INDEX cities_country_name_idx ON cities (country_id, name, id);
CREATE INDEX cities_name_trgm_idx ON cities USING gin (lower(name) gin_trgm_ops);

CREATE TABLE facilities (
	id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	title text NOT NULL,
	CONSTRAINT facilities_title_check CHECK (length(title) BETWEEN 1 AND 100)
);
CREATE UNIQUE INDEX facilities_title_key ON facilities (lower(title));
CREATE INDEX facilities_sort_title_idx ON facilities (title, id);
CREATE INDEX facilities_title_trgm_idx ON facilities USING gin (lower(title) gin_trgm_ops);

CREATE TABLE hotels (
	id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	city_id        bigint   NOT NULL REFERENCES cities,
	title          text     NOT NULL,
	description    text     NOT NULL DEFAULT '',
	stars          smallint NOT NULL DEFAULT 0,
	address        text     NOT NULL,
	postal_code    text,
	latitude       double precision,
	longitude      double precision,
	time_zone      text     NOT NULL,
	currency       text     NOT NULL,
	check_in_time  time     NOT NULL DEFAULT '14:00',
	check_out_time time     NOT NULL DEFAULT '12:00',
	archived_at    timestamptz,
	CONSTRAINT hotels_title_check CHECK (length(title) BETWEEN 1 AND 100),
	CONSTRAINT hotels_description_check CHECK (length(description) <= 5000),
	CONSTRAINT hotels_stars_check CHECK (stars BETWEEN 0 AND 5),
	CONSTRAINT hotels_address_check CHECK (length(address) BETWEEN 1 AND 300),
	CONSTRAINT hotels_postal_code_check CHECK (length(postal_code) BETWEEN 1 AND 20),
	CONSTRAINT hotels_location_check CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
	CONSTRAINT hotels_location_whole_check CHECK ((latitude IS NULL) = (longitude IS NULL)),
	CONSTRAINT hotels_time_zone_check CHECK (length(time_zone) BETWEEN 1 AND 64),
	CONSTRAINT hotels_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
	-- The target of the rooms' foreign key, which keeps their copies of city and currency true.
	CONSTRAINT hotels_place_key UNIQUE (id, city_id, currency)
);
CREATE UNIQUE INDEX hotels_title_key ON hotels (city_id, lower(title)) WHERE archived_at IS NULL;
-- Whole, because the foreign key asks for archived hotels too when a city is deleted.
CREATE INDEX hotels_city_id_idx ON hotels (city_id, id);
CREATE INDEX hotels_sort_title_idx ON hotels (title, id) WHERE archived_at IS NULL;
CREATE INDEX hotels_city_title_idx ON hotels (city_id, title, id) WHERE archived_at IS NULL;
CREATE INDEX hotels_stars_idx ON hotels (stars, id) WHERE archived_at IS NULL;
CREATE INDEX hotels_title_trgm_idx ON hotels USING gin (lower(title) gin_trgm_ops) WHERE archived_at IS NULL;
-- The planner takes no statistics of an expression from a partial index; without any it believes every
-- substring to be rare.
CREATE STATISTICS hotels_title_stats ON lower(title) FROM hotels;
CREATE INDEX hotels_location_idx ON hotels USING gist (point(longitude, latitude)) WHERE archived_at IS NULL;

CREATE TABLE hotel_facilities (
	hotel_id    bigint NOT NULL REFERENCES hotels ON DELETE CASCADE,
	facility_id bigint NOT NULL REFERENCES facilities ON DELETE CASCADE,
	PRIMARY KEY (hotel_id, facility_id)
);
CREATE INDEX hotel_facilities_facility_id_idx ON hotel_facilities (facility_id, hotel_id);

CREATE TABLE hotel_managers (
	hotel_id bigint NOT NULL REFERENCES hotels ON DELETE CASCADE,
	user_id  bigint NOT NULL REFERENCES users,
	PRIMARY KEY (hotel_id, user_id)
);
CREATE INDEX hotel_managers_user_id_idx ON hotel_managers (user_id, hotel_id);

-- A room type of a hotel: quantity of them exist. City and currency are copies of the hotel's, which the
-- foreign key keeps; with them the search walks the rooms of a city by price without reading its hotels.
-- price_floor and price_ceiling bound every nightly price from today on and the room's own price.
CREATE TABLE rooms (
	id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hotel_id      bigint   NOT NULL,
	city_id       bigint   NOT NULL,
	currency      text     NOT NULL,
	title         text     NOT NULL,
	description   text     NOT NULL DEFAULT '',
	price         bigint   NOT NULL,
	price_floor   bigint   NOT NULL,
	price_ceiling bigint   NOT NULL,
	quantity      smallint NOT NULL,
	max_guests    smallint NOT NULL,
	archived_at   timestamptz,
	CONSTRAINT rooms_hotel_fkey FOREIGN KEY (hotel_id, city_id, currency)
		REFERENCES hotels (id, city_id, currency) ON UPDATE CASCADE ON DELETE CASCADE,
	CONSTRAINT rooms_title_check CHECK (length(title) BETWEEN 1 AND 100),
	CONSTRAINT rooms_description_check CHECK (length(description) <= 5000),
	CONSTRAINT rooms_price_check CHECK (price BETWEEN 0 AND 1000000000000),
	CONSTRAINT rooms_price_bounds_check CHECK (price_floor <= price AND price <= price_ceiling),
	CONSTRAINT rooms_quantity_check CHECK (quantity BETWEEN 0 AND 10000),
	CONSTRAINT rooms_max_guests_check CHECK (max_guests BETWEEN 1 AND 100)
);
CREATE INDEX rooms_hotel_id_idx ON rooms (hotel_id, id);
-- The last column of each answers a limit on the price without reading the room.
CREATE INDEX rooms_cheapest_idx ON rooms (city_id, currency, price_floor, id, price_ceiling) WHERE archived_at IS NULL;
CREATE INDEX rooms_dearest_idx ON rooms (city_id, currency, price_ceiling, id, price_floor) WHERE archived_at IS NULL;

CREATE TABLE room_facilities (
	room_id     bigint NOT NULL REFERENCES rooms ON DELETE CASCADE,
	facility_id bigint NOT NULL REFERENCES facilities ON DELETE CASCADE,
	PRIMARY KEY (room_id, facility_id)
);
CREATE INDEX room_facilities_facility_id_idx ON room_facilities (facility_id, room_id);

---- create above / drop below ----

DROP TABLE room_facilities;
DROP TABLE rooms;
DROP TABLE hotel_managers;
DROP TABLE hotel_facilities;
DROP TABLE hotels;
DROP TABLE facilities;
DROP TABLE cities;
DROP TABLE countries;
