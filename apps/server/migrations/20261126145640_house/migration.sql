ALTER TABLE "agents" ADD COLUMN "long_description" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "mode" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "api_pricing_input" numeric(12,6);--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "api_pricing_output" numeric(12,6);--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "stripe_price_id" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "requires_user_keys" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "features" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "required_models" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "tags" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "content_edited_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "disk_bytes" bigint;--> statement-breakpoint
CREATE INDEX "agents_created_at_id_idx" ON "agents" ("created_at","id");--> statement-breakpoint
CREATE INDEX "chats_created_at_idx" ON "chats" ("created_at");--> statement-breakpoint
CREATE INDEX "usage_logs_created_at_idx" ON "usage_logs" ("created_at");--> statement-breakpoint
CREATE INDEX "usage_logs_agent_id_idx" ON "usage_logs" ("agent_id");--> statement-breakpoint
CREATE INDEX "projects_created_at_id_idx" ON "projects" ("created_at","id");--> statement-breakpoint
CREATE INDEX "tasks_created_at_id_idx" ON "tasks" ("created_at","id");