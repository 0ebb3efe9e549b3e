import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";
import type { Config } from "../config.ts";
import { AppError } from "../platform/errors.ts";

/** Security headers of all responses, and which origins may call the API. */
export async function installBrowserPolicies(
  app: FastifyInstance,
  config: Pick<Config["http"], "appBaseUrl" | "previewDomain">,
  origins: ReadonlySet<string>,
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // CodeMirror, xterm and Radix write style elements at run time.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        // Blob URLs are created only by our own page, to show project files.
        mediaSrc: ["'self'", "blob:"],
        fontSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        // Previews, and PDFs in the browser's viewer.
        frameSrc: [
          `http://*.${config.previewDomain}:*`,
          `https://*.${config.previewDomain}:*`,
          `http://*.${config.previewDomain}`,
          `https://*.${config.previewDomain}`,
          "'self'",
        ],
        frameAncestors: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
    },
    frameguard: { action: "sameorigin" },
    hsts: config.appBaseUrl.startsWith("https:"),
    crossOriginEmbedderPolicy: false,
    crossOriginResourcePolicy: { policy: "same-origin" },
    referrerPolicy: { policy: "same-origin" },
  });
  await app.register(cors, {
    origin: (origin, done) => done(null, origin !== undefined && origins.has(origin) ? origin : false),
    credentials: true,
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    allowedHeaders: [
      "Content-Type",
      "Authorization",
      "Accept",
      "Idempotency-Key",
      "If-Match",
      "If-None-Match",
      "Last-Event-ID",
      "X-CSRF-Token",
    ],
    exposedHeaders: ["ETag", "Idempotent-Replayed", "Retry-After", "X-Request-Id"],
    maxAge: 600,
    strictPreflight: false,
    preflight: true,
  });
  app.addHook("onRequest", async (request) => {
    if (request.method === "OPTIONS" && request.headers.origin !== undefined && !origins.has(request.headers.origin))
      throw new AppError("forbidden", "This origin is not allowed to call the API. Add it to CORS_ORIGINS.");
  });
}
