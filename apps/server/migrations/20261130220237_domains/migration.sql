CREATE TABLE "domains" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"container_id" uuid NOT NULL,
	"hostname" text NOT NULL,
	"token" text NOT NULL,
	"has_counterpart" boolean DEFAULT true NOT NULL,
	"is_primary" boolean DEFAULT false NOT NULL,
	"verified_at" timestamp(3) with time zone,
	"leads_here" boolean DEFAULT false NOT NULL,
	"found" jsonb,
	"problem" text,
	"checked_at" timestamp(3) with time zone,
	"next_check_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "deployment_sites" ADD COLUMN "password_hash" text;--> statement-breakpoint
CREATE UNIQUE INDEX "domains_verified_hostname_key" ON "domains" ("hostname") WHERE "verified_at" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "domains_project_id_hostname_key" ON "domains" ("project_id","hostname");--> statement-breakpoint
CREATE UNIQUE INDEX "domains_primary_key" ON "domains" ("container_id") WHERE "is_primary";--> statement-breakpoint
CREATE INDEX "domains_next_check_at_idx" ON "domains" ("next_check_at");--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE CASCADE;