import { createServer, connect, type AddressInfo, type Socket } from "node:net";

/** A TCP proxy that loses connections in the ways that networks do. */
export interface FaultyProxy {
  readonly url: string;
  /** Connections so far. */
  readonly count: number;
  /** Resets every connection. */
  cut(): void;
  /** From now on nothing that comes from the target arrives on open connections; nobody is told. */
  muteAnswers(): void;
  /** Drops everything on open connections in both directions, without closing them. New connections work. */
  freeze(): void;
  /** Refuses new connections until `accept`. */
  refuse(): void;
  accept(): void;
  /** Delays everything by so many milliseconds. */
  delay(ms: number): void;
  /** Leads new connections elsewhere. */
  lead(url: string): void;
  close(): Promise<void>;
}

export async function createFaultyProxy(target: string): Promise<FaultyProxy> {
  let to = new URL(target);
  let delayMs = 0;
  let isRefusing = false;
  let count = 0;
  const pairs = new Set<{ from: Socket; to: Socket; isFrozen: boolean; isMute: boolean }>();
  const server = createServer((from) => {
    if (isRefusing) return void from.resetAndDestroy();
    count += 1;
    const onward = connect({ host: to.hostname, port: Number(to.port), noDelay: true });
    const pair = { from, to: onward, isFrozen: false, isMute: false };
    pairs.add(pair);
    const pump = (source: Socket, sink: Socket, isDropped: () => boolean) => {
      source.on("data", (chunk) => {
        const pass = () => {
          if (isDropped() || sink.destroyed) return;
          if (!sink.write(chunk)) {
            source.pause();
            sink.once("drain", () => source.resume());
          }
        };
        if (delayMs > 0) setTimeout(pass, delayMs);
        else pass();
      });
      source.on("error", () => {});
      source.on("close", () => {
        if (pair.isFrozen) return;
        pairs.delete(pair);
        sink.destroy();
      });
    };
    from.setNoDelay(true);
    pump(from, onward, () => pair.isFrozen);
    pump(onward, from, () => pair.isFrozen || pair.isMute);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const cut = () => {
    for (const pair of pairs) {
      pair.isFrozen = false;
      pair.from.resetAndDestroy();
      pair.to.resetAndDestroy();
    }
    pairs.clear();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    cut,
    muteAnswers() {
      for (const pair of pairs) pair.isMute = true;
    },
    freeze() {
      for (const pair of pairs) pair.isFrozen = true;
    },
    refuse() {
      isRefusing = true;
    },
    accept() {
      isRefusing = false;
    },
    delay(ms) {
      delayMs = ms;
    },
    lead(url) {
      to = new URL(url);
    },
    async close() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
