CREATE TABLE "conversation_messages" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"chat_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"task_id" uuid,
	"provider" text,
	"model" text,
	"data" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "chat_rewinds" ADD COLUMN "conversation" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "conversation_messages_chat_id_position_key" ON "conversation_messages" ("chat_id","position");--> statement-breakpoint
CREATE INDEX "conversation_messages_message_id_idx" ON "conversation_messages" ("message_id");--> statement-breakpoint
CREATE INDEX "conversation_messages_compactions_idx" ON "conversation_messages" ("chat_id","position") WHERE data->>'role' = 'compaction';--> statement-breakpoint
ALTER TABLE "conversation_messages" ADD CONSTRAINT "conversation_messages_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "conversation_messages" ADD CONSTRAINT "conversation_messages_message_id_messages_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE;