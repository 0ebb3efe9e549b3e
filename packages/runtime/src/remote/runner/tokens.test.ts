import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hashToken, hasHashIn, isSameToken } from "./tokens.ts";

test("a runner recognizes its token by the hash in a file, which may come later and change", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tokens-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "hash");
  const isAllowed = hasHashIn(file);
  expect(isAllowed("first")).toBe(false);
  await writeFile(file, "");
  for (const shown of ["", "first"]) expect(isAllowed(shown)).toBe(false);
  await writeFile(file, `${hashToken("first")}\n`);
  expect(isAllowed("first")).toBe(true);
  for (const shown of ["", "second", hashToken("first")]) expect(isAllowed(shown)).toBe(false);
  await writeFile(file, hashToken("second"));
  expect(isAllowed("second")).toBe(true);
  expect(isAllowed("first")).toBe(false);
});

test("a token is the same or it is not", () => {
  expect(isSameToken("secret")("secret")).toBe(true);
  for (const shown of ["", "secre", "secret "]) expect(isSameToken("secret")(shown)).toBe(false);
});
