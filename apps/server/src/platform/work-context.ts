import { AsyncLocalStorage } from "node:async_hooks";

/** What a piece of work is for. Log lines have these fields, also those of a runner that it calls. */
export interface WorkIds {
  request_id?: string;
  user_id?: string;
  project_id?: string;
  /** Of a long operation; of a run of the agent it is the run's id. */
  task_id?: string;
  /** The name of a background job. */
  job?: string;
}

/** Carries the ids of a request, task, job or call through everything that it awaits. */
export interface WorkContext {
  /** Of the work that runs now. Undefined after its end, for what it left running. */
  ids(): Readonly<WorkIds> | undefined;
  /** Runs work for these ids alone. `end` says that it is over. */
  open<T>(ids: WorkIds, run: (end: () => void) => T): T;
  /** The same until the promise settles. */
  within<T>(ids: WorkIds, run: () => Promise<T>): Promise<T>;
  /** What has become known about the work that runs now. */
  add(ids: WorkIds): void;
}

export function createWorkContext(): WorkContext {
  const here = new AsyncLocalStorage<{ ids: WorkIds; isOver: boolean }>();
  const current = () => {
    const work = here.getStore();
    return work?.isOver === false ? work : undefined;
  };
  const open: WorkContext["open"] = (ids, run) => {
    const work = { ids: { ...ids }, isOver: false };
    return here.run(work, () => run(() => (work.isOver = true)));
  };
  return {
    ids: () => current()?.ids,
    open,
    within: (ids, run) => open(ids, (end) => run().finally(end)),
    add: (ids) => {
      const work = current();
      if (work) Object.assign(work.ids, ids);
    },
  };
}

const names: readonly (keyof WorkIds)[] = ["request_id", "user_id", "project_id", "task_id", "job"];
const valueRule = /^[A-Za-z0-9_.:-]{1,100}$/;

/** As a header of W3C Baggage. Undefined without ids. */
export function writeBaggage(ids: WorkIds | undefined): string | undefined {
  const known = names.flatMap((name) => (ids?.[name] !== undefined && valueRule.test(ids[name]) ? `${name}=${ids[name]}` : []));
  return known.length === 0 ? undefined : known.join(",");
}

/** The ids in such a header. Ignores everything else. */
export function readBaggage(header: string | undefined): WorkIds {
  const ids: WorkIds = {};
  for (const pair of (header ?? "").slice(0, 2_000).split(",")) {
    const [key, value = ""] = pair.split(";")[0]?.trim().split("=") ?? [];
    const name = names.find((one) => one === key);
    if (name !== undefined && valueRule.test(value)) ids[name] = value;
  }
  return ids;
}
