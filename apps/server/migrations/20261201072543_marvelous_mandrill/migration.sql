ALTER TABLE "checkpoints" ADD COLUMN "before_id" uuid;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "commit_sha" text;