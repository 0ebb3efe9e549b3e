import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { PreviewSite } from "../../../http/preview-site.ts";
import { openPreviewProxy } from "./preview-proxy.ts";

const seen: { host: string | undefined; url: string | undefined; cookie: string | undefined; credential: string | undefined }[] = [];
const site: PreviewSite = {
  request: ({ headers, url }, response) => {
    seen.push({ host: headers.host, url, cookie: headers.cookie, credential: headers["proxy-authorization"] });
    response.end("app");
  },
  upgrade: ({ headers, url }, socket) => {
    seen.push({ host: headers.host, url, cookie: headers.cookie, credential: headers["proxy-authorization"] });
    socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  },
};
const hosts = new Map([["app.preview.localhost:8000", "pass=1"]]);

test("the proxy forwards only to the project's previews, requires its password, and adds the cookie", async () => {
  await using gate = await openPreviewProxy({ site, hosts });
  const { port } = new URL(gate.proxy.server);
  const authorization = `Basic ${Buffer.from(`${gate.proxy.username}:${gate.proxy.password}`).toString("base64")}`;
  const statusOf = async (path: string, headers: Record<string, string> = { "proxy-authorization": authorization }) => {
    const out = request({ host: "127.0.0.1", port, path, headers: { host: "x", ...headers } });
    out.end();
    const [answer] = (await once(out, "response")) as [{ statusCode: number; resume(): void }];
    answer.resume();
    return answer.statusCode;
  };
  const tunnel = async (to: string, then = "", credential = authorization): Promise<string> => {
    const socket: Socket = connect(Number(port), "127.0.0.1");
    socket.write(`CONNECT ${to} HTTP/1.1\r\nhost: ${to}\r\nproxy-authorization: ${credential}\r\n\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    if (then === "") {
      socket.destroy();
      return String(head);
    }
    socket.write(then);
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return String(answer);
  };

  expect(await statusOf("http://app.preview.localhost:8000/a?b=1", { "proxy-authorization": authorization, cookie: "own=2" })).toBe(200);
  expect(seen.splice(0)).toEqual([{ host: "app.preview.localhost:8000", url: "/a?b=1", cookie: "own=2; pass=1", credential: undefined }]);
  const upgrade = (host: string) => `GET /ws HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`;
  expect(await tunnel("app.preview.localhost:8000", upgrade("app.preview.localhost:8000"))).toContain("101");
  // The target of a tunnel is decided once, whatever is requested through it.
  expect(await tunnel("app.preview.localhost:8000", upgrade("other.preview.localhost:8000"))).toContain("101");
  expect(seen.splice(0).map(({ host }) => host)).toEqual(["app.preview.localhost:8000", "app.preview.localhost:8000"]);

  expect(await statusOf("http://app.preview.localhost:8000/", {})).toBe(407);
  expect(await statusOf("http://app.preview.localhost:8000/", { "proxy-authorization": "Basic eDp5" })).toBe(407);
  expect(await tunnel("app.preview.localhost:8000", "", "Basic eDp5")).toContain("407");
  for (const elsewhere of [
    "http://localhost:8000/api/users/me",
    "http://127.0.0.1:8000/",
    "http://other.preview.localhost:8000/",
    "http://app.preview.localhost:8001/",
    "http://app.preview.localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "ftp://app.preview.localhost:8000/",
    "/relative",
  ])
    expect([elsewhere, await statusOf(elsewhere)]).toEqual([elsewhere, 403]);
  for (const elsewhere of ["localhost:5432", "example.org:443", "app.preview.localhost:443"])
    expect(await tunnel(elsewhere)).toContain("403");
  // Reports of the bridge during this visit are not added to the person's Problems.
  expect(await statusOf("http://app.preview.localhost:8000/__studio/report")).toBe(204);
  expect(await statusOf("http://app.preview.localhost:8000/__studio/bridge.js")).toBe(200);
  expect(seen).toEqual([]);
  expect(gate.isBlocked("wss://app.preview.localhost:8000/")).toBe(false);
  expect(gate.isBlocked("https://fonts.example/")).toBe(true);
  expect(gate.isBlocked("data:text/plain,x")).toBe(false);
});
