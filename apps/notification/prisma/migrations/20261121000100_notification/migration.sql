CREATE TABLE "feeds" (
    "user_id" UUID NOT NULL,
    "last" INTEGER NOT NULL,

    CONSTRAINT "feeds_pkey" PRIMARY KEY ("user_id")
) WITH (fillfactor = 70);

CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "task_id" UUID,
    "title" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "notifications_user_id_number_key" ON "notifications"("user_id", "number");
CREATE INDEX "notifications_unread" ON "notifications"("user_id", "number") WHERE "read_at" IS NULL;

CREATE TABLE "preferences" (
    "user_id" UUID NOT NULL,
    "email_reminders" BOOLEAN NOT NULL,
    "task_changes" BOOLEAN NOT NULL,

    CONSTRAINT "preferences_pkey" PRIMARY KEY ("user_id")
);

CREATE TABLE "reminders" (
    "task_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "title" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "open" BOOLEAN NOT NULL,
    "remind_at" TIMESTAMPTZ(3),
    "done_for" TIMESTAMPTZ(3),

    CONSTRAINT "reminders_pkey" PRIMARY KEY ("task_id")
);

CREATE TABLE "emails" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "content" JSONB NOT NULL,
    "traceparent" TEXT,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "emails_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "emails_state" CHECK ("state" IN ('pending', 'sent', 'dropped', 'failed'))
);
CREATE INDEX "emails_due" ON "emails"("due_at") WHERE "state" = 'pending';
CREATE INDEX "emails_ended" ON "emails"("ended_at") WHERE "ended_at" IS NOT NULL;

CREATE TABLE "mailbox_messages" (
    "id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "headers" JSONB NOT NULL,
    "text" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "mailbox_messages_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "mailbox_messages_position_key" ON "mailbox_messages"("position");
