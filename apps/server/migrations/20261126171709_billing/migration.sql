CREATE TABLE "checkouts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"amount_cents" integer,
	"session_id" text UNIQUE,
	"url" text,
	"status" text DEFAULT 'open' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"fulfilled_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "payments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"key" text NOT NULL UNIQUE,
	"user_id" uuid,
	"kind" text NOT NULL,
	"amount_cents" integer NOT NULL,
	"credits" integer DEFAULT 0 NOT NULL,
	"item_id" uuid,
	"item_name" text,
	"stripe_subscription_id" text,
	"refunded_cents" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "payment_refunds" (
	"key" text PRIMARY KEY,
	"refunded_cents" integer DEFAULT 0 NOT NULL,
	"disputed_cents" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "stripe_events" (
	"id" text PRIMARY KEY,
	"type" text NOT NULL,
	"received_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"stripe_subscription_id" text NOT NULL UNIQUE,
	"user_id" uuid,
	"kind" text NOT NULL,
	"item_id" uuid,
	"tier" text,
	"billing_interval" text,
	"price_cents" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"current_period_start" timestamp(3) with time zone,
	"current_period_end" timestamp(3) with time zone,
	"cancel_at_period_end" boolean DEFAULT false NOT NULL,
	"cancel_at" timestamp(3) with time zone,
	"asked" bigint NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"posting" text NOT NULL,
	"account" text NOT NULL,
	"user_id" uuid,
	"amount_cents" bigint NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ledger_entries_posting_account_key" UNIQUE("posting","account")
);
--> statement-breakpoint
ALTER TABLE "creator_payouts" ADD COLUMN "stripe_transfer_id" text;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD COLUMN "refunded_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD COLUMN "reversed_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "creator_stripe_account_id" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "purchased_deploy_slots" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD CONSTRAINT "marketplace_transactions_stripe_invoice_id_key" UNIQUE("stripe_invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "checkouts_open_key" ON "checkouts" ("user_id","kind","subject") WHERE "status" = 'open';--> statement-breakpoint
CREATE INDEX "checkouts_user_id_idx" ON "checkouts" ("user_id");--> statement-breakpoint
CREATE INDEX "payments_user_id_created_at_idx" ON "payments" ("user_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "stripe_events_received_at_idx" ON "stripe_events" ("received_at");--> statement-breakpoint
CREATE INDEX "subscriptions_user_id_created_at_idx" ON "subscriptions" ("user_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "ledger_entries_user_id_account_idx" ON "ledger_entries" ("user_id","account");--> statement-breakpoint
CREATE INDEX "ledger_entries_account_created_at_idx" ON "ledger_entries" ("account","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "users_stripe_customer_id_key" ON "users" ("stripe_customer_id");--> statement-breakpoint
ALTER TABLE "checkouts" ADD CONSTRAINT "checkouts_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
CREATE SEQUENCE "billing_questions";--> statement-breakpoint
CREATE FUNCTION "ledger_entries_are_kept"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW."user_id" IS NULL AND (NEW."id", NEW."posting", NEW."account", NEW."amount_cents", NEW."created_at") = (OLD."id", OLD."posting", OLD."account", OLD."amount_cents", OLD."created_at") THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;--> statement-breakpoint
CREATE TRIGGER "ledger_entries_append_only" BEFORE UPDATE OR DELETE ON "ledger_entries" FOR EACH ROW EXECUTE FUNCTION "ledger_entries_are_kept"();--> statement-breakpoint
CREATE TRIGGER "ledger_entries_no_truncate" BEFORE TRUNCATE ON "ledger_entries" FOR EACH STATEMENT EXECUTE FUNCTION "ledger_entries_are_kept"();--> statement-breakpoint
CREATE FUNCTION "ledger_postings_balance"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT sum("amount_cents") FROM "ledger_entries" WHERE "posting" = NEW."posting") <> 0 THEN
		RAISE EXCEPTION 'posting % does not sum to zero', NEW."posting" USING ERRCODE = 'check_violation';
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "ledger_postings_balance" AFTER INSERT ON "ledger_entries" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "ledger_postings_balance"();--> statement-breakpoint
INSERT INTO "ledger_entries" ("posting", "account", "user_id", "amount_cents")
	SELECT 'opening:' || u."id", a."account", CASE a."account" WHEN 'credits' THEN u."id" END, CASE a."account" WHEN 'credits' THEN -u."purchased_credits" ELSE u."purchased_credits" END
	FROM "users" u CROSS JOIN (VALUES ('credits'), ('goodwill')) AS a("account") WHERE u."purchased_credits" > 0;
