import { RuntimeError } from "../../errors.ts";
import type { RuntimeDriver } from "../../types.ts";
import type { MethodName } from "../methods.ts";
import type { Clients } from "./clients.ts";
import type { Owners } from "./owners.ts";
import { receivedFiles } from "./received-files.ts";
import type { Handlers, ServedCall } from "./serve-call.ts";

type DriverHandlers = Pick<Handlers, Exclude<Extract<MethodName, `driver.${string}`>, "driver.status" | "driver.suspend">>;

export const createDriverHandlers = (driver: RuntimeDriver, owners: Owners, clients: Clients): DriverHandlers => ({
  async "driver.open"({ spec, takesOver = false }, { client }) {
    const opened = await owners.open(spec, takesOver ? client.id : undefined);
    client.opened.add(spec.id);
    return opened;
  },
  async "driver.find"({ id }, { client }) {
    const found = await owners.find(id);
    if (found) client.opened.add(id);
    return found ?? null;
  },
  async "driver.list"(_, call) {
    for (const info of await driver.list()) await call.event(info);
  },
  async "driver.pause"({ id }, call) {
    const { isStill, wasRunning, resume } = await driver.pause(id);
    try {
      await call.event({ isStill, wasRunning });
      await Promise.race([inputEnd(call), aborted(call.signal)]);
    } finally {
      await resume();
    }
  },
  async "driver.remove"({ id }, { client }) {
    client.opened.delete(id);
    await owners.remove(id);
  },
  async "driver.prepare"({ source, isBackground, isColdEnough, isRebuilt, ...image }, call) {
    const lines = batchLines(call);
    const files = async function* () {
      await call.event({ needsFiles: true });
      yield* receivedFiles(call);
    };
    try {
      return await driver.prepare(
        { ...image, source: { id: async () => source, files } },
        {
          signal: call.signal,
          onLog: lines.push,
          ...(isBackground !== undefined && { isBackground }),
          ...(isColdEnough !== undefined && { isColdEnough }),
          ...(isRebuilt !== undefined && { isRebuilt }),
        },
      );
    } finally {
      await lines.sent();
    }
  },
  "driver.findImage": async ({ source, ...image }) =>
    (await driver.findImage({ ...image, source: { id: async () => source, files: noFiles } })) ?? null,
  async "driver.listImages"(_, call) {
    for (const found of await driver.listImages()) await call.event(found);
  },
  "driver.removeImage": ({ image }) => driver.removeImage(image),
  "driver.findPrograms": ({ paths }) => driver.findPrograms(paths),
  "driver.freePort": () => driver.freePort(),
  async "driver.histories"(_, call) {
    for (const id of await driver.histories()) await call.event(id);
  },
  "driver.removeHistory": ({ id }) => driver.removeHistory(id),
  // Once the answer is on its way.
  "driver.leave": async (_, { client }) => void setImmediate(() => clients.leave(client.id)),
  async "driver.release"({ ids }, { client }) {
    for (const id of ids) {
      client.opened.delete(id);
      if (!clients.isOpenElsewhere(client, id)) await (await driver.find(id))?.stop();
    }
  },
});

// eslint-disable-next-line require-yield
async function* noFiles(): AsyncGenerator<never> {
  throw new RuntimeError("not_supported", "The files of an image are needed only to prepare it.");
}

/** Lines of a build, those of one moment in one event. They are few: a slow reader does not hold up the build. */
function batchLines(call: ServedCall<"driver.prepare">) {
  let lines: string[] = [];
  let sending: Promise<void> | undefined;
  return {
    push(line: string) {
      lines.push(line);
      if (lines.length > maxWaitingLines) lines = lines.slice(-maxWaitingLines);
      sending ??= (async () => {
        while (lines.length > 0) {
          await new Promise((resolve) => setImmediate(resolve));
          const batch = lines;
          lines = [];
          await call.event({ lines: batch });
        }
        sending = undefined;
      })();
    },
    /** Resolves when all of them were sent. */
    sent: async () => sending,
  };
}
const maxWaitingLines = 10_000;

/** Resolves when the client sent its last message, and rejects when it is lost. */
export async function inputEnd(call: { input(): AsyncIterable<unknown> }): Promise<void> {
  const input = call.input()[Symbol.asyncIterator]();
  while (!(await input.next()).done);
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
