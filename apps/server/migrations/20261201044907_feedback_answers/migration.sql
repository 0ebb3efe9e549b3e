ALTER TABLE "feedback_posts" ADD COLUMN "answer" text;--> statement-breakpoint
ALTER TABLE "feedback_posts" ADD COLUMN "answered_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "feedback_posts" ADD COLUMN "duplicate_of" uuid;--> statement-breakpoint
CREATE INDEX "feedback_posts_duplicate_of_idx" ON "feedback_posts" ("duplicate_of");--> statement-breakpoint
ALTER TABLE "feedback_posts" ADD CONSTRAINT "feedback_posts_duplicate_of_feedback_posts_id_fkey" FOREIGN KEY ("duplicate_of") REFERENCES "feedback_posts"("id") ON DELETE SET NULL;