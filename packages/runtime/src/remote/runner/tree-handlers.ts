import type { MethodName } from "../methods.ts";
import type { UseSandbox } from "./owners.ts";
import { allReceivedBytes, receivedBytes } from "./received-bytes.ts";
import { receivedFiles } from "./received-files.ts";
import type { Handlers } from "./serve-call.ts";

type TreeHandlers = Pick<Handlers, Extract<MethodName, `tree.${string}`>>;

export const createTreeHandlers = (use: UseSandbox): TreeHandlers => ({
  "tree.stat": async ({ path, ...target }) => (await (await use(target)).files.stat(path)) ?? null,
  async "tree.read"({ path, maxBytes, ...target }, call) {
    const { data, entry } = await (await use(target)).files.read(path, { ...(maxBytes !== undefined && { maxBytes }) });
    await call.bytes(data);
    return { entry };
  },
  async "tree.stream"({ id, epoch, path, ...range }, call) {
    const { data, entry } = await (await use({ id, epoch })).files.stream(path, range);
    const destroy = () => data.destroy();
    call.signal.addEventListener("abort", destroy, { once: true });
    try {
      if (call.signal.aborted) return;
      await call.event({ entry });
      for await (const chunk of data as AsyncIterable<Buffer>) await call.bytes(chunk);
    } finally {
      destroy();
    }
  },
  async "tree.write"({ id, epoch, path, ...options }, call) {
    const sandbox = await use({ id, epoch });
    return sandbox.files.write(path, await allReceivedBytes(call), options);
  },
  async "tree.stage"({ id, epoch, ...options }, call) {
    const sandbox = await use({ id, epoch });
    await call.event({});
    const file = await sandbox.files.stage(receivedBytes(call), options);
    return { staged: call.client.stage(id, file), size: file.size };
  },
  async "tree.place"({ id, epoch, staged, path, ...options }, { client }) {
    await use({ id, epoch });
    const placed = await client.takeStaged(id, staged).place(path, options);
    client.dropStaged(staged);
    return placed;
  },
  async "tree.discard"({ id, staged }, { client }) {
    await client.takeStaged(id, staged).discard();
    client.dropStaged(staged);
  },
  "tree.mkdir": async ({ path, ...target }) => (await use(target)).files.mkdir(path),
  async "tree.rename"({ id, epoch, from, to, ...options }) {
    await (await use({ id, epoch })).files.rename(from, to, options);
  },
  async "tree.remove"({ id, epoch, path, ...options }) {
    await (await use({ id, epoch })).files.remove(path, options);
  },
  async "tree.walk"({ id, epoch, under, skip }, call) {
    const entries = await (
      await use({ id, epoch })
    ).files.walk({
      ...(under !== undefined && { under }),
      ...(skip && { skip: new Set(skip) }),
    });
    for (let at = 0; at < entries.length; at += entriesPerEvent) await call.event(entries.slice(at, at + entriesPerEvent));
  },
  async "tree.watch"({ id, epoch, skip }, call) {
    const sandbox = await use({ id, epoch });
    for await (const changes of sandbox.files.watch({ signal: call.signal, ...(skip && { skip: new Set(skip) }) }))
      await call.event(changes);
  },
  "tree.readLink": async ({ path, ...target }) => (await (await use(target)).files.readLink(path)) ?? null,
  async "tree.copyIn"({ id, epoch, source, to }, call) {
    const sandbox = await use({ id, epoch });
    await sandbox.files.copyIn({ id: async () => source, files: () => receivedFiles(call) }, to);
  },
  async "tree.link"({ path, target, ...sandbox }) {
    await (await use(sandbox)).files.link(path, target);
  },
});

const entriesPerEvent = 500;
