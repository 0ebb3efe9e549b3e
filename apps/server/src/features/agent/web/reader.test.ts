import { expect, test } from "vitest";
import { createPageReader } from "./reader.ts";

const pageOf = (words: string) =>
  `<!doctype html><html><body><main><h1>${words}</h1><p>${`${words}. `.repeat(40)}</p></main></body></html>`;
const going = new AbortController().signal;

test("pages that come together are all read, two at a time; one that is given up leaves its turn to the next", async () => {
  const reader = createPageReader();
  const names = ["rye", "oats"];
  const all = names.map((name) => reader.read(pageOf(name), "http://bakery.example/", going));
  const given = new AbortController();
  const impatient = reader.read(pageOf("millet"), "http://bakery.example/", given.signal);
  const last = reader.read(pageOf("barley"), "http://bakery.example/", going);
  given.abort(new Error("given up"));
  await expect(impatient).rejects.toThrow("given up");
  expect((await Promise.all(all)).map((page, i) => page?.text.includes(`${names[i]}.`))).toEqual([true, true]);
  expect((await last)?.text).toContain("barley.");
});
