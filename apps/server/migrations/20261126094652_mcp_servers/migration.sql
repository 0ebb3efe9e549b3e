CREATE TABLE "mcp_servers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"transport" text NOT NULL,
	"shown_url" text,
	"command" jsonb,
	"header_names" jsonb DEFAULT '[]' NOT NULL,
	"env_names" jsonb DEFAULT '[]' NOT NULL,
	"sealed_access" bytea NOT NULL,
	"sealed_oauth" bytea,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"trusts_read_only" boolean DEFAULT false NOT NULL,
	"auth" text DEFAULT 'none' NOT NULL,
	"tools" jsonb DEFAULT '[]' NOT NULL,
	"tools_at" timestamp(3) with time zone,
	"problem" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mcp_servers_place_slug_key" UNIQUE NULLS NOT DISTINCT("user_id","project_id","slug")
);
--> statement-breakpoint
CREATE INDEX "mcp_servers_project_id_idx" ON "mcp_servers" ("project_id");--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD CONSTRAINT "mcp_servers_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "mcp_servers" ADD CONSTRAINT "mcp_servers_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;