import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { freePort } from "@tesslate/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestUser } from "../testing/app.ts";
import { findCaddy } from "../testing/caddy.ts";
import { projectsApp, setUpProject, type ProjectsApp } from "../testing/projects.ts";
import { temporaryFolder } from "../testing/temporary.ts";
import { requestOverTls, textOf, type TlsRequest } from "../testing/tls.ts";

const documents = join(import.meta.dirname, "../../../../docs/operations");
/** A code block of a document for operators, by a line in it. */
function blockOf(document: string, language: string, line: string): string {
  const blocks = readFileSync(join(documents, document), "utf8").matchAll(/^```(\w*)\n([\s\S]*?)^```/gm);
  const found = [...blocks].find(([, name, code = ""]) => name === language && code.includes(line));
  if (!found) throw new Error(`${document} has no block in ${language || "no language"} with: ${line}`);
  return found[2] ?? "";
}

const nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));
const caddy = await findCaddy();
const dir = temporaryFolder("proxies");
let app: ProjectsApp;
let ada: TestUser;
let project: { id: string };
const children: ChildProcess[] = [];

beforeAll(async () => {
  const env = { APP_BASE_URL: "https://studio.example.com", PREVIEW_DOMAIN: "preview.example.net", TRUST_PROXY: "true" };
  app = await projectsApp({ env });
  ada = await app.signUp();
  ({ project } = await setUpProject(app, ada, "Bakery"));
  mkdirSync(dir, { recursive: true });
  const names = "subjectAltName=DNS:studio.example.com,DNS:*.preview.example.net";
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(dir, "privkey.pem")];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", join(dir, "fullchain.pem"), "-subj", "/CN=studio", "-addext", names], {
    stdio: "ignore",
  });
});
afterAll(async () => {
  for (const child of children) {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  await app?.close();
});

const send = (port: number, path: string, { headers, ...options }: TlsRequest = {}) =>
  requestOverTls(port, path, { ...options, headers: { authorization: `Bearer ${ada.token}`, ...headers } });

async function start(program: string, args: string[], port: number): Promise<void> {
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
  });
  children.push(child);
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  await vi.waitFor(
    async () => {
      expect(((await send(port, "/health").catch((error: Error) => error)) as IncomingMessage).statusCode, output).toBe(200);
    },
    { timeout: 30_000 },
  );
}

/** What the document promises of a proxy. */
async function check(port: number): Promise<void> {
  // Cookies, and the address of the client: what it says of itself does not count.
  const login = await send(port, "/api/auth/login", {
    method: "POST",
    body: Buffer.from(JSON.stringify({ email: ada.email, password: ada.password })),
    headers: { authorization: "", "content-type": "application/json", "x-forwarded-for": "203.0.113.9" },
  });
  expect([login.statusCode, login.headers["set-cookie"]?.every((cookie) => /; Secure/i.test(cookie))]).toEqual([200, true]);
  login.resume();
  const sessions = JSON.parse(await textOf(await send(port, "/api/auth/sessions"))) as { items: { ip: string | null }[] };
  expect(sessions.items.map(({ ip }) => ip)).not.toContain("203.0.113.9");
  expect(sessions.items.map(({ ip }) => ip)).toContain("127.0.0.1");

  // Event streams are not buffered, and WebSockets pass.
  const events = await send(port, `/api/projects/${project.id}/events`, { headers: { accept: "text/event-stream" } });
  expect(events.statusCode).toBe(200);
  const first = once(events, "data");
  await app.as(ada).files.put({ params: { id: project.id, path: `at-${port}.txt` }, body: { content: "x" } });
  await first;
  events.destroy();
  const socket = await send(port, `/api/projects/${project.id}/events/ws`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
  expect(socket.statusCode).toBe(101);

  // Larger than the usual limits of proxies.
  const edge = "------------------------7d1";
  const part = `--${edge}\r\ncontent-disposition: form-data; name="file"; filename="large-${port}.bin"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const upload = await send(port, `/api/projects/${project.id}/file-upload`, {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${edge}` },
    body: Buffer.concat([Buffer.from(part), Buffer.alloc(8 << 20, 7), Buffer.from(`\r\n--${edge}--\r\n`)]),
  });
  expect(await textOf(upload).then(() => upload.statusCode)).toBeLessThan(300);

  // Previews are other hosts at the same proxy, and answer without the app's session.
  const preview = await send(port, "/", { host: "nothing-here.preview.example.net", headers: { authorization: "", accept: "text/html" } });
  expect([preview.statusCode, (await textOf(preview)).includes("<html")]).toEqual([404, true]);
}

describe.skipIf(nginx === undefined)("nginx", () => {
  const withUpstream = (site: string) => {
    const upstream = blockOf("several-servers.md", "nginx", "upstream studio");
    const [servers = "", location = ""] = upstream.split("# in the location:\n");
    const lines = location.replace(/^# */gm, "");
    return servers + site.replace(/^ *proxy_pass .*$/m, lines);
  };
  test.each([
    ["one server", (site: string) => site],
    ["several servers, one of them away", withUpstream],
  ])("as documented for %s", async (_, change) => {
    const [port, plain, gone] = [await freePort(), await freePort(), await freePort()];
    const site = change(blockOf("reverse-proxy.md", "nginx", "server_name studio.example.com"))
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
      .replace("listen 80;", `listen 127.0.0.1:${plain};`)
      .replaceAll("/etc/ssl/studio", dir)
      // Versions before 1.25.1 do not know it.
      .replace(/^ *http2 on;\n/m, "")
      .replaceAll(/127\.0\.0\.1:8000|10\.0\.0\.6:8000/g, `127.0.0.1:${app.port}`)
      .replace("10.0.0.5:8000", `127.0.0.1:${gone}`);
    const file = join(dir, `nginx-${port}.conf`);
    const folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${dir}/${name};`).join("\n");
    writeFileSync(file, `daemon off; pid ${dir}/nginx-${port}.pid;\nevents {}\nhttp {\naccess_log off;\n${folders}\n${site}\n}\n`);
    await start(nginx ?? "", ["-e", "stderr", "-c", file], port);
    await check(port);
    const redirect = await fetch(`http://127.0.0.1:${plain}/x?y=1`, { headers: { host: "studio.example.com" }, redirect: "manual" });
    expect(redirect.status).toBe(301);
  });
});

describe.skipIf(caddy === undefined)("Caddy", () => {
  test.each([
    ["one server", blockOf("reverse-proxy.md", "caddy", "studio.example.com {")],
    ["domains of people", blockOf("reverse-proxy.md", "caddy", "on_demand_tls")],
    ["several servers, one of them away", blockOf("several-servers.md", "", "health_uri /ready")],
  ])("as documented for %s", async (_, site) => {
    const [port, gone] = [await freePort(), await freePort()];
    // Its own authority stands for the public one, and for the DNS challenge of the wildcard.
    const settings = `admin off\nauto_https disable_redirects\nlocal_certs\nskip_install_trust\nhttps_port ${port}\nstorage file_system ${dir}/caddy-${port}\n`;
    const text = site
      .replaceAll(/tls \{\s*dns <[^>]*>\s*\}/g, "tls internal")
      .replaceAll(/127\.0\.0\.1:8000|10\.0\.0\.6:8000/g, `127.0.0.1:${app.port}`)
      .replaceAll("10.0.0.5:8000", `127.0.0.1:${gone}`);
    const file = join(dir, `Caddyfile-${port}`);
    writeFileSync(file, text.startsWith("{") ? text.replace("{", `{\n${settings}`) : `{\n${settings}}\n${text}`);
    await start(caddy ?? "", ["run", "--config", file, "--adapter", "caddyfile"], port);
    await check(port);
  });
});
