/** CPU time of the server's thread for unused projects: awake, and frozen. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createProject, finished, signUp } from "../../e2e/account.ts";
import { startStudio } from "../../e2e/studio.ts";
import type { Row } from "../report.ts";

const projects = 4;
const overMs = 60_000;

/** CPU nanoseconds of the main thread of a process. */
const threadTime = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]);

/** Percent of the thread while the server gets no requests. */
async function load(pid: number): Promise<number> {
  const [time, started] = [threadTime(pid), performance.now()];
  await sleep(overMs);
  return (threadTime(pid) - time) / 1e4 / (performance.now() - started);
}

export async function measure(): Promise<Row[]> {
  const env: Record<string, string> = { IDLE_FREEZE_MINUTES: "60", IDLE_STOP_MINUTES: "0", LOG_LEVEL: "warn" };
  const studio = await startStudio(env);
  try {
    const pid = () => studio.process.pid ?? 0;
    const person = await signUp(studio.url, "Bench");
    const ids: string[] = [];
    for (let i = 0; i < projects; i++) ids.push((await createProject(person, `Idle ${i}`, "node-api")).id);
    await sleep(20_000);
    const without = await load(pid());
    for (const id of ids) await finished(person.api, (await person.api.projects.start({ params: { id } })).task_id);
    await sleep(20_000);
    const awake = (await load(pid())) - without;

    // The next server finds them running, and freezes them after a moment.
    await studio.kill();
    env["IDLE_FREEZE_MINUTES"] = "0.1";
    await studio.restart();
    const status = async (id: string) => Object.values((await person.api.projects.status({ params: { id } })).containers)[0]?.status;
    for (const id of ids)
      for (const until = Date.now() + 90_000; (await status(id)) !== "frozen"; await sleep(500))
        if (Date.now() > until) throw new Error(`project ${id} is not frozen within 90 s`);
    await sleep(20_000);
    const frozen = (await load(pid())) - without;

    const each = (percent: number) => Math.max(0, percent) / projects;
    const baseline = `${without.toFixed(2)} % without projects`;
    return [
      {
        what: "CPU per awake, unused project",
        measured: `${each(awake).toFixed(3)} % of the thread`,
        baseline,
        target: "<= 0.1 %",
        meets: each(awake) <= 0.1,
      },
      {
        what: "CPU per frozen project",
        measured: `${each(frozen).toFixed(3)} % of the thread`,
        baseline,
        target: "0 %",
        meets: each(frozen) <= 0.01,
      },
    ];
  } finally {
    await studio.close();
  }
}
