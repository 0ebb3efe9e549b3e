import { freePort } from "@tesslate/testkit";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./temporary.ts";

/** A dev server of sixty lines without dependencies, for tests of previews and containers. */
const server = `
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
const env = process.env;
const boot = Date.now() + Math.random();
console.log("token is " + (env.SECRET_TOKEN ?? "unset"));
if (env.CRASH) { console.error("cannot start: " + env.SECRET_TOKEN); process.exit(Number(env.CRASH)); }
const page = "<!doctype html><html><head><title>Tiny</title></head><body>hello</body></html>";
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://x");
  const send = (type, body, headers = {}) => response.writeHead(200, { "content-type": type, ...headers }).end(body);
  if (url.pathname === "/headers") return send("application/json", JSON.stringify({ boot, url: request.url, headers: request.headers, env: { PORT: env.PORT, HOST: env.HOST, PROJECT_ID: env.PROJECT_ID, CONTAINER_NAME: env.CONTAINER_NAME, GREETING: env.GREETING } }));
  if (url.pathname === "/cookie") return send("text/plain", "ok", { "set-cookie": ["tesslate_auth=evil", "mine=1; Domain=preview.localhost; Path=/"] });
  if (url.pathname === "/gzip") return send("text/html", gzipSync(page), { "content-encoding": "gzip", etag: '"abc"' });
  if (url.pathname === "/fragment") return send("text/html", "<p>part</p>");
  if (url.pathname === "/csp") return send("text/html", page, { "content-security-policy": "default-src 'self'" });
  if (url.pathname === "/etag") {
    if (request.headers["if-none-match"] === 'W/"v1"') return response.writeHead(304, { etag: 'W/"v1"' }).end();
    return send("text/html", page, { etag: 'W/"v1"' });
  }
  if (url.pathname === "/worker.js") return send("text/javascript", "self.oninstall = () => self.skipWaiting(); self.onactivate = (e) => e.waitUntil(self.clients.claim()); self.addEventListener('fetch', (e) => e.respondWith(new Response('from the worker')));");
  if (url.pathname === "/missing" || url.pathname === "/picture.png") return response.writeHead(404).end("missing");
  if (url.pathname === "/crash") { console.error("dying with " + env.SECRET_TOKEN); process.exit(3); }
  if (url.pathname === "/upload") {
    let size = 0;
    request.on("data", (c) => (size += c.length)).on("end", () => send("text/plain", String(size)));
    request.on("close", () => { if (!request.complete) console.log("upload cut off"); });
    return;
  }
  if (url.pathname === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write("data: tick\\n\\n"), 50);
    response.on("close", () => { clearInterval(timer); console.log("events closed"); });
    return;
  }
  send("text/html; charset=utf-8", page);
});
server.on("upgrade", (request, socket, head) => {
  if (request.url.startsWith("/refuse")) return socket.end("HTTP/1.1 426 Upgrade Required\\r\\ncontent-length: 2\\r\\n\\r\\nno");
  const key = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  const protocol = request.headers["sec-websocket-protocol"];
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nupgrade: websocket\\r\\nconnection: Upgrade\\r\\nsec-websocket-accept: " + key + (protocol ? "\\r\\nsec-websocket-protocol: " + protocol : "") + "\\r\\n\\r\\n");
  const text = JSON.stringify({ url: request.url, protocol, cookie: request.headers.cookie });
  socket.write(Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 255]), Buffer.from(text)]));
  socket.on("error", () => {});
  socket.on("data", () => {});
});
server.listen(Number(env.OTHER_PORT ?? env.PORT), "127.0.0.1", () => console.log("listening"));
`;

/** A temporary templates folder with one template, `tiny`. It uses a free port, because projects without a network namespace share the host's ports. */
export async function tinyTemplates(more: { build?: string[][]; command?: string[] } = {}): Promise<string> {
  const dir = temporaryFolder("templates");
  const files = join(dir, "tiny/files");
  await mkdir(files, { recursive: true });
  await writeFile(join(files, "server.mjs"), server);
  await writeFile(join(files, ".env"), "SECRET=planted\n");
  await writeFile(
    join(dir, "tiny/template.json"),
    JSON.stringify({
      slug: "tiny",
      name: "Tiny App",
      description: "For tests",
      stack: ["Node"],
      default: true,
      build: more.build ?? [],
      service: { command: more.command ?? ["node", "server.mjs"], port: await freePort(), framework: "vite" },
      starter_prompts: [],
    }),
  );
  return dir;
}
