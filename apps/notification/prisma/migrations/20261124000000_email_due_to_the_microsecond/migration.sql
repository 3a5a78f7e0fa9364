-- Rounded to milliseconds, a time could lie up to half a millisecond ahead of the clock that it is compared with.
ALTER TABLE "emails" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
