ALTER TABLE "mailbox_messages" ADD COLUMN "user_id" UUID;

CREATE INDEX "emails_user_id_idx" ON "emails"("user_id");

CREATE TABLE "erased_users" (
    "user_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_users_pkey" PRIMARY KEY ("user_id")
);
