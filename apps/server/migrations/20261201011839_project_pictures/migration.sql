CREATE TABLE "project_pictures" (
	"project_id" uuid PRIMARY KEY,
	"light" text NOT NULL,
	"dark" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "pinned_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "pictured_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "project_pictures" ADD CONSTRAINT "project_pictures_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;