ALTER TABLE "approvals" ADD COLUMN "kind" text DEFAULT 'approval' NOT NULL;--> statement-breakpoint
ALTER TABLE "approvals" ADD COLUMN "choices" jsonb;