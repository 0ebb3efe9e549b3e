CREATE TABLE "credit_adjustments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"amount" integer NOT NULL,
	"balance_before" integer NOT NULL,
	"reason" text NOT NULL,
	"made_by_id" uuid NOT NULL,
	"idempotency_key" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "stripe_subscription_id" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deleted_reason" text;--> statement-breakpoint
CREATE UNIQUE INDEX "credit_adjustments_user_id_key_key" ON "credit_adjustments" ("user_id","idempotency_key");--> statement-breakpoint
ALTER TABLE "credit_adjustments" ADD CONSTRAINT "credit_adjustments_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;