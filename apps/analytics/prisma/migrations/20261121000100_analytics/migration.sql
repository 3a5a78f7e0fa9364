CREATE TABLE "user_days" (
    "user_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "created" INTEGER NOT NULL,
    "completed" INTEGER NOT NULL,
    "reopened" INTEGER NOT NULL,
    "deleted" INTEGER NOT NULL,

    CONSTRAINT "user_days_pkey" PRIMARY KEY ("user_id", "day")
) WITH (fillfactor = 80);

CREATE TABLE "day_totals" (
    "day" DATE NOT NULL,
    "source" TEXT NOT NULL,
    "registrations" INTEGER NOT NULL,
    "active_users" INTEGER NOT NULL,
    "created" INTEGER NOT NULL,
    "completed" INTEGER NOT NULL,
    "reopened" INTEGER NOT NULL,
    "deleted" INTEGER NOT NULL,

    CONSTRAINT "day_totals_pkey" PRIMARY KEY ("day", "source")
) WITH (fillfactor = 50);

CREATE TABLE "user_features" (
    "user_id" UUID NOT NULL,
    "feature" TEXT NOT NULL,

    CONSTRAINT "user_features_pkey" PRIMARY KEY ("user_id", "feature")
);

CREATE TABLE "feature_totals" (
    "feature" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "users" INTEGER NOT NULL,

    CONSTRAINT "feature_totals_pkey" PRIMARY KEY ("feature", "source")
) WITH (fillfactor = 50);

CREATE TABLE "request_buckets" (
    "day" DATE NOT NULL,
    "route" TEXT NOT NULL,
    "bucket" SMALLINT NOT NULL,
    "count" BIGINT NOT NULL,
    "errors" BIGINT NOT NULL,

    CONSTRAINT "request_buckets_pkey" PRIMARY KEY ("day", "route", "bucket")
) WITH (fillfactor = 80);
