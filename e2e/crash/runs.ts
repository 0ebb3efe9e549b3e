/**
 * kill -9 of the server at random moments of a scripted run. After each restart: every event that a client saw is replayed identically,
 * every file whose write was announced is there, and the run is marked interrupted and can be resumed to its end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RunEvent } from "@tesslate/contract";
import { call, say, script, startModelServer, turn } from "@tesslate/testkit";
import type { Images } from "../images.ts";
import { createProject, finished, signUp } from "../account.ts";
import { leftoversOf, createDataDir } from "../leftovers.ts";
import { startStudio } from "../studio.ts";
import type { Chance, Checks } from "./checks.ts";

const steps = 12;
const work = script(
  [
    ...Array.from({ length: steps }, (_, i) =>
      turn(
        say(`Step ${i + 1}: I write the part number ${i + 1} and look at what is there already, then go on.`),
        i % 4 === 3
          ? call("run_command", { command: `sleep 0.1; echo ran-${i} >> ran.log; sleep 0.1` })
          : call("write_file", { file_path: `parts/part-${i}.txt`, content: `part ${i}\n${"x".repeat(2000)}\n` }),
      ),
    ),
    say("All parts are written."),
  ],
  { repeat: true },
);

export async function crashRuns({
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
  const model = await startModelServer({ script: work, tokenDelayMs: 4 });
  const studio = await startStudio(
    {
      OPENAI_API_KEY: "sk-crash",
      OPENAI_BASE_URL: model.openai_base_url,
      DEFAULT_MODELS: "openai/scripted",
      OUTBOUND_ALLOW_HOSTS: "127.0.0.1,localhost",
    },
    { dataDir: dataDir.path, images },
  );
  try {
    const person = await signUp(studio.url, "Crash");
    const project = await createProject(person, "Crash test", "static");
    const started = await person.api.projects.start({ params: { id: project.id } });
    await finished(person.api, started.task_id);

    for (let round = 1; round <= rounds; round++) {
      const name = (what: string) => `round ${round}: ${what}`;
      const session = await person.api.chat.createSession({ body: { project_id: project.id } });
      const seen: RunEvent[] = [];
      const killAfterMs = 50 + chance() * 3500;
      let isKilled = false;
      const watching = (async () => {
        try {
          for await (const event of person.api.chat.stream({
            body: { project_id: project.id, chat_id: session.id, message: `Write the parts, round ${round}`, edit_mode: "allow" },
          }))
            seen.push(event);
        } catch (error) {
          if (!isKilled) throw error;
        }
      })();
      await sleep(killAfterMs);
      isKilled = true;
      await studio.kill();
      await watching;
      await studio.restart();
      await person.signIn();

      const taskId = seen[0]?.task_id;
      if (!taskId) {
        // Killed before anything was acknowledged: the chat is there and usable.
        check(name("the chat survives"), (await person.api.chat.get({ params: { chat_id: session.id } })).id === session.id);
        continue;
      }
      const replayed: RunEvent[] = [];
      for await (const event of person.api.chat.runEvents({ params: { task_id: taskId }, query: { last_event_id: 0 } }))
        replayed.push(event);
      const lost = seen.filter((event) => JSON.stringify(replayed.find((r) => r.seq === event.seq)) !== JSON.stringify(event));
      check(
        name(`all ${seen.length} acknowledged events are replayed as they were`),
        lost.length === 0,
        JSON.stringify(lost.slice(0, 2)).slice(0, 300),
      );
      check(
        name("the sequence has no gap"),
        replayed.every((event, i) => event.seq === i + 1),
        replayed
          .map((e) => e.seq)
          .join()
          .slice(0, 200),
      );
      check(
        name("the run ends with complete, done"),
        replayed.at(-1)?.type === "done" && replayed.at(-2)?.type === "complete",
        replayed
          .slice(-3)
          .map((e) => e.type)
          .join(),
      );
      for (const event of seen)
        if (event.type === "file_changed") {
          const file = await person.api.files.get({ params: { id: project.id, path: event.data.path } }).catch((error: unknown) => error);
          check(
            name(`${event.data.path} is there`),
            typeof file === "object" && file !== null && "content" in file && String(file.content).startsWith("part "),
            String(file),
          );
        }
      const chat = await person.api.chat.get({ params: { chat_id: session.id } });
      const reason = chat.messages.at(-1)?.message_metadata?.["completion_reason"];
      const ended = replayed.find((event) => event.type === "complete");
      check(
        name("the history has the same end as the events"),
        ended?.type === "complete" && reason === ended.data.completion_reason,
        `${String(reason)} / ${ended?.type === "complete" ? ended.data.completion_reason : "-"}`,
      );
      check(name("the chat is not stuck"), chat.status !== "running" && chat.active_task === null, chat.status);
      if (reason === "interrupted") {
        const resumed = await person.api.chat.resume({ body: { task_id: taskId } });
        const rest: RunEvent[] = [];
        for await (const event of person.api.chat.runEvents({ params: { task_id: resumed.task_id } })) rest.push(event);
        const end = rest.find((event) => event.type === "complete");
        check(name("resume finishes the work"), end?.type === "complete" && end.data.success, JSON.stringify(end?.data).slice(0, 300));
      }
      const ran = await person.api.files.get({ params: { id: project.id, path: "ran.log" } }).then(
        (file) => ("content" in file ? String(file.content).trim().split("\n") : []),
        () => [],
      );
      check(name("no command ran twice"), new Set(ran).size === ran.length, ran.join());
      if (ran.length > 0) await person.api.files.remove({ params: { id: project.id, path: "ran.log" } });
      const status = await person.api.projects.status({ params: { id: project.id } });
      check(
        name("the project is running or has a reason why not"),
        ["running", "stopped"].includes(status.status),
        JSON.stringify(status).slice(0, 300),
      );
    }
    // An orderly shutdown leaves services running.
    await person.api.projects.stop({ params: { id: project.id } });
  } finally {
    await studio.close();
    await model.close();
    const left = await leftoversOf(dataDir.path, { isEmptied: false });
    check("no process is left over", left.processes.length === 0, left.processes.join("; "));
    await dataDir.remove();
  }
}
