CREATE TABLE "credit_reservations" (
	"task_id" uuid PRIMARY KEY,
	"user_id" uuid NOT NULL,
	"amount" numeric(20,8) NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "usage_logs" ADD COLUMN "shortfall_credits" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "credit_fraction" numeric(20,8) DEFAULT '0' NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "credits_reset_at" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX "credit_reservations_user_id_idx" ON "credit_reservations" ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "usage_logs_request_id_key" ON "usage_logs" ("request_id") WHERE "request_id" is not null;--> statement-breakpoint
ALTER TABLE "credit_reservations" ADD CONSTRAINT "credit_reservations_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;