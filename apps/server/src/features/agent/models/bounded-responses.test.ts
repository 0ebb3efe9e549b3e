import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createModelClient, userMessage } from "@tesslate/agent";
import { afterEach, expect, test } from "vitest";
import { boundedResponses } from "./bounded-responses.ts";

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A server that sends the same chunk forever, as fast as it is read. */
async function endless(piece: string, status = 200): Promise<{ url: string; sent: () => number; hungUp: Promise<unknown> }> {
  let sent = 0;
  const { promise: hungUp, resolve } = Promise.withResolvers<unknown>();
  const pour = (response: ServerResponse): void => {
    while (!response.destroyed && response.write(piece)) sent += piece.length;
  };
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": status === 200 ? "text/event-stream" : "text/plain" });
    response.on("drain", () => pour(response)).on("close", resolve);
    pour(response);
  }).listen(0, "127.0.0.1");
  closers.push(() => (server.closeAllConnections(), server.close()));
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, sent: () => sent, hungUp };
}

test.each([
  ["a line", "x".repeat(64 * 1024), 200],
  ["an error", "x".repeat(64 * 1024), 500],
  ["a stream of comments", `: ${"x".repeat(1024 * 1024)}\n\n`, 200],
])("%s without an end is aborted, and its connection closed", async (_name, piece, status) => {
  const { url, sent, hungUp } = await endless(piece, status);
  const client = createModelClient({ provider: "openai-compatible", base_url: url, model: "m", fetch: boundedResponses(fetch) });
  const listen = async () => {
    for await (const _ of client.stream({ system: "", messages: [userMessage("Hi")], tools: [] }, new AbortController().signal));
  };
  await expect(listen()).rejects.toMatchObject({ name: "ModelError", code: "model_error" });
  await hungUp;
  expect(sent()).toBeLessThan(200 * 1024 * 1024);
});
