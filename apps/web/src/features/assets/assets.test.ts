import type { Asset } from "@tesslate/contract";
import { expect, test } from "vitest";
import { appPathOf, factsOf, markdownOf, uploadRefusal } from "./asset-looks.tsx";
import { createUploads, type AssetUpload } from "./uploads.ts";

test.each([
  [{ name: "a.png", size: 10, type: "image/png" }, undefined],
  [{ name: "a.ICO", size: 10, type: "" }, undefined],
  [{ name: "a.ico", size: 10, type: "image/vnd.microsoft.icon" }, undefined],
  [{ name: "a.png", size: 20_971_520, type: "image/png" }, undefined],
  [{ name: "a.png", size: 20_971_521, type: "image/png" }, "Larger than 20 MiB."],
  [{ name: "a.png", size: 0, type: "image/png" }, "The file is empty."],
  [{ name: "a.html", size: 10, type: "text/html" }, "Must be an image, video, audio file, font or PDF."],
  [{ name: "png", size: 10, type: "" }, undefined],
  [{ name: "a.avif", size: 10, type: "image/avif" }, "Must be an image, video, audio file, font or PDF."],
])("%j: %s", (file, refusal) => expect(uploadRefusal(file)).toBe(refusal));

const asset = (path: string, more: Partial<Asset> = {}) =>
  ({ path, filename: path.split("/").at(-1), file_type: "image", file_size: 14_400, width: 3, height: 2, ...more }) as Asset;
test("how an asset is spoken of", () => {
  expect([appPathOf(asset("public/img/a.png")), appPathOf(asset("src/a.png"))]).toEqual(["/img/a.png", "/src/a.png"]);
  expect(markdownOf(asset("public/my-big_logo.png"))).toBe("![my big logo](/my-big_logo.png)");
  expect(markdownOf(asset("public/paper.pdf", { file_type: "document" }))).toBe("[paper](/paper.pdf)");
  expect([factsOf(asset("a.png")), factsOf(asset("a.mp3", { width: null }))]).toEqual(["3 × 2, 14 kB", "14 kB"]);
});

/** A server that answers when it is told to. */
function slowServer() {
  const asked: {
    name: string;
    progress: (sent: number, total: number) => void;
    done: () => void;
    fail: (why: string) => void;
    signal: AbortSignal;
  }[] = [];
  const send = (file: File, _directory: string, signal: AbortSignal, progress: (sent: number, total: number) => void) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      asked.push({ name: file.name, progress, signal, done: resolve, fail: (why) => reject(new Error(why)) });
    });
  return { asked, send };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));
const file = (name: string, size = 5) => new File([new Uint8Array(size)], name, { type: "image/png" });
const states = (list: readonly AssetUpload[]) => list.map((u) => `${u.name}:${u.state}`);

test("three uploads at a time, the rest waits; one that failed can be tried again, one that is wrong is not sent", async () => {
  const server = slowServer();
  const uploads = createUploads(server.send, () => undefined);
  uploads.add([...["a", "b", "c", "d"].map((n) => file(`${n}.png`)), new File(["x"], "e.html", { type: "text/html" })], "/public");
  expect(states(uploads.read())).toEqual(["a.png:sending", "b.png:sending", "c.png:sending", "d.png:waiting", "e.html:refused"]);
  server.asked[0]?.progress(2, 5);
  expect(uploads.read()[0]).toMatchObject({ sent: 2, total: 5 });
  server.asked[0]?.done();
  server.asked[1]?.fail("No room.");
  await settle();
  expect(states(uploads.read())).toEqual(["b.png:failed", "c.png:sending", "d.png:sending", "e.html:refused"]);
  expect(uploads.read()[0]).toMatchObject({ failure: "No room." });
  uploads.retry(uploads.read()[0]?.id ?? 0);
  expect(server.asked.map((a) => a.name)).toEqual(["a.png", "b.png", "c.png", "d.png", "b.png"]);
  uploads.remove(uploads.read()[1]?.id ?? 0);
  expect(server.asked[2]?.signal.aborted).toBe(true);
  await settle();
  expect(states(uploads.read())).toEqual(["b.png:sending", "d.png:sending", "e.html:refused"]);
});
