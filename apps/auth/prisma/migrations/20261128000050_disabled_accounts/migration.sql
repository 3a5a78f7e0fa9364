ALTER TABLE "accounts" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);

-- In byte order, so that the unique index also finds what an address begins with.
ALTER TABLE "accounts" ALTER COLUMN "email" TYPE TEXT COLLATE "C";

CREATE INDEX "accounts_created_at_id_idx" ON "accounts"("created_at", "id");
