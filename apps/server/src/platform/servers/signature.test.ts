import { expect, test, vi } from "vitest";
import { createForwardSignatures, forwardHeader } from "./signature.ts";

test("a signature is of one request, of one key and of this minute", () => {
  const signatures = createForwardSignatures(Buffer.alloc(32, 1));
  const head = { method: "POST", url: "/api/projects/1/start", headers: { host: "studio.example.com", cookie: "tesslate_auth=a" } };
  const facts = { project_id: "p", ip: "203.0.113.7", request_id: "r-1" };
  const header = signatures.sign(head, facts);
  const received = { ...head, headers: { ...head.headers, [forwardHeader]: header } };
  expect(signatures.verify(received)).toEqual(facts);
  for (const forged of [
    head,
    { ...received, url: "/api/projects/2/start" },
    { ...received, method: "DELETE" },
    { ...received, headers: { ...received.headers, cookie: "tesslate_auth=b" } },
    { ...received, headers: { ...received.headers, [forwardHeader]: header.replace(/^./, "x") } },
    { ...received, headers: { ...received.headers, [forwardHeader]: header.split(".")[0] } },
  ])
    expect(signatures.verify(forged)).toBeUndefined();
  expect(createForwardSignatures(Buffer.alloc(32, 2)).verify(received)).toBeUndefined();
  vi.useFakeTimers({ now: Date.now() + 61_000 });
  expect(signatures.verify(received)).toBeUndefined();
  vi.useRealTimers();
});
