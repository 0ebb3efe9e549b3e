CREATE TABLE "preview_share_visits" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"share_id" uuid NOT NULL,
	"visited_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"ip" text NOT NULL,
	"user_agent" text
);
--> statement-breakpoint
CREATE TABLE "preview_shares" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"preview_id" uuid NOT NULL,
	"container_id" uuid NOT NULL,
	"label" text,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"visit_count" integer DEFAULT 0 NOT NULL,
	"last_visited_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "previews" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"connected_container_id" uuid,
	"position_x" double precision DEFAULT 0 NOT NULL,
	"position_y" double precision DEFAULT 0 NOT NULL,
	"width" double precision,
	"height" double precision,
	"current_path" text DEFAULT '/' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "preview_share_visits_share_id_visited_at_idx" ON "preview_share_visits" ("share_id","visited_at");--> statement-breakpoint
CREATE INDEX "preview_shares_preview_id_idx" ON "preview_shares" ("preview_id");--> statement-breakpoint
CREATE INDEX "preview_shares_container_id_idx" ON "preview_shares" ("container_id");--> statement-breakpoint
CREATE INDEX "previews_project_id_idx" ON "previews" ("project_id");--> statement-breakpoint
CREATE INDEX "previews_connected_container_id_idx" ON "previews" ("connected_container_id");--> statement-breakpoint
ALTER TABLE "preview_share_visits" ADD CONSTRAINT "preview_share_visits_share_id_preview_shares_id_fkey" FOREIGN KEY ("share_id") REFERENCES "preview_shares"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "preview_shares" ADD CONSTRAINT "preview_shares_preview_id_previews_id_fkey" FOREIGN KEY ("preview_id") REFERENCES "previews"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "preview_shares" ADD CONSTRAINT "preview_shares_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "previews" ADD CONSTRAINT "previews_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "previews" ADD CONSTRAINT "previews_connected_container_id_containers_id_fkey" FOREIGN KEY ("connected_container_id") REFERENCES "containers"("id") ON DELETE SET NULL;