/**
 * kill -9 of the server at random moments while several projects start, stop and restart. After each restart rows, events and the runtime
 * agree, acknowledged changes are kept, and nothing runs that should not. At the end, with every project deleted, nothing is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "@tesslate/contract";
import type { Images } from "../images.ts";
import { createProject, finished, signUp, type Account } from "../account.ts";
import { startStudio } from "../studio.ts";
import type { Chance, Checks } from "./checks.ts";
import { countOf, leftoversOf, createDataDir, processesOf } from "../leftovers.ts";

const projectCount = 4;
const verbs = ["start", "stop", "restart"] as const;
type Verb = (typeof verbs)[number];

interface Life {
  project: Project;
  /** What the server acknowledged last, without an operation in progress; undefined if one was interrupted. */
  acknowledged: "up" | "down" | undefined;
}

/** Runs one operation to its end, or until the server is killed: `signal` ends a stream that would wait for the next server. */
async function perform(api: Account["api"], life: Life, verb: Verb, signal: AbortSignal): Promise<void> {
  const params = { id: life.project.id };
  life.acknowledged = undefined;
  if (verb === "stop") {
    await api.projects.stop({ params });
    life.acknowledged = "down";
  } else {
    const { task_id } = await api.projects[verb]({ params });
    await finished(api, task_id, signal);
    life.acknowledged = "up";
  }
}
/** Runs operations with pauses, until the server is killed. */
async function live(api: Account["api"], life: Life, chance: Chance, killed: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  while (!killed.aborted)
    try {
      await perform(api, life, verbs[Math.floor(chance() * verbs.length)] ?? "start", killed);
      await sleep(chance() * 400);
    } catch (error) {
      if (killed.aborted) return;
      throw new Error(`${life.project.slug} after ${Math.round(performance.now() - startedAt)} ms`, { cause: error });
    }
}

export async function crashLifecycle({
  rounds,
  chance,
  check,
  images,
}: {
  rounds: number;
  chance: Chance;
  check: Checks["check"];
  images: Images;
}): Promise<void> {
  const dataDir = await createDataDir();
  const studio = await startStudio({ RESTART_ATTEMPTS: "0" }, { dataDir: dataDir.path, images });
  const counts = { up: 0, down: 0, cut: 0, unfinished: 0 };
  try {
    const person = await signUp(studio.url, "Crash");
    const { api } = person;
    const lives: Life[] = [];
    for (let i = 0; i < projectCount; i++)
      lives.push({ project: await createProject(person, `Life ${i}`, i % 2 ? "static" : "node-api"), acknowledged: "down" });

    for (let round = 1; round <= rounds; round++) {
      const name = (what: string) => `lifecycle round ${round}: ${what}`;
      const kill = new AbortController();
      const living = Promise.all(lives.map((life) => live(api, life, chance, kill.signal)));
      // A failure before the kill is not caused by the kill.
      const early = living.then(
        () => undefined,
        (error: unknown) => error,
      );
      await Promise.race([sleep(50 + chance() * 3000), early]);
      kill.abort();
      const before = lives.map(({ acknowledged }) => acknowledged);
      await studio.kill();
      const trouble = await early;
      check(
        name("nothing fails before the kill"),
        trouble === undefined,
        trouble instanceof Error ? `${trouble.message}: ${String(trouble.cause)}` : "",
      );
      await studio.restart();
      await person.signIn();

      // Interrupted tasks are marked immediately; queued ones run to their end.
      const { items } = await api.tasks.list({ query: { limit: 500 } });
      const open = items.filter((task) => task.completed_at === null);
      counts.unfinished += open.length;
      for (const task of open) await finished(api, task.id).catch(() => undefined);

      for (const [i, life] of lives.entries()) {
        const acknowledged = before[i];
        counts[acknowledged ?? "cut"] += 1;
        const params = { id: life.project.id };
        const [row, status, list] = await Promise.all([
          api.projects.get({ params }),
          api.projects.status({ params }),
          api.containers.list({ params }),
        ]);
        const about = `${row.status}/${row.environment_status}, live ${JSON.stringify(status.containers)}`;
        check(name(`${life.project.name} is up or down, not in between`), ["running", "stopped"].includes(status.status), about);
        check(
          name(`${life.project.name}: rows match the runtime`),
          row.status === status.status &&
            row.environment_status === (status.status === "running" ? "active" : "stopped") &&
            list.items.every((c) => Object.values(status.containers).find((l) => l.container_id === c.id)?.status === c.status),
          about,
        );
        if (acknowledged !== undefined && open.every((task) => task.metadata["project_id"] !== life.project.id))
          check(
            name(`${life.project.name}: what was acknowledged holds (${acknowledged})`),
            (status.status === "running") === (acknowledged === "up"),
            about,
          );
        if (status.status === "running")
          for (const container of list.items) {
            const health = await api.containers.health({ params: { ...params, container_id: container.id } });
            check(name(`${container.container_name} answers`), health.healthy, JSON.stringify(health));
          }
        else {
          const alive = processesOf(life.project.id);
          check(name(`nothing of ${life.project.name} runs`), alive.length === 0, alive.join("; "));
        }
        life.acknowledged = status.status === "running" ? "up" : "down";
      }
    }
    for (const { project } of lives) await finished(api, (await api.projects.remove({ params: { id: project.id } })).task_id);
  } finally {
    await studio.close();
  }
  const left = await leftoversOf(dataDir.path, { isEmptied: true });
  console.log(
    `lifecycle: ${rounds} kills, ${projectCount} projects; found up ${counts.up}, down ${counts.down}, interrupted ${counts.cut}; ${counts.unfinished} tasks resumed`,
  );
  console.log(
    `lifecycle: left over: ${Object.entries(left)
      .map(([kind, names]: [string, string[]]) => `${names.length} ${kind}`)
      .join(", ")}`,
  );
  check("lifecycle: nothing is left over", countOf(left) === 0, JSON.stringify(left).slice(0, 1000));
  await dataDir.remove();
}
