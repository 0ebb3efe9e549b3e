import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z.string({ error: "Set DATABASE_URL, or connect a PostgreSQL container to this one." }).min(1),
  BETTER_AUTH_SECRET: z.string({ error: "Set BETTER_AUTH_SECRET to at least 32 random characters." }).min(32),
  PORT: z.coerce.number().int().default(3000),
  HOST: z.string().default("127.0.0.1"),
  /** The address of the app for visitors. Without it, the host of each request counts. */
  PUBLIC_URL: z.url().optional(),
  /** An account that becomes an administrator at the start. */
  ADMIN_EMAIL: z.email().optional(),
  NODE_ENV: z.string().default("development"),
});

/** The environment of the API. `.env.example` describes it. */
export type Environment = z.infer<typeof schema>;

/** Throws an error that names every variable that is missing or wrong. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const read = schema.safeParse(variables);
  if (read.success) return read.data;
  throw new Error(read.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
}
