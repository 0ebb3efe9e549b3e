import type { CredentialField, ServiceCategory, ServiceDefinition } from "./definition.ts";

const secret = (key: string, label = "API key", isRequired = true): CredentialField => ({ key, label, isSecret: true, isRequired });
const open = (key: string, label: string, isRequired = true): CredentialField => ({ key, label, isSecret: false, isRequired });
const endpoint = (key: string, label = "Address"): CredentialField => ({ key, label, isSecret: false, isRequired: true, isEndpoint: true });

/** An external service: its credentials are injected into connected containers under the same names. */
const external = (
  slug: string,
  name: string,
  category: ServiceCategory,
  description: string,
  fields: readonly CredentialField[],
): ServiceDefinition => ({
  slug,
  name,
  category,
  description,
  external: { fields, connection: Object.fromEntries(fields.map(({ key }) => [key, `{${key}}`])) },
  outputs: Object.fromEntries(fields.map(({ key, label }) => [key, label])),
});

export const externals: readonly ServiceDefinition[] = [
  external("supabase", "Supabase", "database", "Hosted PostgreSQL with sign-in, storage and realtime.", [
    endpoint("SUPABASE_URL", "Project URL"),
    secret("SUPABASE_ANON_KEY", "Public (anon) key"),
    secret("SUPABASE_SERVICE_ROLE_KEY", "Service role key, for servers only", false),
  ]),
  external("planetscale", "PlanetScale", "database", "Hosted MySQL with branches.", [secret("DATABASE_URL", "Connection string")]),
  external("neon", "Neon", "database", "Hosted PostgreSQL with branches.", [secret("DATABASE_URL", "Connection string")]),
  external("upstash", "Upstash", "cache", "Hosted Redis over HTTP.", [
    endpoint("UPSTASH_REDIS_REST_URL", "REST URL"),
    secret("UPSTASH_REDIS_REST_TOKEN", "REST token"),
  ]),
  external("openai", "OpenAI", "ai", "Language, image and speech models.", [
    secret("OPENAI_API_KEY"),
    { ...endpoint("OPENAI_BASE_URL", "URL of another service with a compatible API"), isRequired: false },
  ]),
  external("anthropic", "Anthropic", "ai", "Claude models.", [secret("ANTHROPIC_API_KEY")]),
  external("stripe", "Stripe", "payments", "Payments and subscriptions.", [
    secret("STRIPE_SECRET_KEY", "Secret key"),
    open("STRIPE_PUBLISHABLE_KEY", "Publishable key", false),
    secret("STRIPE_WEBHOOK_SECRET", "Webhook signing secret", false),
  ]),
  external("resend", "Resend", "email", "Sends email.", [secret("RESEND_API_KEY")]),
  external("clerk", "Clerk", "auth", "Sign-in and user management.", [
    open("CLERK_PUBLISHABLE_KEY", "Publishable key"),
    secret("CLERK_SECRET_KEY", "Secret key"),
  ]),
  external("turso", "Turso", "database", "Hosted SQLite (libSQL).", [
    endpoint("TURSO_DATABASE_URL", "Database URL"),
    secret("TURSO_AUTH_TOKEN", "Token"),
  ]),
  external("pinecone", "Pinecone", "database", "A hosted vector database.", [
    secret("PINECONE_API_KEY"),
    open("PINECONE_INDEX", "Index", false),
  ]),
  external("replicate", "Replicate", "ai", "Runs open models.", [secret("REPLICATE_API_TOKEN", "API token")]),
  external("cloudinary", "Cloudinary", "storage", "Stores and transforms images and video.", [
    open("CLOUDINARY_CLOUD_NAME", "Cloud name"),
    secret("CLOUDINARY_API_KEY"),
    secret("CLOUDINARY_API_SECRET", "API secret"),
  ]),
  external("sendgrid", "SendGrid", "email", "Sends email.", [secret("SENDGRID_API_KEY")]),
  external("vercel-kv", "Vercel KV", "cache", "Hosted Redis over HTTP.", [
    endpoint("KV_REST_API_URL", "REST URL"),
    secret("KV_REST_API_TOKEN", "REST token"),
    secret("KV_REST_API_READ_ONLY_TOKEN", "Read-only token", false),
  ]),
];
