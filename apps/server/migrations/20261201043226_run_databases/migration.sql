ALTER TABLE "snapshots" ADD COLUMN "checkpoint_id" uuid;--> statement-breakpoint
CREATE INDEX "snapshots_checkpoint_id_idx" ON "snapshots" ("checkpoint_id");--> statement-breakpoint
ALTER TABLE "snapshots" ADD CONSTRAINT "snapshots_checkpoint_id_checkpoints_id_fkey" FOREIGN KEY ("checkpoint_id") REFERENCES "checkpoints"("id") ON DELETE CASCADE;