ALTER TABLE "accounts"
    ADD COLUMN "locale" TEXT NOT NULL DEFAULT 'en-GB',
    ADD COLUMN "avatar_url" TEXT;

ALTER TABLE "accounts" ALTER COLUMN "locale" DROP DEFAULT;

CREATE TABLE "registrations" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "registrations_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "registrations_email_idx" ON "registrations"("email");

CREATE INDEX "registrations_expires_at_idx" ON "registrations"("expires_at");

CREATE TABLE "account_emails" (
    "id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "account_id" UUID,
    "change_id" UUID,
    "new_email" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL,

    CONSTRAINT "account_emails_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "account_emails_address_created_at_idx" ON "account_emails"("address", "created_at");

CREATE INDEX "account_emails_account_id_idx" ON "account_emails"("account_id");

CREATE INDEX "account_emails_change_id_idx" ON "account_emails"("change_id");

CREATE INDEX "account_emails_expires_at_idx" ON "account_emails"("expires_at");

CREATE TABLE "account_email_tokens" (
    "hash" BYTEA NOT NULL,
    "email_id" UUID NOT NULL,

    CONSTRAINT "account_email_tokens_pkey" PRIMARY KEY ("hash")
);

CREATE INDEX "account_email_tokens_email_id_idx" ON "account_email_tokens"("email_id");

ALTER TABLE "account_email_tokens" ADD CONSTRAINT "account_email_tokens_email_id_fkey" FOREIGN KEY ("email_id") REFERENCES "account_emails"("id") ON DELETE CASCADE ON UPDATE CASCADE;
