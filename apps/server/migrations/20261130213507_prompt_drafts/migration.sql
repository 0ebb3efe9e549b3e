CREATE TABLE "project_drafts" (
	"user_id" uuid PRIMARY KEY,
	"text" text NOT NULL,
	"base_id" text,
	"is_submitted" boolean DEFAULT false NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "project_drafts" ADD CONSTRAINT "project_drafts_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;