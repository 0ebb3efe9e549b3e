CREATE TABLE "connections" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"source_container_id" uuid NOT NULL,
	"target_container_id" uuid NOT NULL,
	"connection_type" text DEFAULT 'depends_on' NOT NULL,
	"connector_type" text DEFAULT 'env_injection' NOT NULL,
	"config" jsonb,
	"label" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "container_credentials" ADD COLUMN "keys" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "connections_source_container_id_target_container_id_key" ON "connections" ("source_container_id","target_container_id");--> statement-breakpoint
CREATE INDEX "connections_project_id_idx" ON "connections" ("project_id");--> statement-breakpoint
CREATE INDEX "connections_target_container_id_idx" ON "connections" ("target_container_id");--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_source_container_id_containers_id_fkey" FOREIGN KEY ("source_container_id") REFERENCES "containers"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_target_container_id_containers_id_fkey" FOREIGN KEY ("target_container_id") REFERENCES "containers"("id") ON DELETE CASCADE;