CREATE TABLE "snapshot_copies" (
	"id" uuid PRIMARY KEY,
	"storage_key" text NOT NULL,
	"commit_sha" text NOT NULL,
	"bytes" bigint NOT NULL,
	"base_id" uuid,
	"depth" integer NOT NULL,
	"chain_bytes" bigint NOT NULL,
	"copied_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "snapshot_copies_storage_key_idx" ON "snapshot_copies" ("storage_key");--> statement-breakpoint
CREATE INDEX "snapshot_copies_base_id_idx" ON "snapshot_copies" ("base_id");--> statement-breakpoint
ALTER TABLE "snapshot_copies" ADD CONSTRAINT "snapshot_copies_base_id_snapshot_copies_id_fkey" FOREIGN KEY ("base_id") REFERENCES "snapshot_copies"("id");