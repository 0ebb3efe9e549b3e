import { expect, test } from "vitest";
import { createPageReader } from "./reader.ts";

const pageOf = (words: string) =>
  `<!doctype html><html><body><main><h1>${words}</h1><p>${`${words}. `.repeat(40)}</p></main></body></html>`;
const neverAborted = new AbortController().signal;

test("concurrent pages are read two at a time; an aborted one leaves its slot to the next", async () => {
  const reader = createPageReader();
  const names = ["rye", "oats"];
  const all = names.map((name) => reader.read(pageOf(name), "http://bakery.example/", neverAborted));
  const aborted = new AbortController();
  const abortedRead = reader.read(pageOf("millet"), "http://bakery.example/", aborted.signal);
  const last = reader.read(pageOf("barley"), "http://bakery.example/", neverAborted);
  aborted.abort(new Error("aborted"));
  await expect(abortedRead).rejects.toThrow("aborted");
  expect((await Promise.all(all)).map((page, i) => page?.text.includes(`${names[i]}.`))).toEqual([true, true]);
  expect((await last)?.text).toContain("barley.");
});
