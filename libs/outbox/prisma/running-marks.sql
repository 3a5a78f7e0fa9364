-- One mark for each connection instead of one for each partition (@taskwire/outbox): a mark is one small write.

CREATE TABLE "running_marks" (
    "owner" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "subscriber" TEXT NOT NULL,
    "slot" TEXT NOT NULL,
    "marked_at" TIMESTAMPTZ(6) NOT NULL,
    "places" TEXT[],
    "ids" BIGINT[],
    "quarantined" BOOLEAN NOT NULL,

    CONSTRAINT "running_marks_pkey" PRIMARY KEY ("owner", "pid")
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

DROP TABLE "running_batches";
