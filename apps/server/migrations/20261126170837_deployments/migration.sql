CREATE TABLE "deployment_logs" (
	"deployment_id" uuid,
	"seq" integer,
	"line" text NOT NULL,
	CONSTRAINT "deployment_logs_pkey" PRIMARY KEY("deployment_id","seq")
);
--> statement-breakpoint
CREATE TABLE "deployment_sites" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"container_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"site_id" text NOT NULL,
	"name" text NOT NULL,
	"url" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deployment_target_containers" (
	"target_id" uuid,
	"container_id" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deployment_target_containers_pkey" PRIMARY KEY("target_id","container_id")
);
--> statement-breakpoint
CREATE TABLE "deployment_targets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"name" text NOT NULL,
	"environment" text DEFAULT 'production' NOT NULL,
	"position_x" double precision DEFAULT 0 NOT NULL,
	"position_y" double precision DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deployments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"container_id" uuid,
	"target_id" uuid,
	"container_name" text NOT NULL,
	"provider" text NOT NULL,
	"version" integer NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"is_live" boolean DEFAULT false NOT NULL,
	"cancel_requested_at" timestamp(3) with time zone,
	"task_id" uuid,
	"mode" text NOT NULL,
	"framework" text DEFAULT 'unknown' NOT NULL,
	"deployment_id" text,
	"deployment_url" text,
	"site_id" text,
	"site_name" text,
	"error" text,
	"failure" jsonb,
	"report" jsonb,
	"files" integer,
	"bytes" bigint,
	"custom_domain" text,
	"env_names" jsonb DEFAULT '[]' NOT NULL,
	"rollback_of" integer,
	"has_artefact" boolean DEFAULT false NOT NULL,
	"spa_fallback" boolean DEFAULT false NOT NULL,
	"program" jsonb,
	"sealed_request" bytea,
	"provider_status" jsonb,
	"asked_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "deployment_sites_container_id_provider_key" ON "deployment_sites" ("container_id","provider");--> statement-breakpoint
CREATE UNIQUE INDEX "deployment_sites_local_name_key" ON "deployment_sites" ("name") WHERE "provider" = 'local';--> statement-breakpoint
CREATE INDEX "deployment_sites_project_id_idx" ON "deployment_sites" ("project_id");--> statement-breakpoint
CREATE INDEX "deployment_target_containers_container_id_idx" ON "deployment_target_containers" ("container_id");--> statement-breakpoint
CREATE INDEX "deployment_targets_project_id_idx" ON "deployment_targets" ("project_id");--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_version_key" ON "deployments" ("container_id","provider","version");--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_active_key" ON "deployments" ("container_id","provider") WHERE "is_active";--> statement-breakpoint
CREATE UNIQUE INDEX "deployments_live_key" ON "deployments" ("container_id","provider") WHERE "is_live";--> statement-breakpoint
CREATE INDEX "deployments_project_id_created_at_idx" ON "deployments" ("project_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "deployments_target_id_idx" ON "deployments" ("target_id");--> statement-breakpoint
CREATE INDEX "deployments_user_id_idx" ON "deployments" ("user_id");--> statement-breakpoint
ALTER TABLE "deployment_logs" ADD CONSTRAINT "deployment_logs_deployment_id_deployments_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_sites" ADD CONSTRAINT "deployment_sites_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_sites" ADD CONSTRAINT "deployment_sites_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_target_containers" ADD CONSTRAINT "deployment_target_containers_X3hlrqbiCT3z_fkey" FOREIGN KEY ("target_id") REFERENCES "deployment_targets"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_target_containers" ADD CONSTRAINT "deployment_target_containers_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployment_targets" ADD CONSTRAINT "deployment_targets_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_target_id_deployment_targets_id_fkey" FOREIGN KEY ("target_id") REFERENCES "deployment_targets"("id") ON DELETE SET NULL;