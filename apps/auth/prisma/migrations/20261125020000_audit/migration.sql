CREATE TABLE "audit_entries" (
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "action" TEXT NOT NULL,
    "actor" UUID,
    "subject" UUID,
    "session" UUID,
    "trace_id" TEXT,
    "details" TEXT NOT NULL,
    "sealed" BYTEA,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("seq")
);

CREATE INDEX "audit_entries_subject_seq_idx" ON "audit_entries"("subject", "seq");

-- A mistake can't change what was written; who removes this trigger can, and the chain of hashes shows it.
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;

CREATE TRIGGER "audit_entries_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entries"
    FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

CREATE TABLE "audit_keys" (
    "account_id" UUID NOT NULL,
    "key" BYTEA NOT NULL,

    CONSTRAINT "audit_keys_pkey" PRIMARY KEY ("account_id")
);

ALTER TABLE "audit_keys" ADD CONSTRAINT "audit_keys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
