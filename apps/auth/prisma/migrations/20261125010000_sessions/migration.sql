ALTER TABLE "sessions"
    ADD COLUMN "last_used_at" TIMESTAMPTZ(3),
    ADD COLUMN "address" TEXT,
    ADD COLUMN "user_agent" TEXT;

-- A refresh token was made 30 days before it expires.
UPDATE "sessions" SET
    "address" = '',
    "last_used_at" = coalesce(
        (SELECT max("expires_at") - interval '30 days' FROM "refresh_tokens" WHERE "session_id" = "sessions"."id"),
        "started_at");

ALTER TABLE "sessions"
    ALTER COLUMN "last_used_at" SET NOT NULL,
    ALTER COLUMN "address" SET NOT NULL;

ALTER TABLE "refresh_tokens" ADD COLUMN "salt" BYTEA;

DROP INDEX "sessions_account_id_idx";

CREATE INDEX "sessions_account_id_last_used_at_idx" ON "sessions"("account_id", "last_used_at");
