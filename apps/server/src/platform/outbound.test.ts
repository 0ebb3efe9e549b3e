import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { isPublicAddress } from "./ip-address.ts";
import { createOutbound, hostEntry, type Outbound, type OutboundOptions } from "./outbound.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
const open = (options: Partial<OutboundOptions> = {}): Outbound => {
  const outbound = createOutbound({ allowHosts: [], ...options });
  closers.push(() => outbound.close());
  return outbound;
};
/** A real server on loopback; returns its `host:port`. */
const serve = async (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const codeOf = async (call: Promise<unknown>) =>
  call.then(
    () => "answered",
    (error: unknown) => (error instanceof AppError ? error.code : `other: ${String(error)} ${String((error as Error).cause)}`),
  );

describe("addresses", () => {
  test.each([
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "0:0:0:0:0:ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1", "3fff::1", "5f00::1", "not an address", "",
  ])("%j is not public", (address) => expect(isPublicAddress(address)).toBe(false)); // prettier-ignore
  test.each(["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])(
    "%j is public",
    (address) => expect(isPublicAddress(address)).toBe(true),
  ); // prettier-ignore
});

describe("notations", () => {
  test.each([
    "http://127.0.0.1/", "http://localhost/", "http://LOCALHOST/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
    "http://127.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:0:0:1]/", "http://①②⑦.⓪.⓪.①/", "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/", "http://10.1.2.3/", "http://[64:ff9b::a00:1]/", "https://192.168.0.1/",
    "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:text/plain,x", "http://user:secret@example.com/", "http://example.com:25/", "http://", "nonsense",
  ])("refuses %j", async (url) => expect(await codeOf(open().fetch(url))).toBe("outbound_refused")); // prettier-ignore

  test.each([
    "https://localhost./x", "https://sub.localhost/x", "https://a.b.LOCALHOST./x", "https://metadata.google.internal/x", "https://metadata.google.internal./x",
    "https://metadata/x", "https://metadata.goog/x", "https://host.docker.internal/x", "https://printer.local/x", "https://localhost.localdomain/x",
    "https://redis/x", "https://kubernetes.default.svc/x",
  ])("refuses the name %j, whatever it resolves to", async (url) => {
    const outbound = open({ lookup: async () => [{ address: "1.1.1.1", family: 4 }] });
    expect(await codeOf(outbound.check(url))).toBe("outbound_refused");
    expect(await codeOf(outbound.fetch(url))).toBe("outbound_refused");
  }); // prettier-ignore
  test("similar names are not names of this machine, and an allowed name also matches with a trailing dot", async () => {
    const outbound = open({ allowHosts: ["ollama.local:11434"], lookup: async () => [{ address: "1.1.1.1", family: 4 }] });
    for (const url of [
      "https://mylocalhost.com/",
      "https://localhost.example.com/",
      "https://internal.example.com/",
      "http://ollama.local.:11434/",
    ])
      expect(await codeOf(outbound.check(url)), url).toBe("answered");
    expect(await codeOf(outbound.check("http://ollama.local:80/"))).toBe("outbound_refused");
  });
  test("the error has the reason and how the operator can allow it", async () => {
    await expect(open().fetch("http://127.0.0.1:9000/")).rejects.toThrow(/127\.0\.0\.1 .*OUTBOUND_ALLOW_HOSTS/);
  });
  test("a name with private addresses only is refused", async () => {
    const lookups: string[] = [];
    const outbound = open({
      lookup: async (name) => (
        lookups.push(name),
        [
          { address: "10.0.0.1", family: 4 },
          { address: "::1", family: 6 },
        ]
      ),
    });
    expect(await codeOf(outbound.fetch("http://intranet.example/"))).toBe("outbound_refused");
    expect(lookups).toEqual(["intranet.example"]);
  });
});

describe("hosts that the operator allows", () => {
  test.each([
    ["by host", (at: string) => at.split(":")[0]!],
    ["by host and port", (at: string) => at],
  ])("is reached %s", async (_, entry) => {
    const at = await serve((_request, response) => void response.end("hello"));
    expect(await (await open({ allowHosts: [entry(at)] }).fetch(`http://${at}/`)).text()).toBe("hello");
  });
  test("another port of the host is refused", async () => {
    const at = await serve((_request, response) => void response.end("hello"));
    expect(await codeOf(open({ allowHosts: ["127.0.0.1:1"] }).fetch(`http://${at}/`))).toBe("outbound_refused");
  });
  test("another name of the same address is refused", async () => {
    const at = await serve((_request, response) => void response.end("hello"));
    const outbound = open({ allowHosts: ["127.0.0.1"], lookup: async () => [{ address: "127.0.0.1", family: 4 }] });
    expect(await codeOf(outbound.fetch(`http://rebound.example:${at.split(":")[1]}/`))).toBe("outbound_refused");
  });
  test("an operator's base URL becomes an entry", () => {
    expect(["http://localhost:8080/v1", "https://api.example.com/v1", "http://[::1]/", "nonsense"].map(hostEntry)).toEqual([
      "localhost:8080",
      "api.example.com:443",
      "[::1]:80",
      undefined,
    ]);
  });
});

test("the connection uses the checked address, even if the name resolves differently later", async () => {
  let hits = 0;
  const at = await serve((_request, response) => (hits++, void response.end("inside")));
  const port = at.split(":")[1];
  // First a public address beside loopback, then loopback alone: the public one is unreachable here, and no other may be tried.
  const loopback = { address: "127.0.0.1", family: 4 };
  const answers = [[loopback, { address: "192.0.3.1", family: 4 }], [loopback]];
  const outbound = open({ lookup: async () => answers.shift() ?? [] });
  const first = await codeOf(outbound.fetch(`http://rebind.example:${port}/`, { signal: AbortSignal.timeout(300) }));
  expect(first).not.toBe("answered");
  expect(await codeOf(outbound.fetch(`http://rebind.example:${port}/`))).toBe("outbound_refused");
  expect(hits).toBe(0);
});

describe("redirects", () => {
  const redirectTo = (location: string, status = 302) => serve((_request, response) => void response.writeHead(status, { location }).end());

  test.each(["http://169.254.169.254/latest/", "http://[::1]:9/", "//127.0.0.2/", "file:///etc/passwd", "http://u:p@example.com/"])(
    "to %s are refused",
    async (target) => {
      const at = await redirectTo(target);
      expect(await codeOf(open({ allowHosts: [at] }).fetch(`http://${at}/`))).toBe("outbound_refused");
    },
  );
  test("are followed on allowed hosts, at most five", async () => {
    const at = await serve((request, response) => {
      const n = Number(request.url?.slice(1));
      if (n > 0) response.writeHead(302, { location: `/${n - 1}` }).end();
      else response.end("there");
    });
    const outbound = open({ allowHosts: [at] });
    expect(await (await outbound.fetch(`http://${at}/5`)).text()).toBe("there");
    expect(await codeOf(outbound.fetch(`http://${at}/6`))).toBe("outbound_refused");
  });
  test("to another origin send no credentials", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const target = await serve((request, response) => (seen.push(request.headers), void response.end("ok")));
    const at = await redirectTo(`http://${target}/`);
    const headers = {
      authorization: "Bearer sk-secret",
      cookie: "a=b",
      "x-api-key": "sk-secret",
      "x-goog-api-key": "sk-secret",
      accept: "text/plain",
    };
    await (await open({ allowHosts: [at, target] }).fetch(`http://${at}/`, { headers })).text();
    expect(JSON.stringify(seen)).not.toContain("sk-secret");
    expect(seen[0]).toMatchObject({ accept: "text/plain" });
    expect(seen[0]?.cookie).toBeUndefined();
  });
  test("to another origin send no body", async () => {
    const bodies: string[] = [];
    const target = await serve(
      (request, response) => void request.on("data", (d) => bodies.push(String(d))).on("end", () => response.end("ok")),
    );
    const at = await redirectTo(`http://${target}/`, 307);
    expect(await codeOf(open({ allowHosts: [at, target] }).fetch(`http://${at}/`, { method: "POST", body: "prompt" }))).toBe(
      "outbound_refused",
    );
    expect(bodies).toEqual([]);
  });
  test("303 and 302 of a POST become a GET without body", async () => {
    const methods: string[] = [];
    const at = await serve((request, response) => {
      methods.push(request.method ?? "");
      if (request.url === "/") response.writeHead(302, { location: "/next" }).end();
      else response.end("ok");
    });
    await (await open({ allowHosts: [at] }).fetch(`http://${at}/`, { method: "POST", body: "x" })).text();
    expect(methods).toEqual(["POST", "GET"]);
  });
});

describe("limits", () => {
  test("a body over the limit is aborted", async () => {
    const at = await serve((_request, response) => void response.end("x".repeat(5000)));
    const response = await open({ allowHosts: [at] }).limited({ maxBytes: 1000 })(`http://${at}/`);
    expect(await codeOf(response.text())).toBe("outbound_refused");
  });
  test("a body below the limit arrives complete, with status, headers and address", async () => {
    const at = await serve((_request, response) => void response.writeHead(404, { "x-a": "b" }).end("short"));
    const response = await open({ allowHosts: [at] }).limited({ maxBytes: 1000 })(`http://${at}/p`);
    expect([response.status, response.headers.get("x-a"), response.url, await response.text()]).toEqual([
      404,
      "b",
      `http://${at}/p`,
      "short",
    ]);
  });
  test("the timeout aborts", async () => {
    const at = await serve(() => undefined);
    await expect(open({ allowHosts: [at] }).limited({ timeoutMs: 50 })(`http://${at}/`)).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

test("a body is streamed, and aborting it closes the connection at the server", async () => {
  const closed = Promise.withResolvers<void>();
  const at = await serve((_request, response) => {
    response.write("one ");
    response.on("close", () => closed.resolve());
  });
  const abort = new AbortController();
  const response = await open({ allowHosts: [at] }).fetch(`http://${at}/`, { signal: abort.signal });
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe("one ");
  abort.abort();
  await expect(reader.read()).rejects.toMatchObject({ name: "AbortError" });
  await closed.promise;
});

describe("through the operator's proxy", () => {
  /** Forwards plain requests and tunnels; resolves names of `example` to one address. Records the requests. */
  const proxyTo = async (target: string) => {
    const requests: string[] = [];
    const [host = "", port = ""] = target.split(":");
    const server = createServer((incoming, response) => {
      requests.push(`${incoming.method} ${incoming.url} ${incoming.headers["proxy-authorization"] ?? ""}`.trim());
      const url = new URL(incoming.url ?? "");
      request({ host, port, path: url.pathname, method: incoming.method }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }).end();
    });
    server.on("connect", (incoming, client: Socket) => {
      requests.push(`CONNECT ${incoming.url}`);
      const there = connect(Number(port), host, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
      for (const socket of [client, there]) socket.on("error", () => socket.destroy());
      client.pipe(there).pipe(client);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
  };
  const unknown = async (name: string): Promise<{ address: string; family: number }[]> => {
    if (name === "rebound.example") return [{ address: "10.0.0.1", family: 4 }];
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
  };
  const all = async () => {
    const at = await serve((_request, response) => void response.end("from outside"));
    const { address, requests } = await proxyTo(at);
    const uri = `http://me:secret@${address}`;
    return {
      at,
      requests,
      outbound: (more = {}) => open({ lookup: unknown, proxy: { http: uri, https: uri, none: ["direct.example", ".lan"] }, ...more }),
    };
  };

  test("calls to names that this machine cannot resolve go out with the proxy's credentials", async () => {
    const { outbound, requests } = await all();
    const way = outbound();
    expect(await (await way.fetch("http://api.example/v1")).text()).toBe("from outside");
    expect(requests).toEqual([`GET http://api.example/v1 Basic ${Buffer.from("me:secret").toString("base64")}`]);
    const socket = await way.connect("git.example", 443);
    socket.write("GET / HTTP/1.0\r\n\r\n");
    expect(String(await once(socket, "data"))).toContain("200 OK");
    socket.destroy();
    expect(requests[1]).toBe("CONNECT git.example:443");
  });

  test("private addresses, and names that resolve to them, are refused before the proxy gets a request", async () => {
    const { outbound, requests } = await all();
    const way = outbound();
    for (const url of [
      "http://10.0.0.1/",
      "http://169.254.169.254/latest",
      "http://[fd00::1]/",
      "https://rebound.example/",
      "http://127.0.0.1:1/",
    ])
      expect(await codeOf(way.fetch(url))).toBe("outbound_refused");
    expect(await codeOf(way.connect("10.0.0.1", 443))).toBe("outbound_refused");
    expect(requests).toEqual([]);
  });

  test("NO_PROXY and loopback are called directly, under the same rules", async () => {
    const { outbound, requests, at } = await all();
    const port = at.split(":")[1];
    const lookup = async () => [{ address: "127.0.0.1", family: 4 }];
    const way = outbound({ lookup, allowHosts: [`direct.example:${port}`, `git.lan:${port}`, at] });
    for (const host of ["direct.example", "git.lan", "127.0.0.1"])
      expect(await (await way.fetch(`http://${host}:${port}/`)).text()).toBe("from outside");
    expect(await codeOf(way.fetch("http://other.lan/"))).toBe("outbound_refused");
    expect(requests).toEqual([]);
  });
});
