CREATE TABLE "git_repositories" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL UNIQUE,
	"repo_url" text NOT NULL,
	"repo_owner" text,
	"repo_name" text,
	"default_branch" text DEFAULT 'main' NOT NULL,
	"auto_push" boolean DEFAULT false NOT NULL,
	"sync_status" text,
	"last_sync_at" timestamp(3) with time zone,
	"last_commit_sha" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "git_repositories" ADD CONSTRAINT "git_repositories_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;