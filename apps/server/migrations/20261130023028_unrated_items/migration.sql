ALTER TABLE "agents" ALTER COLUMN "rating" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "agents" ALTER COLUMN "rating" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "themes" ALTER COLUMN "rating" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "themes" ALTER COLUMN "rating" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "bases" ALTER COLUMN "rating" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "bases" ALTER COLUMN "rating" DROP NOT NULL;--> statement-breakpoint
UPDATE "agents" SET "rating" = NULL WHERE "reviews_count" = 0;--> statement-breakpoint
UPDATE "bases" SET "rating" = NULL WHERE "reviews_count" = 0;--> statement-breakpoint
UPDATE "themes" SET "rating" = NULL WHERE "reviews_count" = 0;
