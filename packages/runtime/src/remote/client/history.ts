import { RuntimeError } from "../../errors.ts";
import type { Attachment, History, KeptEntry } from "../../history/types.ts";
import type { Calls, OpenCall } from "./calls.ts";
import { endOf } from "./end-of-call.ts";
import { readableBytes } from "./readable-bytes.ts";

/** The history of a sandbox of a runner. */
export function createRemoteHistory({
  calls,
  target,
  protocol,
}: {
  calls: Calls;
  target: () => { id: string; epoch: number };
  protocol: () => { minor: number };
}): History {
  const { query, command, open } = calls;
  const requireCopies = () => {
    if (protocol().minor < 2)
      throw new RuntimeError("not_supported", "This version of the runner does not copy snapshots. Upgrade the runner.");
  };
  return {
    async capture(name, { attachments = {}, signal, ...options } = {}) {
      const sizes = Object.entries(attachments).map(([path, { size }]) => ({ path, size }));
      const call = open("history.capture", { ...target(), name, attachments: sizes, ...options }, { signal });
      const failed = Promise.withResolvers<void>();
      let sending = Promise.resolve();
      return endOf(call, failed.promise, ({ attachment }) => {
        sending = sending.then(() => sendAttachment(call, attachments[attachment])).catch(failed.reject);
      });
    },
    find: async (name) => (await query("history.find", { ...target(), name })).result ?? undefined,
    names: async (prefix) => (await query("history.names", { ...target(), ...(prefix !== undefined && { prefix }) })).events.flat(),
    async remove(names) {
      await command("history.remove", { ...target(), names: [...names] });
    },
    async restore(name, { keep, onProgress, signal } = {}) {
      const { result } = await command(
        "history.restore",
        { ...target(), name, ...(keep && { keep: [...keep] }), ...(onProgress && { isFollowed: true }) },
        { signal, onEvent: ({ done, total }) => onProgress?.(done, total) },
      );
      return result;
    },
    async compare(from, to, { signal, ...options } = {}) {
      return (await query("history.compare", { ...target(), from, to, ...options }, { signal })).result;
    },
    async *read(name, { signal } = {}) {
      const call = open("history.read", { ...target(), name }, { signal });
      try {
        for (;;) {
          const part = await call.next();
          if (part.kind === "result") return;
          if (part.kind !== "event" || !("entry" in part.event)) throw outOfOrder();
          yield* readEntry(call, part.event);
        }
      } finally {
        call.cancel();
      }
    },
    async attachment(name, path) {
      const call = open("history.attachment", { ...target(), name, path });
      const first = await call.next();
      if (first.kind !== "event") throw outOfOrder();
      if (first.event === null) {
        await call.next();
        return undefined;
      }
      return { size: first.event.size, data: readableBytes(call) };
    },
    async exportPoint(name, { base, signal } = {}) {
      requireCopies();
      const call = open("history.exportPoint", { ...target(), name, ...(base !== undefined && { base }) }, { signal });
      const first = await call.next();
      if (first.kind !== "event") throw outOfOrder();
      return { ...first.event, data: readableBytes(call) };
    },
    async importPoint(name, { commit, bytes, data, signal }) {
      requireCopies();
      const call = open("history.importPoint", { ...target(), name, commit, bytes }, { signal });
      return endOf(call, sendAll(call, data));
    },
    async tidy() {
      await command("history.tidy", target());
    },
  };
}

async function sendAttachment(call: OpenCall<"history.capture">, attachment: Attachment | undefined): Promise<void> {
  if (!attachment) throw outOfOrder();
  for await (const chunk of attachment.data()) await call.bytes(chunk);
  await call.message({ isEnd: true });
}

async function sendAll(call: OpenCall<"history.importPoint">, data: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of data) await call.bytes(chunk);
  call.end();
}

const outOfOrder = () => new RuntimeError("unavailable", "The runner sent the parts of a snapshot in an unknown order.");

/** One entry. What the caller does not read of it is skipped. */
async function* readEntry(
  call: OpenCall<"history.read">,
  { entry, follows }: { entry: Omit<KeptEntry, "content">; follows: boolean },
): AsyncGenerator<KeptEntry> {
  let hasContent = entry.kind !== "folder";
  let isAsked = follows;
  async function* content() {
    if (!isAsked) {
      isAsked = true;
      await call.message({ isWanted: true });
    }
    while (hasContent) {
      const part = await call.next();
      if (part.kind === "bytes") yield part.bytes;
      else if (part.kind === "event" && "isEnd" in part.event) hasContent = false;
      else throw outOfOrder();
    }
  }
  yield { ...entry, content };
  if (!hasContent) return;
  if (!isAsked) return call.message({ isWanted: false });
  // Read half, or not at all.
  for await (const _ of content());
}
