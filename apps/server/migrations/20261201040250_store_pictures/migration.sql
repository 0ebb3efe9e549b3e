CREATE TABLE "marketplace_pictures" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"agent_id" uuid,
	"base_id" uuid,
	"kind" text NOT NULL,
	"version" text NOT NULL,
	"webp_base64" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "marketplace_pictures_item_check" CHECK (num_nonnulls("agent_id", "base_id") = 1)
);
--> statement-breakpoint
ALTER TABLE "bases" ADD COLUMN "pictures" jsonb;--> statement-breakpoint
CREATE INDEX "marketplace_pictures_agent_id_idx" ON "marketplace_pictures" ("agent_id","kind","created_at");--> statement-breakpoint
CREATE INDEX "marketplace_pictures_base_id_idx" ON "marketplace_pictures" ("base_id","kind");--> statement-breakpoint
ALTER TABLE "marketplace_pictures" ADD CONSTRAINT "marketplace_pictures_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "marketplace_pictures" ADD CONSTRAINT "marketplace_pictures_base_id_bases_id_fkey" FOREIGN KEY ("base_id") REFERENCES "bases"("id") ON DELETE CASCADE;