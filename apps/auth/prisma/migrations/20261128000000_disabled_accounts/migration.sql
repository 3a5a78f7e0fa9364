ALTER TABLE "accounts" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);

CREATE INDEX "accounts_email_prefix_idx" ON "accounts"("email" text_pattern_ops);

CREATE INDEX "accounts_created_at_id_idx" ON "accounts"("created_at", "id");
