ALTER TABLE "usage_logs" ADD COLUMN "creator_id" uuid;--> statement-breakpoint
ALTER TABLE "usage_logs" ADD COLUMN "creator_revenue" numeric(20,8) DEFAULT '0' NOT NULL;--> statement-breakpoint
ALTER TABLE "usage_logs" ADD COLUMN "platform_revenue" numeric(20,8) DEFAULT '0' NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_logs_creator_id_idx" ON "usage_logs" ("creator_id","agent_id") WHERE "creator_id" is not null;--> statement-breakpoint
ALTER TABLE "usage_logs" ADD CONSTRAINT "usage_logs_creator_id_users_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "users"("id") ON DELETE SET NULL;