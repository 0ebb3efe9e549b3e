import { connect, createServer, type OutgoingHttpHeaders } from "node:http2";
import { createServer as createHttp1Server } from "node:http";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { decode } from "../conformance/observe.ts";
import { createMemoryDriver } from "../memory/driver.ts";
import { silentLog } from "../log.ts";
import { run } from "../run.ts";
import { createRemoteDriver } from "./client/driver.ts";
import { createFrameReader, encodeFrame, encodeJson, type Frame } from "./frames.ts";
import { headers, paths, protocol } from "./protocol.ts";
import { quick, startRemote, token } from "./remote.fixture.ts";
import { createRunner, type RunnerOptions } from "./runner/runner.ts";

const client = (url: string, more: object = {}) => createRemoteDriver({ url, token, timing: { ...quick, patienceMs: 200 }, ...more });
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A request without our client. */
async function raw(url: string, more: OutgoingHttpHeaders, body: Buffer[] = []) {
  const session = connect(url);
  session.on("error", () => {});
  const stream = session.request({ ":method": "POST", ...more });
  const read = createFrameReader();
  const frames: Frame[] = [];
  const chunks: Buffer[] = [];
  let status = 0;
  stream.on("response", (response) => (status = Number(response[":status"])));
  stream.on("data", (chunk: Buffer) => (status === 200 ? frames.push(...read(chunk)) : chunks.push(chunk)));
  stream.on("error", () => {});
  for (const part of body) stream.write(part);
  stream.end();
  await new Promise((resolve) => stream.once("close", resolve));
  session.destroy();
  return { status, text: Buffer.concat(chunks).toString(), frames: frames.map(({ kind, payload }) => [kind, payload.toString()]) };
}
const call = (name: string, more: OutgoingHttpHeaders = {}) => ({
  ":path": paths.call + name,
  [headers.authorization]: `Bearer ${token}`,
  [headers.protocol]: "1.0",
  [headers.client]: "test",
  ...more,
});
const message = (value: unknown) => encodeFrame("message", encodeJson(value));

test("only those with the token get in, and the token is long", async () => {
  await using remote = await startRemote(createMemoryDriver());
  await expect(client(remote.proxy.url, { token: "x".repeat(32) })).rejects.toThrow(
    /refused the token\. RUNNER_TOKEN must be the same on both machines\./,
  );
  for (const authorization of ["", "Bearer", `Basic ${token}`, `Bearer ${token}x`, `bearer ${token}`])
    expect((await raw(remote.runner.url, call("driver.list", { authorization }), [message({})])).status).toBe(401);
  expect(await raw(remote.runner.url, { ":path": paths.hello, ":method": "GET" })).toMatchObject({
    status: 401,
    text: expect.stringContaining("No token was sent."),
  });
  await expect(
    createRunner({ driver: createMemoryDriver(), token: "short", listen: { host: "127.0.0.1", port: 0 }, version: "0" }),
  ).rejects.toThrow("at least 32 characters");
});

test("another major version of the protocol is refused with who must be upgraded", async () => {
  for (const [major, which] of [
    [protocol.major + 1, "server"],
    [protocol.major - 1, "runner"],
  ] as const) {
    const other = createServer();
    other.on("stream", (stream) => stream.end(JSON.stringify({ protocol: { major, minor: 0 }, version: "9.9.9" })));
    await expect(client(await listen(other))).rejects.toThrow(
      new RegExp(`version 9\\.9\\.9\\) speaks protocol ${major}, this server protocol ${protocol.major}\\. Upgrade the ${which}\\.`),
    );
  }
  await using remote = await startRemote(createMemoryDriver());
  expect(await raw(remote.runner.url, call("driver.list", { [headers.protocol]: "7.0" }), [message({})])).toMatchObject({ status: 426 });
});

test("what is no runner is named", async () => {
  const web = createHttp1Server((_, response) => response.end("hello"));
  await expect(client(await listen(web))).rejects.toMatchObject({ code: "unavailable" });
  const other = createServer();
  other.on("stream", (stream) => stream.end("hello"));
  await expect(client(await listen(other))).rejects.toThrow("does not respond as a runner does. Check RUNNER_URL");
  await expect(client("http://127.0.0.1:1")).rejects.toThrow("cannot be reached (ECONNREFUSED)");
  for (const url of ["runner.lan:7070", "ftp://runner.lan", "unix://", ""])
    await expect(client(url)).rejects.toThrow("is not an address of a runner");
});

test("malformed calls are refused", async () => {
  await using remote = await startRemote(createMemoryDriver());
  const { url } = remote.runner;
  for (const [body, problem] of [
    [message({ id: "a" }), /"code":"not_supported".*The request of tree\.stat is not valid/],
    [message({ id: "../a", path: "x" }), /not_supported/],
    [message({ id: "a", path: "x", more: 1 }), /not_supported/],
    [message(null), /not_supported/],
    [encodeFrame("message", Buffer.from("{")), /it is not JSON/],
  ] as const)
    expect((await raw(url, call("tree.stat"), [body])).frames).toEqual([["error", expect.stringMatching(problem)]]);
  expect((await raw(url, call("tree.stat"), [Buffer.from("GET / HTTP/1.1\r\n\r\n")])).frames).toEqual([]);
  expect((await raw(url, call("tree.stat"))).frames).toEqual([["error", expect.stringContaining("aborted")]]);
  for (const [path, status] of [
    ["constructor", 400],
    ["driver.close", 400],
    ["driver.remove", 400], // a command without an id
  ] as const)
    expect((await raw(url, call(path), [message({ id: "a" })])).status).toBe(status);
  expect((await raw(url, call("driver.list", { [headers.client]: "" }), [message({})])).status).toBe(400);
});

test("errors keep their code and details; unexpected ones stay at the runner", async () => {
  const logged: unknown[] = [];
  const nowhere = () => {};
  const log = { debug: nowhere, info: nowhere, warn: nowhere, error: (facts: object) => void logged.push(facts) };
  const local = createMemoryDriver();
  await using remote = await startRemote({ ...local, histories: () => Promise.reject(new Error("EACCES /srv/secret")) }, { log });
  const driver = await remote.connect();
  const sandbox = await driver.open({ id: "a" });
  const { entry } = await sandbox.files.write("f", "1");
  await expect(sandbox.files.write("f", "2", { ifMatch: "other" })).rejects.toMatchObject({
    name: "RuntimeError",
    code: "etag_mismatch",
    details: { etag: entry.etag },
  });
  await expect(driver.histories()).rejects.toMatchObject({
    code: "unavailable",
    message: "The runner failed to run driver.histories. Its log has the reason.",
  });
  expect(logged).toMatchObject([{ method: "driver.histories", err: { message: "EACCES /srv/secret" } }]);
});

test("a client that may start without its runner keeps connecting, slower while it is refused, and logs each reason once", async () => {
  const logged: [string, object][] = [];
  const log = {
    ...silentLog,
    warn: (facts: object, message: string) => void logged.push([message, facts]),
    error: (facts: object, message: string) => void logged.push([message, facts]),
  };
  const server = createServer();
  const url = await listen(server);
  server.close();
  const patient = { startsWithoutAfterMs: 100, log };
  const driver = await client(url, patient);
  expect([driver.name, driver.isolation, driver.isConnected?.()]).toEqual(["remote", "unknown", false]);
  expect(() => driver.can.history).toThrow("cannot be reached (ECONNREFUSED)");
  await expect(driver.list()).rejects.toMatchObject({ code: "unavailable" });
  expect(await driver.runner?.()).toMatchObject({ isConnected: false, lastError: { isPermanent: false } });
  const connected = Promise.withResolvers<void>();
  driver.onConnected?.(connected.resolve);
  const { port } = new URL(url);
  const start = (shared: string) =>
    createRunner({
      driver: createMemoryDriver(),
      token: shared,
      listen: { host: "127.0.0.1", port: Number(port) },
      version: "0",
      timing: quick,
    });
  const other = await start("x".repeat(32));
  await expect.poll(() => driver.runner?.()).toMatchObject({ lastError: { isPermanent: true } });
  await expect(driver.list()).rejects.toThrow("refused the token");
  await other.close();
  const runner = await start(token);
  await connected.promise;
  expect(await driver.list()).toEqual([]);
  expect([driver.name, driver.can.history]).toEqual(["memory", false]);
  const reasons = logged.map(([message, facts]) => [message, (facts as { reason: string }).reason]);
  expect(reasons.filter(([message]) => message === "the runner cannot be used until its settings or version change")).toHaveLength(1);
  expect(reasons.filter(([, reason]) => reason?.includes("ECONNREFUSED")).length).toBeLessThanOrEqual(2);
  await driver.close();
  await runner.close();
});

test("a unix socket is for its owner only", async () => {
  const folder = await mkdtemp(join(tmpdir(), "runner-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "runner.sock");
  const runner = await createRunner({ driver: createMemoryDriver(), token, listen: { path }, version: "0", timing: quick });
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe("600");
  const driver = await client(runner.url);
  const sandbox = await driver.open({ id: "a" });
  await sandbox.files.write("f", "over a socket");
  expect(decode((await sandbox.files.read("f")).data)).toBe("over a socket");
  await driver.close();
  await runner.close();
});

test("TLS needs a certificate that the server trusts, and may need one of the server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "runner-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const certificate = async (name: string) => {
    const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    await run(["openssl", ...request, "-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]);
    return { cert: await readFile(cert), key: await readFile(key) };
  };
  const [own, server, stranger] = [await certificate("runner"), await certificate("server"), await certificate("stranger")];
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (_facts: object, message: string) => void warnings.push(message) };
  const start = (tls: NonNullable<RunnerOptions["tls"]>) =>
    createRunner({ driver: createMemoryDriver(), token, listen: { host: "127.0.0.1", port: 0 }, version: "0", timing: quick, tls, log });
  const runner = await start(own);
  const driver = await client(runner.url, { tls: { ca: own.cert } });
  expect(await driver.list()).toEqual([]);
  await driver.close();
  await expect(client(runner.url)).rejects.toThrow(
    /has a certificate that this server does not trust\. RUNNER_CA_FILE must name .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
  );
  await expect(client(runner.url.replace("127.0.0.1", "localhost"), { tls: { ca: own.cert } })).rejects.toThrow(
    "has a certificate for another name",
  );
  const plain = await createRunner({
    driver: createMemoryDriver(),
    token,
    listen: { host: "127.0.0.1", port: 0 },
    version: "0",
    timing: quick,
  });
  await expect(client(plain.url.replace("http:", "https:"), { tls: { ca: own.cert } })).rejects.toThrow("does not use TLS");
  await plain.close();
  await runner.close();
  warnings.length = 0;
  const strict = await start({ ...own, ca: server.cert });
  await expect(client(strict.url, { tls: { ca: own.cert } })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("requires a certificate of this server (RUNNER_CERT_FILE and RUNNER_KEY_FILE)"),
  });
  // One line, although a client tries several times.
  expect(warnings).toEqual(["connection without a client certificate refused"]);
  await expect(client(strict.url, { tls: { ca: own.cert, ...stranger } })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("RUNNER_CA_FILE on the runner must name the authority that signed it"),
  });
  const trusted = await client(strict.url, { tls: { ca: own.cert, ...server } });
  expect(await trusted.list()).toEqual([]);
  await trusted.close();
  await strict.close();
});
