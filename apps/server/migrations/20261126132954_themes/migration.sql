CREATE TABLE "themes" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"mode" text NOT NULL,
	"author" text,
	"version" text DEFAULT '1.0.0' NOT NULL,
	"description" text,
	"long_description" text,
	"theme_json" jsonb NOT NULL,
	"revision" text NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"sort_order" integer DEFAULT 50 NOT NULL,
	"icon" text DEFAULT 'palette' NOT NULL,
	"preview_image" text,
	"pricing_type" text DEFAULT 'free' NOT NULL,
	"price_cents" integer DEFAULT 0 NOT NULL,
	"downloads" integer DEFAULT 0 NOT NULL,
	"rating" double precision DEFAULT 5 NOT NULL,
	"reviews_count" integer DEFAULT 0 NOT NULL,
	"is_featured" boolean DEFAULT false NOT NULL,
	"is_published" boolean DEFAULT false NOT NULL,
	"created_by_user_id" uuid,
	"tags" jsonb DEFAULT '[]' NOT NULL,
	"category" text DEFAULT 'general' NOT NULL,
	"source_type" text DEFAULT 'open' NOT NULL,
	"parent_theme_id" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "themes_created_by_user_id_idx" ON "themes" ("created_by_user_id","updated_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "themes" ADD CONSTRAINT "themes_created_by_user_id_users_id_fkey" FOREIGN KEY ("created_by_user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "themes" ADD CONSTRAINT "themes_parent_theme_id_themes_id_fkey" FOREIGN KEY ("parent_theme_id") REFERENCES "themes"("id") ON DELETE SET NULL;