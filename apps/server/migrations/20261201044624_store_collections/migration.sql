CREATE TABLE "marketplace_categories" (
	"slug" text PRIMARY KEY,
	"name" text NOT NULL,
	"item_types" text[] NOT NULL,
	"position" integer NOT NULL,
	"is_hidden" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "marketplace_collection_items" (
	"collection_id" uuid,
	"item_id" text,
	"position" integer NOT NULL,
	CONSTRAINT "marketplace_collection_items_pkey" PRIMARY KEY("collection_id","item_id")
);
--> statement-breakpoint
CREATE TABLE "marketplace_collections" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"title" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"position" integer NOT NULL,
	"is_published" boolean DEFAULT true NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "marketplace_collection_items" ADD CONSTRAINT "marketplace_collection_items_hT4xZy7p4wAc_fkey" FOREIGN KEY ("collection_id") REFERENCES "marketplace_collections"("id") ON DELETE CASCADE;--> statement-breakpoint
INSERT INTO "marketplace_categories" ("slug", "name", "item_types", "position") VALUES
	('fullstack', 'Full stack', '{agent,base}', 1),
	('frontend', 'Frontend', '{agent,base}', 2),
	('backend', 'Backend', '{agent,base}', 3),
	('saas', 'SaaS', '{base}', 4),
	('landing', 'Landing pages', '{base}', 5),
	('admin', 'Admin panels', '{base}', 6),
	('mobile', 'Mobile', '{agent,base}', 7),
	('ai', 'AI', '{base}', 8),
	('data', 'Data and SQL', '{agent,base}', 9),
	('database', 'Databases', '{agent}', 10),
	('cli', 'Command line', '{base}', 11),
	('devops', 'DevOps', '{agent,base}', 12),
	('builder', 'Builder', '{agent}', 13),
	('analyzer', 'Code review', '{agent}', 14),
	('testing', 'Testing', '{agent}', 15),
	('refactoring', 'Refactoring', '{agent}', 16),
	('documentation', 'Documentation', '{agent}', 17),
	('custom', 'Other', '{agent}', 18),
	('general', 'General themes', '{theme}', 19),
	('minimal', 'Minimal themes', '{theme}', 20),
	('vibrant', 'Vibrant themes', '{theme}', 21),
	('professional', 'Professional themes', '{theme}', 22);--> statement-breakpoint
-- Categories of creators' own, from when any text was one.
INSERT INTO "marketplace_categories" ("slug", "name", "item_types", "position")
	SELECT category, category, '{agent}', 22 + row_number() OVER (ORDER BY category) FROM (
		SELECT DISTINCT "category" FROM "agents" WHERE "item_type" = 'agent'
	) AS own WHERE category NOT IN (SELECT "slug" FROM "marketplace_categories");
