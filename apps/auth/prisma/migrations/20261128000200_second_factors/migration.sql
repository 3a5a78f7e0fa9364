CREATE TABLE "second_factors" (
    "account_id" UUID NOT NULL,
    "sealed" BYTEA NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "last_step" INTEGER NOT NULL,
    "failures" INTEGER NOT NULL,
    "failed_at" TIMESTAMPTZ(3),

    CONSTRAINT "second_factors_pkey" PRIMARY KEY ("account_id")
);

CREATE TABLE "recovery_codes" (
    "hash" BYTEA NOT NULL,
    "account_id" UUID NOT NULL,

    CONSTRAINT "recovery_codes_pkey" PRIMARY KEY ("hash")
);

CREATE TABLE "login_challenges" (
    "hash" BYTEA NOT NULL,
    "account_id" UUID NOT NULL,
    "password_digest" BYTEA NOT NULL,
    "attempts" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "login_challenges_pkey" PRIMARY KEY ("hash")
);

CREATE INDEX "recovery_codes_account_id_idx" ON "recovery_codes"("account_id");

CREATE INDEX "login_challenges_account_id_idx" ON "login_challenges"("account_id");

CREATE INDEX "login_challenges_expires_at_idx" ON "login_challenges"("expires_at");

ALTER TABLE "second_factors" ADD CONSTRAINT "second_factors_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "recovery_codes" ADD CONSTRAINT "recovery_codes_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "login_challenges" ADD CONSTRAINT "login_challenges_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
