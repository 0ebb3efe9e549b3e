import { RuntimeError } from "../../errors.ts";
import type { Tree } from "../../types.ts";
import type { Calls } from "./calls.ts";
import { endOf } from "./end-of-call.ts";
import { readableBytes } from "./readable-bytes.ts";
import { sendFiles } from "./send-files.ts";
import { watchTree } from "./watch.ts";

/** The tree of a sandbox of a runner. */
export function createRemoteTree({ calls, target }: { calls: Calls; target: () => { id: string; epoch: number } }): Tree {
  const { query, command, open } = calls;
  const walk: Tree["walk"] = async ({ under, skip } = {}) =>
    (await query("tree.walk", { ...target(), ...(under !== undefined && { under }), ...(skip && { skip: [...skip] }) })).events.flat();
  return {
    stat: async (path) => (await query("tree.stat", { ...target(), path })).result ?? undefined,
    async read(path, options = {}) {
      const { result, bytes } = await query("tree.read", { ...target(), path, ...options });
      return { entry: result.entry, data: bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes) };
    },
    async stream(path, options = {}) {
      const call = open("tree.stream", { ...target(), path, ...options });
      const first = await call.next();
      if (first.kind !== "event") throw new RuntimeError("unavailable", "The runner did not send the file.");
      return { entry: first.event.entry, data: readableBytes(call) };
    },
    async write(path, data, options = {}) {
      const body = typeof data === "string" ? Buffer.from(data) : data;
      return (await command("tree.write", { ...target(), path, ...options }, { body })).result;
    },
    async stage(data, options = {}) {
      const call = open("tree.stage", { ...target(), ...options });
      await call.next();
      // The runner may refuse before everything was sent.
      const answer = call.next();
      answer.catch(() => {});
      try {
        for await (const chunk of data) await Promise.race([call.bytes(chunk), answer]);
      } catch (error) {
        call.abort();
        // What the runner refuses says more than that it stopped reading.
        throw await Promise.race([
          answer.then(
            () => error,
            (refusal: unknown) => refusal,
          ),
          new Promise((resolve) => setTimeout(resolve, 1_000, error)),
        ]);
      }
      call.end();
      const part = await answer;
      if (part.kind !== "result") throw new RuntimeError("unavailable", "The runner did not keep the file.");
      const { staged, size } = part.result;
      let isPlaced = false;
      return {
        size,
        async place(path, placing = {}) {
          const { result } = await command("tree.place", { ...target(), staged, path, ...placing });
          isPlaced = true;
          return result;
        },
        async discard() {
          if (isPlaced) return;
          await command("tree.discard", { ...target(), staged }).catch((error: unknown) => {
            if (!(error instanceof RuntimeError && error.code === "not_found")) throw error;
          });
        },
      };
    },
    mkdir: async (path) => (await command("tree.mkdir", { ...target(), path })).result,
    async rename(from, to, options = {}) {
      await command("tree.rename", { ...target(), from, to, ...options });
    },
    async remove(path, options = {}) {
      await command("tree.remove", { ...target(), path, ...options });
    },
    walk,
    watch: (options) => watchTree({ open, walk: (skip) => walk({ ...(skip && { skip }) }) }, target, options),
    readLink: async (path) => (await query("tree.readLink", { ...target(), path })).result ?? undefined,
    async copyIn(source, to) {
      const call = open("tree.copyIn", { ...target(), source: await source.id(), ...(to !== undefined && { to }) });
      await endOf(call, sendFiles(call, source));
    },
    async link(path, to) {
      await command("tree.link", { ...target(), path, target: to });
    },
  };
}
