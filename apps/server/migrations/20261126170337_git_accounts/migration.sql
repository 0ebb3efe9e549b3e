CREATE TABLE "git_provider_credentials" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"base_url" text NOT NULL,
	"host" text NOT NULL,
	"kind" text NOT NULL,
	"sealed_access" bytea NOT NULL,
	"sealed_refresh" bytea,
	"expires_at" timestamp(3) with time zone,
	"scope" text,
	"username" text,
	"provider_username" text,
	"provider_email" text,
	"provider_user_id" text,
	"refused_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "git_provider_credentials_host_key" UNIQUE("user_id","provider","host")
);
--> statement-breakpoint
ALTER TABLE "git_provider_credentials" ADD CONSTRAINT "git_provider_credentials_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;