CREATE TABLE "marketplace_versions" (
	"item" text PRIMARY KEY,
	"version" bigint DEFAULT 0 NOT NULL,
	"changed_in" text
);
--> statement-breakpoint
CREATE INDEX "agents_dearest_idx" ON "agents" ("item_type","price_cents" DESC NULLS LAST,"id") WHERE "is_active" and ("forked_by_user_id" is null or "is_published");--> statement-breakpoint
CREATE INDEX "bases_price_idx" ON "bases" ("price_cents","id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
CREATE INDEX "bases_dearest_idx" ON "bases" ("price_cents" DESC NULLS LAST,"id") WHERE "is_active" and "visibility" = 'public';--> statement-breakpoint
INSERT INTO "marketplace_versions" ("item") VALUES ('agents'), ('bases');--> statement-breakpoint
-- At the end of a transaction, when it holds nothing else to wait for, and once for each: whoever reads the new version sees the change.
CREATE FUNCTION "marketplace_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "marketplace_versions" SET "version" = "version" + 1, "changed_in" = pg_current_xact_id()::text
		WHERE "item" = TG_TABLE_NAME AND "changed_in" IS DISTINCT FROM pg_current_xact_id()::text;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "agents_changed" AFTER INSERT OR DELETE OR UPDATE OF "item_type", "name", "description", "tags", "category", "pricing_type", "is_active", "is_published", "forked_by_user_id"
	ON "agents" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "marketplace_changed"();--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "bases_changed" AFTER INSERT OR DELETE OR UPDATE OF "name", "description", "tags", "tech_stack", "category", "pricing_type", "is_active", "visibility", "created_by_user_id"
	ON "bases" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "marketplace_changed"();--> statement-breakpoint
-- The closest names among the finds of a word that most items have (see 20261126170503_marketplace_search for what the extension is).
DO $$
BEGIN
	CREATE INDEX "agents_search_name_idx" ON "agents" USING gin ("search_name" gin_trgm_ops);
	CREATE INDEX "bases_search_name_idx" ON "bases" USING gin ("search_name" gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
END $$;
