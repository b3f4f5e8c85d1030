-- Takes one request from a bucket.
--
-- KEYS[1] holds the instant at which the bucket will be full, in microseconds since 1970 of this server's clock.
-- There is no key for a full bucket. ARGV is what one request takes to be earned, in microseconds, and how many the
-- bucket holds. The answer is the room that is left, as the microseconds that it took to earn; or what the request
-- must wait, as a negative number.

local interval, quota = tonumber(ARGV[1]), tonumber(ARGV[2])
local capacity = interval * quota
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local full = tonumber(redis.call('GET', KEYS[1]) or now)
-- A clock that was set back, or a quota that was larger, must not lock anybody out for longer than a window.
full = math.min(math.max(full, now), now + capacity)

local left = now + capacity - full - interval
if left < 0 then
  return left
end
full = full + interval
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return left
