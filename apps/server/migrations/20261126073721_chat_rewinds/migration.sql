CREATE TABLE "chat_rewinds" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"chat_id" uuid NOT NULL,
	"checkpoint_id" uuid NOT NULL,
	"messages" jsonb NOT NULL,
	"steps" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "chat_rewinds_chat_id_created_at_idx" ON "chat_rewinds" ("chat_id","created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "chat_rewinds" ADD CONSTRAINT "chat_rewinds_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;