import type { Readable } from "node:stream";
import { conflict } from "../../../../platform/errors.ts";
import { createZip, tieSource } from "../../../../platform/zip.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";

/** Docker image names; edit the Dockerfile to use others. */
const images = { site: "nginx:alpine", node: "node:24-slim", python: "python:3-slim", other: "debian:stable-slim" };
const port = 8080;

/**
 * Packs a stored version into one ZIP archive that runs on any machine with Docker: its files, a Dockerfile, a compose.yaml and the names of
 * its variables, without their values. Throws `not_deployable` when its files were pruned. `open` creates the archive while it is read.
 */
export async function bundleOf(artifacts: ArtifactStore, row: DeploymentRow): Promise<{ name: string; open: () => Readable }> {
  const artifact = row.mode === "source" ? undefined : await artifacts.find(row);
  if (!artifact) throw conflict("not_deployable", "The files of this version were pruned.");
  const name = `${row.site_name ?? row.container_name}-v${row.version}`.replace(/[^\w.-]+/g, "-");
  const open = (): Readable => {
    const { zip, out } = createZip();
    const text = (path: string, content: string) => zip.addBuffer(Buffer.from(content), `${name}/${path}`);
    text("compose.yaml", composeFile(row));
    text("Dockerfile", dockerfile(row, new Set(artifact.files.map(({ path }) => path))));
    text(".env.example", row.env_names.map((variable) => `${variable}=\n`).join(""));
    if (!row.program) text("site.conf", siteConfig(row));
    for (const file of artifact.files)
      zip.addReadStreamLazy(`${name}/app/${file.path}`, { mode: 0o100000 | file.mode, size: file.size }, (give) =>
        give(null, tieSource(out, file.open())),
      );
    zip.end();
    return out;
  };
  return { name, open };
}

const composeFile = ({ program }: DeploymentRow): string => `services:
  app:
    build: .
    restart: unless-stopped
    ports:
      - "${port}:${port}"
${program ? "    env_file:\n      - path: .env\n        required: false\n" : ""}`;

function dockerfile({ program, framework }: DeploymentRow, files: ReadonlySet<string>): string {
  if (!program)
    return `FROM ${images.site}
COPY site.conf /etc/nginx/conf.d/default.conf
COPY app /usr/share/nginx/html
EXPOSE ${port}
`;
  const at = (path: string) => (program.cwd === "." ? path : `${program.cwd}/${path}`);
  const isPython = framework === "python";
  const image = isPython ? images.python : framework === "go" ? images.other : images.node;
  const install = isPython
    ? `RUN python -m venv .venv${files.has(at("requirements.txt")) ? " && .venv/bin/python -m pip install --no-cache-dir -r requirements.txt" : ""}\n`
    : files.has(at("package-lock.json"))
      ? "RUN npm ci --omit=dev --no-audit\n"
      : files.has(at("package.json"))
        ? "RUN npm install --omit=dev --no-audit\n"
        : "";
  return `FROM ${image}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=${port}
WORKDIR /app
COPY app /app
${program.cwd === "." ? "" : `WORKDIR /app/${program.cwd}\n`}${install}EXPOSE ${port}
CMD ${JSON.stringify(program.command)}
`;
}

const siteConfig = ({ spa_fallback }: DeploymentRow): string => `server {
  listen ${port};
  root /usr/share/nginx/html;
  gzip on;
  gzip_types text/css text/javascript application/javascript application/json image/svg+xml;
  add_header X-Content-Type-Options nosniff;
  location / {
    try_files $uri $uri.html $uri/index.html ${spa_fallback ? "/index.html" : "=404"};
    add_header Cache-Control "public, max-age=0, must-revalidate";
  }
}
`;
