import { betterAuth } from "better-auth/minimal";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import type { Database } from "./database.ts";
import type { Environment } from "./environment.ts";
import * as schema from "./schema.ts";

export type Auth = ReturnType<typeof createAuth>;

/** Sign-up and sign-in with email and password. Its routes are below `/api/auth`. */
export function createAuth(db: Database, environment: Environment) {
  return betterAuth({
    database: drizzleAdapter(db, { provider: "pg", schema }),
    secret: environment.BETTER_AUTH_SECRET,
    // Previews and deployments have addresses of their own. Behind their proxy, the host of a request is the one that the visitor sees.
    // `sameOriginOnly` refuses requests from other origins.
    baseURL: environment.PUBLIC_URL ?? { allowedHosts: ["*"], protocol: "auto", fallback: `http://localhost:${environment.PORT}` },
    emailAndPassword: { enabled: true, minPasswordLength: 10 },
    user: { additionalFields: { role: { type: "string", required: false, defaultValue: "user", input: false } } },
    advanced: { trustedProxyHeaders: true },
    telemetry: { enabled: false },
  });
}
