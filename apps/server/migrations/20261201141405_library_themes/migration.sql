CREATE TABLE "library_themes" (
	"user_id" uuid,
	"theme_id" text,
	"removed_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "library_themes_pkey" PRIMARY KEY("user_id","theme_id")
);
--> statement-breakpoint
CREATE INDEX "library_themes_theme_id_idx" ON "library_themes" ("theme_id");--> statement-breakpoint
ALTER TABLE "library_themes" ADD CONSTRAINT "library_themes_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "library_themes" ADD CONSTRAINT "library_themes_theme_id_themes_id_fkey" FOREIGN KEY ("theme_id") REFERENCES "themes"("id") ON DELETE CASCADE;