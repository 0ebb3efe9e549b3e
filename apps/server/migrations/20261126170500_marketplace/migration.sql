CREATE TABLE "bases" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"name" text NOT NULL,
	"slug" text NOT NULL UNIQUE,
	"description" text NOT NULL,
	"long_description" text,
	"git_repo_url" text,
	"default_branch" text DEFAULT 'main' NOT NULL,
	"source_type" text DEFAULT 'git' NOT NULL,
	"template_slug" text,
	"archive_path" text,
	"archive_size_bytes" bigint,
	"source_project_id" uuid,
	"category" text NOT NULL,
	"icon" text DEFAULT '📦' NOT NULL,
	"preview_image" text,
	"tags" jsonb DEFAULT '[]' NOT NULL,
	"pricing_type" text DEFAULT 'free' NOT NULL,
	"price_cents" integer DEFAULT 0 NOT NULL,
	"stripe_price_id" text,
	"stripe_product_id" text,
	"downloads" integer DEFAULT 0 NOT NULL,
	"rating" double precision DEFAULT 5 NOT NULL,
	"reviews_count" integer DEFAULT 0 NOT NULL,
	"features" jsonb DEFAULT '[]' NOT NULL,
	"tech_stack" jsonb DEFAULT '[]' NOT NULL,
	"is_featured" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_by_user_id" uuid,
	"visibility" text DEFAULT 'private' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_purchased_bases" (
	"user_id" uuid,
	"base_id" uuid,
	"is_active" boolean DEFAULT true NOT NULL,
	"purchase_type" text DEFAULT 'free' NOT NULL,
	"stripe_payment_intent" text,
	"stripe_subscription_id" text,
	"expires_at" timestamp(3) with time zone,
	"removed_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_purchased_bases_pkey" PRIMARY KEY("user_id","base_id")
);
--> statement-breakpoint
CREATE TABLE "project_agents" (
	"project_id" uuid,
	"agent_id" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "project_agents_pkey" PRIMARY KEY("project_id","agent_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace_reviews" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"agent_id" uuid,
	"base_id" uuid,
	"rating" integer NOT NULL,
	"comment" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "marketplace_reviews_user_id_agent_id_key" UNIQUE("user_id","agent_id"),
	CONSTRAINT "marketplace_reviews_user_id_base_id_key" UNIQUE("user_id","base_id"),
	CONSTRAINT "marketplace_reviews_item_check" CHECK (num_nonnulls("agent_id", "base_id") = 1),
	CONSTRAINT "marketplace_reviews_rating_check" CHECK ("rating" between 1 and 5)
);
--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "avatar_url" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "preview_image" text;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "stripe_product_id" text;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "purchase_type" text DEFAULT 'free' NOT NULL;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "stripe_payment_intent" text;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "stripe_subscription_id" text;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "expires_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "removed_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "is_system" boolean DEFAULT false NOT NULL;--> statement-breakpoint
DROP INDEX "user_purchased_agents_agent_id_idx";--> statement-breakpoint
CREATE INDEX "user_purchased_agents_agent_id_idx" ON "user_purchased_agents" ("agent_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "agents_parent_agent_id_idx" ON "agents" ("parent_agent_id");--> statement-breakpoint
CREATE INDEX "agents_created_by_user_id_idx" ON "agents" ("created_by_user_id");--> statement-breakpoint
CREATE INDEX "agents_forked_by_user_id_idx" ON "agents" ("forked_by_user_id");--> statement-breakpoint
CREATE INDEX "agents_featured_idx" ON "agents" ("item_type","is_featured" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_popular_idx" ON "agents" ("item_type","downloads" DESC NULLS LAST,"id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_newest_idx" ON "agents" ("item_type","created_at" DESC NULLS LAST,"id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_name_idx" ON "agents" ("item_type","name","id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_rating_idx" ON "agents" ("item_type","rating" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_price_idx" ON "agents" ("item_type","price_cents","id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "agents_facets_idx" ON "agents" ("item_type","category","pricing_type","forked_by_user_id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "bases_created_by_user_id_idx" ON "bases" ("created_by_user_id");--> statement-breakpoint
CREATE INDEX "bases_featured_idx" ON "bases" ("is_featured" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_popular_idx" ON "bases" ("downloads" DESC NULLS LAST,"id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_newest_idx" ON "bases" ("created_at" DESC NULLS LAST,"id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_name_idx" ON "bases" ("name","id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_rating_idx" ON "bases" ("rating" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_facets_idx" ON "bases" ("category","pricing_type","created_by_user_id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "user_purchased_bases_base_id_idx" ON "user_purchased_bases" ("base_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "project_agents_agent_id_idx" ON "project_agents" ("agent_id");--> statement-breakpoint
CREATE INDEX "marketplace_reviews_agent_id_idx" ON "marketplace_reviews" ("agent_id","created_at" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_reviews_base_id_idx" ON "marketplace_reviews" ("base_id","created_at" DESC NULLS LAST,"id");--> statement-breakpoint
UPDATE "agents" SET "parent_agent_id" = NULL WHERE "parent_agent_id" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "agents" "p" WHERE "p"."id" = "agents"."parent_agent_id");--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_parent_agent_id_agents_id_fkey" FOREIGN KEY ("parent_agent_id") REFERENCES "agents"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "bases" ADD CONSTRAINT "bases_source_project_id_projects_id_fkey" FOREIGN KEY ("source_project_id") REFERENCES "projects"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "bases" ADD CONSTRAINT "bases_created_by_user_id_users_id_fkey" FOREIGN KEY ("created_by_user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_purchased_bases" ADD CONSTRAINT "user_purchased_bases_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_purchased_bases" ADD CONSTRAINT "user_purchased_bases_base_id_bases_id_fkey" FOREIGN KEY ("base_id") REFERENCES "bases"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "project_agents" ADD CONSTRAINT "project_agents_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "project_agents" ADD CONSTRAINT "project_agents_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "marketplace_reviews" ADD CONSTRAINT "marketplace_reviews_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "marketplace_reviews" ADD CONSTRAINT "marketplace_reviews_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "marketplace_reviews" ADD CONSTRAINT "marketplace_reviews_base_id_bases_id_fkey" FOREIGN KEY ("base_id") REFERENCES "bases"("id") ON DELETE CASCADE;