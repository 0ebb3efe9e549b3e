CREATE TABLE "project_owners" (
	"project_id" uuid PRIMARY KEY,
	"server_id" uuid,
	"epoch" bigint DEFAULT 1 NOT NULL,
	"is_orphaned" boolean DEFAULT false NOT NULL,
	"taken_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "servers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"process_id" integer NOT NULL,
	"address" text NOT NULL,
	"version" text NOT NULL,
	"job_worker" text,
	"started_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"lease_until" timestamp(3) with time zone NOT NULL,
	"steady_since" timestamp(3) with time zone NOT NULL,
	"accepts_projects" boolean DEFAULT false NOT NULL,
	"ended_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE INDEX "project_owners_server_id_idx" ON "project_owners" ("server_id");--> statement-breakpoint
CREATE INDEX "project_owners_is_orphaned_idx" ON "project_owners" ("is_orphaned");--> statement-breakpoint
CREATE INDEX "servers_ended_at_idx" ON "servers" ("ended_at");--> statement-breakpoint
ALTER TABLE "project_owners" ADD CONSTRAINT "project_owners_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "project_owners" ADD CONSTRAINT "project_owners_server_id_servers_id_fkey" FOREIGN KEY ("server_id") REFERENCES "servers"("id") ON DELETE SET NULL;