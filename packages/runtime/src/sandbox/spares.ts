import type { Slots } from "../host/slots.ts";
import type { RuntimeLog } from "../log.ts";
import type { Network } from "./network.ts";

const prefix = "@spare-";
/** Enough for somebody who clicks fast. */
const wanted = 4;
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
  const timer = setTimeout(fill, firstFillMs);
  timer.unref();

  function fill() {
    filling ??= fillUp()
      .catch((err: unknown) => log.warn({ err }, "no network could be made in advance"))
      .finally(() => (filling = undefined));
  }
  async function fillUp() {
    // Those of a process before us are as good.
    const left = slots.ids(prefix).filter((id) => !ready.includes(id));
    while (!isStopped && ready.length < wanted) {
      const id = left.pop() ?? `${prefix}${process.pid}-${++count}`;
      await network.ensure(slots.take(id), { offline: false });
      ready.push(id);
    }
  }
  return {
    hand(id) {
      if (isStopped) return;
      const spare = ready.shift();
      if (spare !== undefined) slots.hand(spare, id);
      // Not for the probe at the start: the timer does it.
      if (spare !== undefined) fill();
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
