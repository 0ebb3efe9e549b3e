CREATE TABLE "container_credentials" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"container_id" uuid NOT NULL UNIQUE,
	"sealed_values" bytea NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "container_credentials" ADD CONSTRAINT "container_credentials_container_id_containers_id_fkey" FOREIGN KEY ("container_id") REFERENCES "containers"("id") ON DELETE CASCADE;