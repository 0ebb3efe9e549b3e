import type { Slots } from "../host/slots/slots.ts";
import type { RuntimeLog } from "../log.ts";
import type { Network } from "./network.ts";

const prefix = "@spare-";
/** Enough for a user who creates several projects quickly: created at once. */
const few = 4;
/** Enough for a class that starts together: created one by one when idle. */
const many = 16;
const pauseMs = 1_000;
/** Delay after a server start. */
const firstFillMs = 2_000;

/** Slots with a network that is already set up: setting one up takes longer than starting a program in it. */
export interface NetworkPool {
  /** Assigns a prepared slot to the id if there is one; another is prepared in the background. */
  assign(id: string): void;
  stop(options: { isLeftRunning: boolean }): Promise<void>;
}

export function createNetworkPool(network: Network, slots: Slots, log: RuntimeLog): NetworkPool {
  const ready: string[] = [];
  let count = 0;
  let isStopped = false;
  let filling: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  later(firstFillMs);

  function fill() {
    clearTimeout(timer);
    filling ??= fillUp()
      .catch((err: unknown) => log.warn({ err }, "no network could be prepared"))
      .finally(() => (filling = undefined));
  }
  async function fillUp() {
    do await addOne();
    while (!isStopped && ready.length < few);
    if (isStopped || ready.length >= many) return;
    later(pauseMs);
  }
  function later(ms: number) {
    clearTimeout(timer);
    timer = setTimeout(fill, ms);
    timer.unref();
  }
  async function addOne() {
    // Those of an earlier process can be used too.
    const id = slots.ids(prefix).find((spare) => !ready.includes(spare)) ?? `${prefix}${process.pid}-${++count}`;
    await network.ensure(slots.allocate(id), { offline: false, peers: [] });
    ready.push(id);
  }
  return {
    assign(id) {
      if (isStopped) return;
      const spare = ready.shift();
      if (spare !== undefined) slots.transfer(spare, id);
      // Nothing was ready at the start: the timer is already set.
      if (spare !== undefined) later(ready.length < few ? 0 : pauseMs);
    },
    async stop({ isLeftRunning }) {
      isStopped = true;
      clearTimeout(timer);
      await filling;
      if (isLeftRunning) return;
      for (const id of slots.ids(prefix)) slots.release(id);
    },
  };
}
