-- The tables of River, which runs the jobs. River brings the statements itself, and each of its versions needs a
-- transaction of its own: a value added to an enum cannot be used before it is committed. So these lines are no
-- SQL: river.go does what they say. A newer River gets a file of its own, so that databases of any age get it.
RIVER 8
---- create above / drop below ----
RIVER 0
