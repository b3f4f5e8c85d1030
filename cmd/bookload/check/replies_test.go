package check_test

// reply changes the stored reply of a key.
func reply(key, change string) string {
	return "UPDATE idempotency_keys SET " + change + " WHERE key = '" + key + "'"
}

// forged changes the body of a stored reply and makes the entity tag fit.
func forged(key, from, to string) string {
	return script(reply(key, "body = convert_to(replace(convert_from(body, 'UTF8'), '"+from+"', '"+to+"'), 'UTF8')"),
		reply(key, `etag = '"' || translate(rtrim(encode(substring(sha256(body) FOR 16), 'base64'), '='), '+/', '-_') || '"'`))
}

// replyDamages are those of the stored replies, of photographs and of their jobs.
func replyDamages() []damage {
	const waits = "WHERE filename = 'waits.jpg'"
	return []damage{
		{name: "ReplyDeleted", sql: "DELETE FROM idempotency_keys WHERE key = 'bob-40'", want: "reply_missing"},
		{name: "ReplyToUploadDeleted", sql: "DELETE FROM idempotency_keys WHERE key = 'photo-1'", want: "reply_missing"},
		{name: "ReplyOfAnotherKey", sql: reply("bob-40", "key = 'bob-41'"), want: "reply_missing"},
		{name: "ReplyOfAnotherCaller", sql: reply("bob-40", "caller = '1'"), want: "reply_differs reply_missing"},
		{name: "ReplyOfAnotherCallerThanStaff", sql: reply("staff-90", "caller = '1'"), want: "reply_differs"},
		{name: "RepliesSwapped", sql: "UPDATE idempotency_keys k SET body = o.body, etag = o.etag, location = o.location, created_at = o.created_at FROM idempotency_keys o" +
			" WHERE k.key IN ('ann-30', 'ann-31') AND o.key IN ('ann-30', 'ann-31') AND o.key <> k.key", want: "reply_differs"},
		{name: "ReplyWithAnotherStatus", sql: reply("bob-40", "status = 200"), want: "reply_damaged"},
		{name: "ReplyToUploadWithAnotherStatus", sql: reply("photo-1", "status = 201"), want: "reply_differs"},
		{name: "ReplyWithAnError", sql: without("idempotency_keys", "idempotency_keys_status_check", reply("bob-40", "status = 500")), want: "check_broken reply_damaged schema_differs"},
		{name: "ReplyWithAnotherLocation", sql: reply("bob-40", "location = '/bookings/' || "+booking("ann-30")), want: "reply_differs reply_twice"},
		{name: "ReplyToNothing", sql: reply("bob-40", "location = '/bookings/999999'"), want: "reply_differs reply_without_booking"},
		{name: "ReplyWithoutLocation", sql: reply("bob-40", "location = ''"), want: "reply_damaged reply_differs"},
		{name: "ReplyWithAnotherTag", sql: reply("bob-40", `etag = '"AAAAAAAAAAAAAAAAAAAAAA"'`), want: "reply_damaged"},
		{name: "ReplyWithoutTag", sql: reply("bob-40", "etag = ''"), want: "reply_damaged"},
		{name: "ReplyWithABitTurned", sql: reply("bob-40", "body = set_bit(body, 100, 1 - get_bit(body, 100))"), want: "reply_damaged reply_differs"},
		{name: "ReplyWithoutBody", sql: reply("bob-40", "body = ''"), want: "reply_damaged reply_differs"},
		{name: "ReplyForged", sql: forged("bob-40", `"price":20000`, `"price":20001`), want: "reply_differs"},
		{name: "ReplyWithAnotherReference", sql: script(reply("bob-40", `body = convert_to(regexp_replace(convert_from(body, 'UTF8'), '"reference":"[^"]*"', '"reference":"00000000"'), 'UTF8')`),
			forged("bob-40", "x", "x")), want: "reply_differs"},
		{name: "ReplyAndBookingWithAnotherNote", sql: script(set("bob-40", "note = 'soon'"), forged("bob-40", `"note":"late"`, `"note":"soon"`)), want: "reply_differs"},
		{name: "ReplyThatIsCancelled", sql: forged("ann-30", `"confirmed"`, `"cancelled"`), want: "reply_differs"},
		{name: "ReplyToUploadForged", sql: forged("photo-1", `"items":[{"id":`, `"items":[{"id":9`), want: "reply_differs"},
		{name: "ReplyWithAShortFingerprint", sql: reply("bob-40", "fingerprint = substring(fingerprint FOR 31)"), want: "reply_damaged"},
		{name: "ReplyAgedBeforeItsTime", sql: reply("bob-40", "created_at = created_at - interval '23 hours'"), want: "reply_differs"},
		{name: "ReplyOfTomorrow", sql: reply("photo-1", "created_at = now() + interval '1 day'"), want: "reply_damaged"},
		{name: "ReplyAtNoTime", sql: reply("photo-1", "created_at = 'infinity'"), want: "reply_damaged"},
		{name: "ReplyTwice", sql: insertCopy("idempotency_keys", "caller, key, fingerprint, status, location, etag, body, created_at",
			"caller, 'again', fingerprint, status, location, etag, body, created_at", "key = 'bob-40'"), want: "reply_twice"},
		{name: "ReplyToABookingThatNeverWas", sql: script(insertCopy("idempotency_keys", "caller, key, fingerprint, status, location, etag, body",
			"caller, 'again', fingerprint, 201, '/bookings/999999', etag, body", "key = 'photo-1'"), forged("again", "x", "x")), want: "reply_without_booking"},
		{name: "KeyTwice", sql: without("idempotency_keys", "idempotency_keys_pkey", insertCopy("idempotency_keys", "caller, key, fingerprint, status, location, etag, body, created_at",
			"caller, key, fingerprint, status, location, etag, body, created_at", "key = 'photo-1'")), want: "key_twice schema_differs"},

		{name: "ImageGone", sql: "DELETE FROM images WHERE id = (SELECT min(id) FROM images)", want: "image_missing"},
		{name: "ImageRemoved", sql: "UPDATE images SET hotel_id = NULL, removed_at = now() WHERE id = (SELECT min(id) FROM images)", want: "image_missing"},
		{name: "ImageOfAnotherHotel", sql: "UPDATE images SET hotel_id = (SELECT id FROM hotels WHERE title = 'Empty-Inn') WHERE id = (SELECT min(id) FROM images)", want: "image_missing"},
		{name: "ImageOfARoomOfAnotherHotel", sql: "UPDATE images SET hotel_id = (SELECT id FROM hotels WHERE title = 'Empty-Inn') " + waits, want: "image_of_another_hotel"},
		{name: "ImageOfNoRoom", sql: unhindered("UPDATE images SET room_id = -1 " + waits), want: "reference_broken"},
		{name: "ImageFailed", sql: "UPDATE images SET status = 'failed', error = 'gone', variant_names = '{}', variant_widths = '{}', variant_heights = '{}', variant_bytes = '{}' WHERE id = (SELECT min(id) FROM images)",
			want: "image_failed"},
		{name: "ImageBackToProcessing", sql: "UPDATE images SET status = 'processing', original = 'x', created_at = now() - interval '1 hour', variant_names = '{}', variant_widths = '{}', variant_heights = '{}', variant_bytes = '{}'" +
			" WHERE id = (SELECT min(id) FROM images)", want: "image_stuck"},
		{name: "ImageWithoutVariants", sql: without("images", "images_variants_check", "UPDATE images SET variant_names = '{}' WHERE id = (SELECT min(id) FROM images)"), want: "check_broken schema_differs"},
		{name: "VariantsUpsideDown", sql: "UPDATE images SET variant_widths = '{300,200}' WHERE id = (SELECT min(id) FROM images)", want: "image_variants_wrong"},
		{name: "VariantWithoutBytes", sql: "UPDATE images SET variant_bytes[1] = 0 WHERE id = (SELECT min(id) FROM images)", want: "image_variants_wrong"},
		{name: "PositionTwice", sql: without("images", "images_position_key", "UPDATE images SET position = 1 WHERE position = 2"), want: "image_position_twice schema_differs"},
		{name: "JobGone", sql: "DELETE FROM river_job WHERE state = 'retryable'", want: "image_stuck"},
		{name: "JobGivenUp", sql: "UPDATE river_job SET state = 'discarded', finalized_at = now() WHERE state = 'retryable'", want: "image_stuck"},
		{name: "JobOfAnotherKind", sql: "UPDATE river_job SET kind = 'image_forget' WHERE state = 'retryable'", want: "image_stuck"},
		{name: "JobOfAnotherImage", sql: `UPDATE river_job SET args = '{"image_id": 999999}' WHERE state = 'retryable'`, want: "image_stuck job_without_image"},
		{name: "JobOfNothing", sql: `UPDATE river_job SET args = '{}' WHERE state = 'retryable'`, want: "image_stuck job_not_understood"},
		{name: "JobTooMany", sql: `INSERT INTO river_job (kind, queue, args, max_attempts) VALUES ('image_process', 'images', '{"image_id": 999999}', 12)`, want: "job_without_image"},
		{name: "JobTooManyOfNothing", sql: `INSERT INTO river_job (kind, queue, args, max_attempts) VALUES ('image_process', 'images', '{}', 12)`, want: "job_not_understood"},
	}
}

// schemaDamages are those of the schema and the settings.
func schemaDamages() []damage {
	found := []damage{
		{name: "UnsafeDatabase", sql: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`, want: "unsafe_setting"},
		{name: "SequenceBehind", sql: "SELECT setval(pg_get_serial_sequence('bookings', 'id'), 1)", want: "sequence_behind"},
		{name: "SequenceOfJobsBehind", sql: "SELECT setval('river_job_id_seq', 1)", want: "sequence_behind"},
		{name: "PassesOverDamage", sql: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET zero_damaged_pages = on', current_database()); END $$`, want: "unsafe_setting"},
		{name: "TableGone", sql: "DROP TABLE images", want: "schema_differs unreadable"},
		{name: "TableOfManagersGone", sql: "DROP TABLE hotel_managers", want: "schema_differs unreadable"},
		{name: "NoIdentity", sql: "ALTER TABLE bookings ALTER id DROP IDENTITY", want: "schema_differs sequence_behind"},
	}
	for name, sql := range map[string]string{
		"NoCheckOfTheCounter":     drop("room_nights", "room_nights_booked_check"),
		"WeakerCheckOfTheCounter": script(drop("room_nights", "room_nights_booked_check"), "ALTER TABLE room_nights ADD CONSTRAINT room_nights_booked_check CHECK (booked >= 0)"),
		"CheckNotValid":           script(drop("room_nights", "room_nights_booked_check"), "ALTER TABLE room_nights ADD CONSTRAINT room_nights_booked_check CHECK (booked BETWEEN 0 AND capacity) NOT VALID"),
		"NoCheckOfTheNights":      drop("bookings", "bookings_nights_check"),
		"NoKeyOfCounters":         drop("room_nights", "room_nights_pkey"),
		"NoKeyOfNights":           drop("booking_nights", "booking_nights_pkey"),
		"NoKeyOfReplies":          drop("idempotency_keys", "idempotency_keys_pkey"),
		"NoKeyOfBookings":         "ALTER TABLE bookings DROP CONSTRAINT bookings_pkey CASCADE",
		"NoReferenceToBookings":   drop("booking_nights", "booking_nights_booking_id_fkey"),
		"ReferenceOff":            "ALTER TABLE booking_nights DISABLE TRIGGER ALL",
		"NoPositionsOfImages":     drop("images", "images_position_key"),
		"NoIndex":                 "DROP INDEX bookings_user_id_idx",
		"IndexOff":                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'room_nights_pkey'::regclass",
		"IndexOnlyForSome":        script("DROP INDEX users_email_key", "CREATE UNIQUE INDEX users_email_key ON users (lower(email)) WHERE id > 1000"),
		"UnloggedBookings":        "ALTER TABLE idempotency_keys SET UNLOGGED",
		"HiddenRows":              "ALTER TABLE bookings ENABLE ROW LEVEL SECURITY",
		"NullsAllowed":            "ALTER TABLE bookings ALTER price DROP NOT NULL",
		"AnotherDefault":          "ALTER TABLE bookings ALTER status SET DEFAULT 'cancelled'",
		"AnotherType":             "ALTER TABLE bookings ALTER note TYPE varchar(1000)",
		"ConstraintOfSomebody":    "ALTER TABLE bookings ADD CONSTRAINT few CHECK (id < 1000000)",
		"TriggerOfSomebody":       script("CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", "CREATE TRIGGER swallow BEFORE INSERT ON booking_nights FOR EACH ROW EXECUTE FUNCTION swallow()"),
		"RuleOfSomebody":          "CREATE RULE swallow AS ON DELETE TO idempotency_keys DO INSTEAD NOTHING",
		"ClaimWithoutLock":        "CREATE OR REPLACE FUNCTION claim_idempotency_key(of_caller text, of_key text) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'",
		"SequenceThatEndsSoon":    "ALTER SEQUENCE bookings_id_seq MAXVALUE 1000000",
		"SequenceInCycles":        "ALTER SEQUENCE bookings_id_seq CYCLE",
		"SequenceBackwards":       "ALTER SEQUENCE images_id_seq INCREMENT BY -1",
		"IDsOfOnesOwn":            "ALTER TABLE bookings ALTER id SET GENERATED BY DEFAULT",
		"KeysThatLookAlike":       `ALTER TABLE idempotency_keys ALTER key TYPE text COLLATE "POSIX"`,
		"KeyJudgedLate":           "UPDATE pg_index SET indimmediate = false WHERE indexrelid = 'idempotency_keys_pkey'::regclass",
		"RowsWithoutKeys":         script("CREATE TABLE aside () INHERITS (room_nights)", "WITH moved AS (DELETE FROM ONLY room_nights RETURNING *) INSERT INTO aside TABLE moved"),
		"ClaimElsewhere":          "ALTER FUNCTION claim_idempotency_key SET search_path = pg_temp",
		"LogThatForgets":          "CREATE RULE swallow AS ON INSERT TO audit_log DO INSTEAD NOTHING",
		"NoClaim":                 "DROP FUNCTION claim_idempotency_key",
	} {
		found = append(found, damage{name: name, sql: sql, want: "schema_differs"})
	}
	return found
}
