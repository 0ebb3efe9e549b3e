import { describe, expect, test, vi } from "vitest";
import type { MessageAttachment } from "@tesslate/contract";
import { createAttachmentDrafts } from "./attachment-drafts.ts";

const made = (name: string): MessageAttachment => ({
  id: `id-${name}`,
  name,
  mime_type: "text/plain",
  kind: "text",
  size_bytes: 3,
  width: null,
  height: null,
});
const file = (name: string, type = "text/plain", size = 3) =>
  Object.defineProperty(new File(["abc"], name, { type }), "size", { value: size });
const drafts = () => createAttachmentDrafts({ sentenceOf: (error) => (error as Error).message });

describe("attachments of a draft", () => {
  test("upload at once, show their progress, and are sent with the message in their order", async () => {
    const store = drafts();
    const shares: number[] = [];
    store.subscribe(() => shares.push(store.list()[0]?.share ?? -1));
    store.add([file("a.txt"), file("b.txt")], async ({ name }, onShare) => {
      onShare(0.5);
      return made(name);
    });
    await vi.waitUntil(() => store.list().every((one) => one.done));
    expect(shares).toContain(0.5);
    expect(store.take().map(({ id }) => id)).toEqual(["id-a.txt", "id-b.txt"]);
    expect(store.list()).toEqual([]);
    store.give([made("a.txt")]);
    expect(store.list()).toMatchObject([{ name: "a.txt", done: { id: "id-a.txt" } }]);
  });

  test("one that failed says why, can be tried again, and is not sent", async () => {
    const store = drafts();
    let isUp = false;
    const upload = async ({ name }: File) => {
      if (!isUp) throw new Error("The server is away.");
      return made(name);
    };
    store.add([file("a.txt")], upload);
    await vi.waitUntil(() => store.list()[0]?.failure);
    expect(store.list()[0]).toMatchObject({ failure: "The server is away.", isRetryable: true });
    isUp = true;
    store.retry(store.list()[0]?.key ?? "", upload);
    expect(store.list()[0]?.failure).toBeUndefined();
    await vi.waitUntil(() => store.list()[0]?.done);
  });

  test("what is held waits for a place, and a failure in one of them keeps the others", async () => {
    const store = drafts();
    store.add([file("a.txt"), file("b.txt")], undefined);
    expect(store.list()).toMatchObject([{ isHeld: true }, { isHeld: true }]);
    let isUp = false;
    const asked: string[] = [];
    const upload = async ({ name }: File) => {
      asked.push(name);
      if (name === "b.txt" && !isUp) throw new Error("The server is away.");
      return made(name);
    };
    expect(await store.uploadHeld(upload)).toBe(false);
    expect(store.list()).toMatchObject([{ done: { id: "id-a.txt" } }, { failure: "The server is away." }]);
    isUp = true;
    expect(await store.uploadHeld(upload)).toBe(true);
    expect(asked).toEqual(["a.txt", "b.txt", "b.txt"]);
    expect(store.take().map(({ id }) => id)).toEqual(["id-a.txt", "id-b.txt"]);
  });

  test("removing one on its way ends its upload", async () => {
    const store = drafts();
    let signal: AbortSignal | undefined;
    store.add([file("a.txt")], (_file, _onShare, given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    store.remove(store.list()[0]?.key ?? "");
    expect([signal?.aborted, store.list().length]).toEqual([true, 0]);
  });

  test("too large and too many are reported before anything is sent", () => {
    const store = drafts();
    const upload = vi.fn(() => new Promise<MessageAttachment>(() => undefined));
    expect(store.add([file("huge.bin", "application/zip", 26 * 1024 * 1024)], upload)).toBeUndefined();
    expect(store.list()[0]).toMatchObject({ failure: "Larger than 25 MiB." });
    expect(upload).not.toHaveBeenCalled();
    expect(
      store.add(
        Array.from({ length: 11 }, (_, i) => file(`${i}.txt`)),
        upload,
      ),
    ).toMatch(/2 files were not added/);
    expect(store.list()).toHaveLength(10);
  });
});
