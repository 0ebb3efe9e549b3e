ALTER TABLE "change_sets" ADD COLUMN "commit_sha" text;--> statement-breakpoint
UPDATE "projects" SET "settings" = coalesce("settings", '{}'::jsonb) || '{"commit_runs": false}'::jsonb WHERE "has_git_repo";
