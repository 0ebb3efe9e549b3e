CREATE TABLE "mailed_notices" (
	"user_id" uuid,
	"about" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mailed_notices_pkey" PRIMARY KEY("user_id","about")
);
--> statement-breakpoint
ALTER TABLE "mailed_notices" ADD CONSTRAINT "mailed_notices_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;