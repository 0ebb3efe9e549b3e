import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createCryptoBox, hashToken, loadSecretKey, randomCode, randomToken } from "./crypto.ts";

const box = createCryptoBox("a secret key of at least 32 characters");

test("opens what it encrypted, only with the same additional data", () => {
  for (const text of ["", "sk-123", "ü😀".repeat(1000)]) {
    const encrypted = box.seal(text, "keys:1");
    expect(box.open(encrypted, "keys:1")).toBe(text);
    expect(() => box.open(encrypted, "keys:2")).toThrow();
  }
});
test("sealing the same text twice gives different bytes, which do not contain it", () => {
  const encrypted = [box.seal("sk-123456", "a"), box.seal("sk-123456", "a")];
  expect(encrypted[0]).not.toEqual(encrypted[1]);
  expect(encrypted[0]?.toString("latin1")).not.toContain("sk-123456");
});
test("a changed byte, truncated data or another key is refused", () => {
  const encrypted = box.seal("secret", "a");
  for (let i = 0; i < encrypted.length; i++) {
    const changed = Buffer.from(encrypted);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => box.open(changed, "a"), `byte ${i}`).toThrow();
  }
  for (let length = 0; length < encrypted.length; length++)
    expect(() => box.open(encrypted.subarray(0, length), "a"), `${length} bytes`).toThrow();
  expect(() => createCryptoBox("another secret key of 32 characters").open(encrypted, "a")).toThrow();
});
test("several keys can be read; the current one seals; data of an unknown key is refused", () => {
  const secretKey = "a secret key of at least 32 characters";
  const [old, now] = ["the deployment key before, 32 chars", "the deployment key of today, 32 char"];
  const before = createCryptoBox(secretKey, { current: old });
  const after = createCryptoBox(secretKey, { current: now, former: [old] });
  const [fromSecretKey, fromOld, fromNow] = [box.seal("a", "x"), before.seal("b", "x"), after.seal("c", "x")];
  expect([fromSecretKey, fromOld, fromNow].map((encrypted) => after.open(encrypted, "x"))).toEqual(["a", "b", "c"]);
  expect(fromNow.subarray(0, 6)).toEqual(after.header);
  expect(fromOld.subarray(0, 6)).toEqual(before.header);
  expect(before.header).not.toEqual(after.header);
  expect(() => createCryptoBox(secretKey, { current: now }).open(fromOld, "x")).toThrow("unknown key");
  // A former secret key opens data of its derived key.
  expect(createCryptoBox("another secret key of 32 characters", { former: [secretKey] }).open(fromSecretKey, "x")).toBe("a");
});
test("derived keys are deterministic and differ by purpose and by secret", () => {
  expect(box.deriveKey("a")).toEqual(createCryptoBox("a secret key of at least 32 characters").deriveKey("a"));
  expect(box.deriveKey("a")).not.toEqual(box.deriveKey("b"));
  expect(box.deriveKey("a")).toHaveLength(32);
});
test("tokens and codes are random and well-formed", () => {
  expect(new Set(Array.from({ length: 1000 }, () => randomToken())).size).toBe(1000);
  expect(randomToken()).toMatch(/^[\w-]{43}$/);
  expect(hashToken("a")).toMatch(/^[0-9a-f]{64}$/);
  const all = Array.from({ length: 4000 }, () => randomCode(9)).join("");
  expect(all).toMatch(/^[0-9a-z]{36000}$/);
  // About 1000 of each are expected.
  for (const char of "0123456789abcdefghijklmnopqrstuvwxyz") {
    const n = all.split(char).length - 1;
    expect(n > 800 && n < 1200, `${char}: ${n}`).toBe(true);
  }
});
test("the secret key is created once, readable by this user only; a damaged one stops the start", async () => {
  const dir = await mkdtemp(join(tmpdir(), "studio-key-"));
  try {
    const keys = await Promise.all(Array.from({ length: 5 }, () => loadSecretKey(undefined, dir)));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]?.length).toBeGreaterThanOrEqual(32);
    expect((await stat(join(dir, "secret.key"))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dir, "secret.key"), "utf8")).toBe(keys[0]);
    expect(await loadSecretKey("a configured key", dir)).toBe("a configured key");
    await writeFile(join(dir, "secret.key"), "short");
    await expect(loadSecretKey(undefined, dir)).rejects.toThrow(/damaged/);
  } finally {
    await rm(dir, { recursive: true });
  }
});
