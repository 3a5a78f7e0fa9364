ALTER TABLE "sessions" ADD COLUMN "code_failures" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "sessions" ADD COLUMN "code_failed_at" TIMESTAMPTZ(3);
