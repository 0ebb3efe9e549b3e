import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MethodName } from "../methods.ts";
import type { UseSandbox } from "./handlers.ts";
import type { Handlers, ServedCall } from "./serve-call.ts";

type HistoryHandlers = Pick<Handlers, Extract<MethodName, `history.${string}`>>;

/** The content of smaller entries is sent without asking. */
const maxFollowingBytes = 65_536;

export const createHistoryHandlers = (use: UseSandbox): HistoryHandlers => ({
  async "history.capture"({ id, epoch, name, hasAttachments, ...options }, call) {
    const { history } = await use({ id, epoch });
    if (!hasAttachments) return history.capture(name, { ...options, signal: call.signal });
    await using attachments = await receiveAttachments(call);
    return await history.capture(name, { ...options, signal: call.signal, attachments: attachments.files });
  },
  "history.find": async ({ name, ...target }) => (await (await use(target)).history.find(name)) ?? null,
  async "history.names"({ prefix, ...target }, call) {
    const names = await (await use(target)).history.names(prefix);
    for (let at = 0; at < names.length; at += 1000) await call.event(names.slice(at, at + 1000));
  },
  "history.remove": async ({ names, ...target }) => (await use(target)).history.remove(names),
  async "history.restore"({ id, epoch, name, isFollowed = false, ...options }, call) {
    return (await use({ id, epoch })).history.restore(name, {
      ...options,
      signal: call.signal,
      ...(isFollowed && { onProgress: (done, total) => void call.event({ done, total }) }),
    });
  },
  "history.compare": async ({ id, epoch, from, to, ...options }, { signal }) =>
    (await use({ id, epoch })).history.compare(from, to, { ...options, signal }),
  async "history.read"({ id, epoch, name }, call) {
    const { history } = await use({ id, epoch });
    const answers = call.input();
    for await (const { content, ...entry } of history.read(name, { signal: call.signal })) {
      const follows = entry.kind !== "folder" && entry.size <= maxFollowingBytes;
      await call.event({ entry, follows });
      if (entry.kind === "folder") continue;
      if (!follows) {
        const { value } = await answers.next();
        if (value === undefined || value.bytes || !value.message.isWanted) continue;
      }
      for await (const chunk of content()) await call.bytes(chunk);
      await call.event({ isEnd: true });
    }
  },
  async "history.attachment"({ id, epoch, name, path }, call) {
    const found = await (await use({ id, epoch })).history.attachment(name, path);
    if (!found) return call.event(null);
    const destroy = () => found.data.destroy();
    call.signal.addEventListener("abort", destroy, { once: true });
    try {
      if (call.signal.aborted) return;
      await call.event({ size: found.size });
      for await (const chunk of found.data as AsyncIterable<Buffer>) await call.bytes(chunk);
    } finally {
      destroy();
    }
  },
  "history.tidy": async (target) => (await use(target)).history.tidy(),
});

/** Attachments as files, until the point has them. */
async function receiveAttachments(call: ServedCall<"history.capture">): Promise<AsyncDisposable & { files: Record<string, string> }> {
  const folder = await mkdtemp(join(tmpdir(), "attachments-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const files: Record<string, string> = {};
  let file: FileHandle | undefined;
  try {
    for await (const part of call.input())
      if (part.bytes) await file?.write(part.bytes);
      else {
        await file?.close();
        const path = join(folder, String(Object.keys(files).length));
        files[part.message.path] = path;
        file = await open(path, "wx", 0o600);
      }
    await file?.close();
  } catch (error) {
    await file?.close().catch(() => {});
    await remove();
    throw error;
  }
  return { files, [Symbol.asyncDispose]: remove };
}
