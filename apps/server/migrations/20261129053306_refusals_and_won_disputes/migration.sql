CREATE TABLE "stripe_refusals" (
	"key" text PRIMARY KEY,
	"count" integer NOT NULL,
	"refused_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "payment_refunds" ADD COLUMN "won_cents" integer DEFAULT 0 NOT NULL;