CREATE TABLE "run_cassettes" (
	"task_id" uuid PRIMARY KEY,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"lines" text NOT NULL,
	"is_cut" boolean NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "run_cassettes_project_id_created_at_idx" ON "run_cassettes" ("project_id","created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "run_cassettes" ADD CONSTRAINT "run_cassettes_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "run_cassettes" ADD CONSTRAINT "run_cassettes_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;