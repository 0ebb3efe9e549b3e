CREATE TABLE "due_copies" (
	"project_id" uuid PRIMARY KEY,
	"due_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"error" text,
	"failures" integer DEFAULT 0 NOT NULL,
	"next_try_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "content" jsonb;--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "unchanged_until" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX "due_copies_due_at_idx" ON "due_copies" ("due_at");--> statement-breakpoint
ALTER TABLE "due_copies" ADD CONSTRAINT "due_copies_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;