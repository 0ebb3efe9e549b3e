import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { packClient } from "../../../../scripts/pack-client.ts";
import { projectsApp, setUpProject } from "../testing/projects.ts";
import { temporaryFolder } from "../testing/temporary.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../../..");

const program = `
import { ApiError, createClient } from "@tesslate/client";
const studio = createClient({ baseUrl: process.env.STUDIO_URL ?? "", token: process.env.STUDIO_KEY ?? "" });
const { items } = await studio.projects.list();
console.log(items.map(({ name }) => name).join());
const project = await studio.projects.get({ params: { id: items[0]?.id ?? "" } });
console.log(project.status);
const missing = await studio.projects.get({ params: { id: crypto.randomUUID() } }).catch((error: unknown) => error);
console.log(missing instanceof ApiError && missing.status, missing instanceof ApiError && missing.code);

const { task_id } = await studio.projects.start({ params: { id: project.id } });
let last: string | undefined;
if (task_id) for await (const { data } of studio.tasks.events({ params: { task_id } })) last = data.status;
console.log("start", last);

const abort = new AbortController();
for await (const event of studio.projects.events({ params: { id: project.id } }, { signal: abort.signal, lastEventId: 0 })) {
  console.log("stream", event.type, event.seq);
  abort.abort();
}
const { id } = await studio.shell.create({ body: { project_id: project.id, command: "/bin/sh" } });
const terminal = await studio.connect(studio.shell.socket({ params: { session_id: id } }));
terminal.send({ type: "input", data: "echo $((6 * 7))\\n" });
let output = "";
for await (const frame of terminal) {
  if (frame.type === "output") output += frame.data;
  // Input that arrives before the shell is ready is echoed before its prompt: the answer then stands on the line of the prompt.
  if (/42\\r?\\n/.test(output)) break;
}
terminal.close();
console.log("terminal");
const refused = await createClient({ baseUrl: process.env.STUDIO_URL ?? "", token: "wrong" })
  .connect(studio.projects.eventsSocket({ params: { id: project.id } }))
  .catch((error: unknown) => error);
console.log(refused instanceof ApiError && refused.status);
`;

test("the packed client installs, compiles and works without this repository", { timeout: 300_000 }, async () => {
  await using app = await projectsApp();
  const user = await app.signUp();
  const { key } = await app.as(user).auth.createApiKey({ body: { name: "client", scopes: ["read", "write"] } });
  await setUpProject(app, user, "From the client");
  const folder = temporaryFolder("client-package");
  const tarball = await packClient(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", tarball], { cwd: folder });
  const examples = [...readFileSync(join(root, "packages/client/README.md"), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, code]) => code,
  );
  // Each block continues the first one.
  const [start = "", ...rest] = examples;
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/start.ts"), start);
  rest.forEach((code = "", i) => {
    const needed = code.includes("createClient")
      ? ""
      : 'import { createClient } from "@tesslate/client";\nconst studio = createClient({ baseUrl: "" });\n';
    writeFileSync(join(folder, `src/example-${i}.ts`), needed + code);
  });
  writeFileSync(join(folder, "src/program.ts"), program);
  const settings = {
    strict: true,
    noEmit: true,
    target: "es2024",
    lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
    module: "nodenext",
    skipLibCheck: false,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: settings, include: ["src"] }));
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: folder }).catch(
    (error: { stdout: string }) => {
      throw new Error(error.stdout);
    },
  );

  const { stdout } = await run(process.execPath, ["src/program.ts"], {
    cwd: folder,
    env: { ...process.env, STUDIO_URL: app.url, STUDIO_KEY: key },
  });
  expect(stdout.trim().split("\n")).toEqual([
    "From the client",
    "stopped",
    "404 not_found",
    "start completed",
    expect.stringMatching(/^stream \w+ \d+$/),
    "terminal",
    "401",
  ]);
});
