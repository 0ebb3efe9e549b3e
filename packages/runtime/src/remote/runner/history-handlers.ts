import type { MethodName } from "../methods.ts";
import type { UseSandbox } from "./owners.ts";
import { receivedBytes } from "./received-bytes.ts";
import type { Handlers, ServedCall } from "./serve-call.ts";

type HistoryHandlers = Pick<Handlers, Extract<MethodName, `history.${string}`>>;

/** The content of smaller entries is sent without asking. */
const maxFollowingBytes = 65_536;

export const createHistoryHandlers = (use: UseSandbox): HistoryHandlers => ({
  async "history.capture"({ id, epoch, name, attachments, ...options }, call) {
    const { history } = await use({ id, epoch });
    const input = call.input();
    const named = attachments.map(({ path, size }) => [path, { size, data: () => receivedAttachment(call, input, path) }] as const);
    return history.capture(name, { ...options, signal: call.signal, attachments: Object.fromEntries(named) });
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
  async "history.exportPoint"({ id, epoch, name, base }, call) {
    const { history } = await use({ id, epoch });
    const { data, ...facts } = await history.exportPoint(name, { signal: call.signal, ...(base !== undefined && { base }) });
    try {
      await call.event(facts);
      for await (const chunk of data as AsyncIterable<Buffer>) await call.bytes(chunk);
    } finally {
      data.destroy();
    }
  },
  async "history.importPoint"({ id, epoch, name, commit, bytes }, call) {
    const { history } = await use({ id, epoch });
    return history.importPoint(name, { commit, bytes, data: receivedBytes(call), signal: call.signal });
  },
  "history.tidy": async (target) => (await use(target)).history.tidy(),
});

/** Asks for one and receives it. What is not read of it is skipped, so that another one can be asked for. */
async function* receivedAttachment(
  call: ServedCall<"history.capture">,
  input: ReturnType<ServedCall<"history.capture">["input"]>,
  path: string,
): AsyncGenerator<Uint8Array> {
  await call.event({ attachment: path });
  let isEnded = false;
  const next = async () => {
    const { done, value } = await input.next();
    isEnded = done === true || !value.bytes;
    return isEnded ? undefined : value?.bytes;
  };
  try {
    for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
  } finally {
    while (!isEnded) await next();
  }
}
