CREATE TABLE "creator_payouts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"creator_id" uuid,
	"amount_cents" integer NOT NULL,
	"transactions_count" integer NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"idempotency_key" text,
	"paid_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "marketplace_transactions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid,
	"agent_id" uuid,
	"creator_id" uuid,
	"transaction_type" text NOT NULL,
	"amount_total_cents" integer NOT NULL,
	"amount_creator_cents" integer NOT NULL,
	"amount_platform_cents" integer NOT NULL,
	"stripe_payment_intent" text UNIQUE,
	"stripe_subscription_id" text,
	"stripe_invoice_id" text,
	"payout_status" text DEFAULT 'pending' NOT NULL,
	"payout_id" uuid,
	"payout_date" timestamp(3) with time zone,
	"stripe_payout_id" text,
	"tokens_input" integer,
	"tokens_output" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback_comments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"feedback_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"content" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback_posts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"type" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"upvote_count" integer DEFAULT 0 NOT NULL,
	"comment_count" integer DEFAULT 0 NOT NULL,
	"is_hidden" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "feedback_upvotes" (
	"feedback_id" uuid,
	"user_id" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "feedback_upvotes_pkey" PRIMARY KEY("feedback_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "referral_conversions" (
	"user_id" uuid PRIMARY KEY,
	"referred_by" text NOT NULL,
	"reward_credits" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "referral_landings" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"referred_by" text NOT NULL,
	"ip_hash" text NOT NULL,
	"user_agent" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "creator_payouts_creator_id_key_key" ON "creator_payouts" ("creator_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "creator_payouts_creator_id_created_at_idx" ON "creator_payouts" ("creator_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "marketplace_transactions_creator_id_created_at_idx" ON "marketplace_transactions" ("creator_id","created_at");--> statement-breakpoint
CREATE INDEX "marketplace_transactions_payout_id_idx" ON "marketplace_transactions" ("payout_id");--> statement-breakpoint
CREATE INDEX "marketplace_transactions_user_id_idx" ON "marketplace_transactions" ("user_id");--> statement-breakpoint
CREATE INDEX "feedback_comments_feedback_id_created_at_idx" ON "feedback_comments" ("feedback_id","created_at");--> statement-breakpoint
CREATE INDEX "feedback_comments_user_id_idx" ON "feedback_comments" ("user_id");--> statement-breakpoint
CREATE INDEX "feedback_posts_upvote_count_idx" ON "feedback_posts" ("upvote_count" DESC NULLS LAST,"created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "feedback_posts_created_at_idx" ON "feedback_posts" ("created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "feedback_posts_user_id_idx" ON "feedback_posts" ("user_id");--> statement-breakpoint
CREATE INDEX "feedback_posts_words_idx" ON "feedback_posts" USING gin (to_tsvector('english', "title" || ' ' || "description"));--> statement-breakpoint
CREATE INDEX "feedback_upvotes_user_id_idx" ON "feedback_upvotes" ("user_id");--> statement-breakpoint
CREATE INDEX "referral_conversions_referred_by_idx" ON "referral_conversions" ("referred_by");--> statement-breakpoint
CREATE INDEX "referral_landings_referred_by_idx" ON "referral_landings" ("referred_by");--> statement-breakpoint
ALTER TABLE "creator_payouts" ADD CONSTRAINT "creator_payouts_creator_id_users_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD CONSTRAINT "marketplace_transactions_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD CONSTRAINT "marketplace_transactions_creator_id_users_id_fkey" FOREIGN KEY ("creator_id") REFERENCES "users"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "marketplace_transactions" ADD CONSTRAINT "marketplace_transactions_payout_id_creator_payouts_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "creator_payouts"("id");--> statement-breakpoint
ALTER TABLE "feedback_comments" ADD CONSTRAINT "feedback_comments_feedback_id_feedback_posts_id_fkey" FOREIGN KEY ("feedback_id") REFERENCES "feedback_posts"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "feedback_comments" ADD CONSTRAINT "feedback_comments_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "feedback_posts" ADD CONSTRAINT "feedback_posts_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "feedback_upvotes" ADD CONSTRAINT "feedback_upvotes_feedback_id_feedback_posts_id_fkey" FOREIGN KEY ("feedback_id") REFERENCES "feedback_posts"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "feedback_upvotes" ADD CONSTRAINT "feedback_upvotes_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "referral_conversions" ADD CONSTRAINT "referral_conversions_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;