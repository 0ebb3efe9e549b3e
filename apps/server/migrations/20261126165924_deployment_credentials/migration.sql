CREATE TABLE "deployment_credentials" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid,
	"provider" text NOT NULL,
	"kind" text NOT NULL,
	"sealed_tokens" bytea NOT NULL,
	"expires_at" timestamp(3) with time zone,
	"needs_reconnect" boolean DEFAULT false NOT NULL,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deployment_credentials_place_key" UNIQUE NULLS NOT DISTINCT("user_id","provider","project_id")
);
--> statement-breakpoint
CREATE INDEX "deployment_credentials_project_id_idx" ON "deployment_credentials" ("project_id");--> statement-breakpoint
ALTER TABLE "deployment_credentials" ADD CONSTRAINT "deployment_credentials_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_credentials" ADD CONSTRAINT "deployment_credentials_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;