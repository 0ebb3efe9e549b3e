ALTER TABLE "chat_attachments" ADD COLUMN "is_tool_image" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "conversation_messages" ADD COLUMN "image_ids" uuid[];--> statement-breakpoint
CREATE INDEX "conversation_messages_images_idx" ON "conversation_messages" ("chat_id") WHERE image_ids is not null;