ALTER TABLE "payments" ADD COLUMN "tier" text;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "billing_interval" text;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "period_start" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "period_end" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "payments" ADD COLUMN "fee_cents" integer;--> statement-breakpoint
CREATE INDEX "payments_created_at_idx" ON "payments" ("created_at","id");--> statement-breakpoint
CREATE INDEX "payments_fee_missing_idx" ON "payments" ("created_at") WHERE "fee_cents" is null;