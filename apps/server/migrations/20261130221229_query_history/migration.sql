CREATE TABLE "query_history" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"database_id" text NOT NULL,
	"database_name" text NOT NULL,
	"sql" text NOT NULL,
	"is_write" boolean NOT NULL,
	"error" text,
	"duration_ms" integer NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "query_history_user_id_project_id_created_at_idx" ON "query_history" ("user_id","project_id","created_at");--> statement-breakpoint
CREATE INDEX "query_history_project_id_idx" ON "query_history" ("project_id");--> statement-breakpoint
ALTER TABLE "query_history" ADD CONSTRAINT "query_history_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "query_history" ADD CONSTRAINT "query_history_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;