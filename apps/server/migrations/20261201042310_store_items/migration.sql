CREATE TABLE "marketplace_items" (
	"id" text PRIMARY KEY,
	"item_type" text NOT NULL,
	"name" text NOT NULL,
	"category" text NOT NULL,
	"pricing_type" text NOT NULL,
	"price_cents" integer NOT NULL,
	"downloads" integer NOT NULL,
	"rating" double precision,
	"is_featured" boolean NOT NULL,
	"creator_id" uuid,
	"stack" text[] NOT NULL,
	"stack_names" text[] NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "marketplace_items_featured_idx" ON "marketplace_items" ("is_featured" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_items_popular_idx" ON "marketplace_items" ("downloads" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_items_newest_idx" ON "marketplace_items" ("created_at" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_items_name_idx" ON "marketplace_items" ("name","id");--> statement-breakpoint
CREATE INDEX "marketplace_items_rating_idx" ON "marketplace_items" ("rating" DESC NULLS LAST,"downloads" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_items_price_idx" ON "marketplace_items" ("price_cents","id");--> statement-breakpoint
CREATE INDEX "marketplace_items_dearest_idx" ON "marketplace_items" ("price_cents" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "marketplace_items_stack_idx" ON "marketplace_items" USING gin ("stack");--> statement-breakpoint
CREATE INDEX "marketplace_items_type_idx" ON "marketplace_items" ("item_type","category");--> statement-breakpoint
ALTER TABLE "marketplace_items"
	ADD COLUMN "search_name" text NOT NULL,
	ADD COLUMN "search_text" text NOT NULL,
	ADD COLUMN "search_words" tsvector NOT NULL;--> statement-breakpoint
CREATE INDEX "marketplace_items_search_words_idx" ON "marketplace_items" USING gin ("search_words");--> statement-breakpoint
-- Parts of words are found without the extension too, only slower (see 20261126170503_marketplace_search).
DO $$
BEGIN
	CREATE INDEX "marketplace_items_search_text_idx" ON "marketplace_items" USING gin ("search_text" gin_trgm_ops);
	CREATE INDEX "marketplace_items_search_name_idx" ON "marketplace_items" USING gin ("search_name" gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
END $$;--> statement-breakpoint
-- The names of a list, in order, each once whatever its case.
CREATE FUNCTION "marketplace_names"(names jsonb, is_lower boolean) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT coalesce(array_agg(CASE WHEN is_lower THEN lower(name) ELSE name END ORDER BY at), '{}') FROM (
		SELECT DISTINCT ON (lower(name)) name, at FROM jsonb_array_elements_text(names) WITH ORDINALITY AS n(name, at) ORDER BY lower(name), at
	) AS distinct_names
$$;--> statement-breakpoint
CREATE FUNCTION "marketplace_list_agent"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		DELETE FROM "marketplace_items" WHERE "id" = OLD.id::text;
	ELSIF NEW.item_type = 'agent' and NEW.is_active and (NEW.forked_by_user_id is null or NEW.is_published) THEN
		INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words")
		VALUES (NEW.id::text, 'agent', NEW.name, NEW.category, NEW.pricing_type, NEW.price_cents, NEW.downloads, NEW.rating, NEW.is_featured, NEW.forked_by_user_id, '{}', '{}', NEW.created_at, NEW.search_name, NEW.search_text, NEW.search_words)
		ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "category" = excluded."category", "pricing_type" = excluded."pricing_type", "price_cents" = excluded."price_cents", "downloads" = excluded."downloads", "rating" = excluded."rating", "is_featured" = excluded."is_featured", "creator_id" = excluded."creator_id", "stack" = excluded."stack", "stack_names" = excluded."stack_names", "created_at" = excluded."created_at", "search_name" = excluded."search_name", "search_text" = excluded."search_text", "search_words" = excluded."search_words";
	ELSE
		DELETE FROM "marketplace_items" WHERE "id" = NEW.id::text;
	END IF;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER "agents_listed" AFTER INSERT OR DELETE OR UPDATE OF "item_type", "name", "description", "tags", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "is_active", "is_published", "forked_by_user_id" ON "agents" FOR EACH ROW EXECUTE FUNCTION "marketplace_list_agent"();--> statement-breakpoint
CREATE FUNCTION "marketplace_list_base"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		DELETE FROM "marketplace_items" WHERE "id" = OLD.id::text;
	ELSIF NEW.is_active and NEW.visibility = 'public' THEN
		INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words")
		VALUES (NEW.id::text, 'base', NEW.name, NEW.category, NEW.pricing_type, NEW.price_cents, NEW.downloads, NEW.rating, NEW.is_featured, NEW.created_by_user_id, marketplace_names(NEW.tech_stack, true), marketplace_names(NEW.tech_stack, false), NEW.created_at, NEW.search_name, NEW.search_text, NEW.search_words)
		ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "category" = excluded."category", "pricing_type" = excluded."pricing_type", "price_cents" = excluded."price_cents", "downloads" = excluded."downloads", "rating" = excluded."rating", "is_featured" = excluded."is_featured", "creator_id" = excluded."creator_id", "stack" = excluded."stack", "stack_names" = excluded."stack_names", "created_at" = excluded."created_at", "search_name" = excluded."search_name", "search_text" = excluded."search_text", "search_words" = excluded."search_words";
	ELSE
		DELETE FROM "marketplace_items" WHERE "id" = NEW.id::text;
	END IF;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER "bases_listed" AFTER INSERT OR DELETE OR UPDATE OF "name", "description", "tags", "tech_stack", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "is_active", "visibility", "created_by_user_id" ON "bases" FOR EACH ROW EXECUTE FUNCTION "marketplace_list_base"();--> statement-breakpoint
CREATE FUNCTION "marketplace_list_theme"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		DELETE FROM "marketplace_items" WHERE "id" = OLD.id::text;
	ELSIF NEW.is_active and NEW.is_published THEN
		INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words")
		VALUES (NEW.id, 'theme', NEW.name, NEW.category, NEW.pricing_type, NEW.price_cents, NEW.downloads, NEW.rating, NEW.is_featured, NEW.created_by_user_id, '{}', '{}', NEW.created_at, lower(NEW.name),
			lower(NEW.name || ' ' || coalesce(NEW.description, '') || ' ' || NEW.mode || ' theme ' || coalesce(NEW.author, '')),
			setweight(to_tsvector('simple', NEW.name), 'A') || setweight(to_tsvector('simple', NEW.mode || ' theme ' || coalesce(NEW.author, '')), 'B') || setweight(to_tsvector('english', coalesce(NEW.description, '')), 'C'))
		ON CONFLICT ("id") DO UPDATE SET "name" = excluded."name", "category" = excluded."category", "pricing_type" = excluded."pricing_type", "price_cents" = excluded."price_cents", "downloads" = excluded."downloads", "rating" = excluded."rating", "is_featured" = excluded."is_featured", "creator_id" = excluded."creator_id", "stack" = excluded."stack", "stack_names" = excluded."stack_names", "created_at" = excluded."created_at", "search_name" = excluded."search_name", "search_text" = excluded."search_text", "search_words" = excluded."search_words";
	ELSE
		DELETE FROM "marketplace_items" WHERE "id" = NEW.id::text;
	END IF;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER "themes_listed" AFTER INSERT OR DELETE OR UPDATE OF "name", "description", "mode", "author", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "is_active", "is_published", "created_by_user_id" ON "themes" FOR EACH ROW EXECUTE FUNCTION "marketplace_list_theme"();--> statement-breakpoint
INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words") SELECT t.id::text, 'agent', t.name, t.category, t.pricing_type, t.price_cents, t.downloads, t.rating, t.is_featured, t.forked_by_user_id, '{}', '{}', t.created_at, t.search_name, t.search_text, t.search_words FROM "agents" t WHERE t.item_type = 'agent' and t.is_active and (t.forked_by_user_id is null or t.is_published);--> statement-breakpoint
INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words") SELECT t.id::text, 'base', t.name, t.category, t.pricing_type, t.price_cents, t.downloads, t.rating, t.is_featured, t.created_by_user_id, marketplace_names(t.tech_stack, true), marketplace_names(t.tech_stack, false), t.created_at, t.search_name, t.search_text, t.search_words FROM "bases" t WHERE t.is_active and t.visibility = 'public';--> statement-breakpoint
INSERT INTO "marketplace_items" ("id", "item_type", "name", "category", "pricing_type", "price_cents", "downloads", "rating", "is_featured", "creator_id", "stack", "stack_names", "created_at", "search_name", "search_text", "search_words") SELECT t.id, 'theme', t.name, t.category, t.pricing_type, t.price_cents, t.downloads, t.rating, t.is_featured, t.created_by_user_id, '{}', '{}', t.created_at, lower(t.name),
			lower(t.name || ' ' || coalesce(t.description, '') || ' ' || t.mode || ' theme ' || coalesce(t.author, '')),
			setweight(to_tsvector('simple', t.name), 'A') || setweight(to_tsvector('simple', t.mode || ' theme ' || coalesce(t.author, '')), 'B') || setweight(to_tsvector('english', coalesce(t.description, '')), 'C') FROM "themes" t WHERE t.is_active and t.is_published;--> statement-breakpoint
INSERT INTO "marketplace_versions" ("item") VALUES ('marketplace_items');--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "marketplace_items_listed" AFTER INSERT OR DELETE ON "marketplace_items"
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "marketplace_changed"();--> statement-breakpoint
-- Not for a download: it changes no count.
CREATE CONSTRAINT TRIGGER "marketplace_items_changed" AFTER UPDATE ON "marketplace_items"
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN ((OLD."category", OLD."pricing_type", floor(coalesce(OLD."rating", 0)), OLD."creator_id", OLD."stack_names", OLD."search_text")
		IS DISTINCT FROM (NEW."category", NEW."pricing_type", floor(coalesce(NEW."rating", 0)), NEW."creator_id", NEW."stack_names", NEW."search_text"))
	EXECUTE FUNCTION "marketplace_changed"();
