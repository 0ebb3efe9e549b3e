import type { Slots } from "../host/slots.ts";
import type { RuntimeLog } from "../log.ts";
import type { Network } from "./network.ts";

const prefix = "@spare-";
/** Enough for somebody who clicks fast: made at once. */
const few = 4;
/** Enough for a class that starts together: made one by one while nothing else happens. */
const many = 16;
const pauseMs = 1_000;
/** A server that was just started has better things to do. */
const firstFillMs = 2_000;

/** Slots whose network is up already: laying one takes longer than starting a program in it. */
export interface Spares {
  /** Gives a spare's slot, when one is ready, to the id; another is made in the background. */
  hand(id: string): void;
  stop(options: { isLeftRunning: boolean }): Promise<void>;
}

export function keepSpares(network: Network, slots: Slots, log: RuntimeLog): Spares {
  const ready: string[] = [];
  let count = 0;
  let isStopped = false;
  let filling: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  later(firstFillMs);

  function fill() {
    clearTimeout(timer);
    filling ??= fillUp()
      .catch((err: unknown) => log.warn({ err }, "no network could be made in advance"))
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
    // Those of a process before us are as good.
    const id = slots.ids(prefix).find((spare) => !ready.includes(spare)) ?? `${prefix}${process.pid}-${++count}`;
    await network.ensure(slots.take(id), { offline: false });
    ready.push(id);
  }
  return {
    hand(id) {
      if (isStopped) return;
      const spare = ready.shift();
      if (spare !== undefined) slots.hand(spare, id);
      // Nothing was ready yet at the start: the timer is on its way.
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
