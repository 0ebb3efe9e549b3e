import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, startS3Server, type S3Server } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../apps/server/src/platform/postgres/embedded.ts";
import { copyCheckout } from "./test/checkout-copy.ts";
import { reachable, releaseReachable, stopRuntimesBelow } from "../packages/runtime/src/index.ts";

const repository = join(import.meta.dirname, "..");
const documents = globSync(["README.md", "docs/operations/*.md"], { cwd: repository }).toSorted();

/** Commands that are tested elsewhere, or by nobody, and why. */
const notRun: [command: RegExp, reason: string][] = [
  [/^docker (run|logs|stop|rm|exec)\b|^\.\/studio image build/, "image.hard.test.ts builds and runs the image"],
  [/^docker compose|^cp compose\.env\.example/, "image.hard.test.ts starts compose.yaml; compose.test.ts reads its settings"],
  [/^(helm|kubectl)\b/, "chart.kubernetes.test.ts installs the chart; cluster.ts applies projects.yaml"],
  [/^(sudo )?\.\/studio service( (install|uninstall|status)|$)/, "service.test.ts; there is no systemd here"],
  [/^\.\/studio (bench|scale|test|demo)\b/, "they take minutes; journeys start the demo"],
  [/^sudo install /, "folders of the host for the container image; this machine has no user 1000"],
  [/^git clone/, "the address is not known here"],
  [/^createdb/, "the bundled PostgreSQL has no client programs; the test creates the database by SQL"],
  [/^\.\/studio restore$|^\.\/studio objects copy$/, "the name of a command in a sentence"],
];

/** What stands in code blocks for a shell, without lines that set something, and the code in sentences that names `./studio`. */
function commandsOf(file: string): string[] {
  const text = readFileSync(join(repository, file), "utf8");
  const lines = [...text.matchAll(/^( *)```sh\n([\s\S]*?)^ *```/gm)].flatMap(([, , code = ""]) => code.replace(/\\\n */g, "").split("\n"));
  const inSentences = [...text.replace(/^ *```[\s\S]*?^ *```/gm, "").matchAll(/`([^`\n]*\.\/studio [^`\n]*)`/g)].map(
    ([, code = ""]) => code,
  );
  return [...lines, ...inSentences]
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !/^[A-Z][A-Z0-9_]*=\S*(\s|$)(?!.*\.\/studio)/.test(line));
}

/** The settings that a code block of a document sets, by the first of them. */
function settingsOf(file: string, first: string): Record<string, string> {
  const text = readFileSync(join(repository, file), "utf8");
  const block = [...text.matchAll(/^ *```sh\n([\s\S]*?)^ *```/gm)].map(([, code = ""]) => code).find((code) => code.includes(`${first}=`));
  if (block === undefined) throw new Error(`${file} has no block that sets ${first}`);
  return Object.fromEntries([...block.matchAll(/^ *([A-Z][A-Z0-9_]*)=(\S*)/gm)].map(([, name = "", value = ""]) => [name, value]));
}

const base = mkdtempSync(join(tmpdir(), "commands-"));
const checkout = join(base, "checkout");
const run = new Set<string>();
const servers: ChildProcess[] = [];
/** What stands for an example's name, address or path in the documents; longer ones first. */
const examples = new Map<string, string>();
let settings: Record<string, string> = {};
let postgres: EmbeddedPostgres;
let s3: S3Server;
const keys = { accessKeyId: "studio", secretAccessKey: "a secret of the tests" };

const replaced = (text: string) => {
  const longestFirst = [...examples.keys()].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((from) => from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  return text.replace(pattern, (from) => examples.get(from) ?? from);
};
const environment = () => ({
  PATH: process.env["PATH"] ?? "",
  HOME: base,
  LOG_LEVEL: "error",
  TEMPLATE_PREPARATION: "0",
  BROWSER_DOWNLOAD: "0",
  ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, replaced(value)])),
});

/** Runs a command of the documents and returns what it prints. */
async function command(text: string, { code = 0 }: { code?: number } = {}): Promise<string> {
  run.add(text);
  const options = { cwd: checkout, env: environment(), timeout: 120_000 };
  // Not `spawnSync`: the S3 server of the test answers meanwhile.
  const [status, output] = await promisify(execFile)("sh", ["-euc", replaced(text)], options).then(
    ({ stdout, stderr }) => [0, stdout + stderr] as const,
    (error: { code: unknown; stdout: string; stderr: string }) => [error.code, error.stdout + error.stderr] as const,
  );
  expect(status, `${text}: ${output}`).toBe(code);
  return output;
}
/** Starts a command of the documents that runs until it is stopped; resolves when `isReady` is true. */
async function start(text: string, isReady: (output: string) => boolean | Promise<boolean>): Promise<ChildProcess> {
  run.add(text);
  const child = spawn("sh", ["-euc", `exec env ${replaced(text)}`], {
    cwd: checkout,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  servers.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null || !(await isReady(output))) throw new Error(`${text} is not ready: ${output}`);
    },
    { timeout: 120_000, interval: 200 },
  );
  return child;
}
const isServing = (port: number) => async () =>
  await fetch(`http://127.0.0.1:${port}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
const end = async (child: ChildProcess) => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), 30_000);
  await exited;
  clearTimeout(force);
};
/** The URL of a new database. */
async function createDatabase(name: string): Promise<string> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ host: postgres.socketDir, user: "tesslate", database: "tesslate" });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return `postgres://tesslate@localhost/${name}?host=${encodeURIComponent(postgres.socketDir)}`;
}

beforeAll(async () => {
  copyCheckout(checkout);
  for (const folder of ["etc", "mnt", "tmp", "var/lib"]) mkdirSync(join(base, folder), { recursive: true });
  for (const folder of ["/etc/tesslate", "/mnt/backup", "/tmp/", "/var/lib/"])
    examples.set(folder, join(base, folder) + (folder.endsWith("/") ? "/" : ""));
  postgres = await startEmbeddedPostgres({
    dataDir: join(base, "database"),
    reach: reachable,
    release: releaseReachable,
    log: createLogger("silent"),
    settings: { fsync: "off" },
  });
  s3 = await startS3Server({ bucket: "studio", ...keys });
}, 120_000);
afterAll(async () => {
  for (const child of servers) await end(child);
  await postgres?.stop();
  await s3?.[Symbol.asyncDispose]();
  await stopRuntimesBelow(base);
  rmSync(base, { recursive: true, force: true });
}, 120_000);

test("one server: install, accounts, backup, restore, keys, file storage", async () => {
  const port = await freePort();
  settings = { PORT: String(port), HOST: "127.0.0.1", DATA_DIR: "/var/lib/tesslate" };
  expect(await command("./studio help")).toContain("usage: ./studio COMMAND");
  await command("cp .env.example .env");
  await start("./studio up", isServing(port));
  expect(await command("./studio doctor")).toContain("node");
  await command("./studio status");

  examples.set("EMAIL", "ada@example.com").set("WHO", "ada@example.com");
  expect(await command("./studio admin create EMAIL")).toContain("is an administrator");
  expect(await command("./studio admin reset-password WHO")).toContain("new password");
  examples.set("EMAIL", "bo@example.com");
  expect(await command("./studio admin create EMAIL --user")).toContain("can sign in");

  mkdirSync(join(base, "etc/tesslate"), { recursive: true });
  writeFileSync(join(base, "etc/tesslate/backup-passphrase"), "a passphrase of the tests\n");
  expect(await command("./studio backup /mnt/backup/studio --passphrase-file /etc/tesslate/backup-passphrase")).toMatch(/^Backup \S+:/m);
  expect(await command("./studio backup --list /mnt/backup/studio")).toContain("with keys");
  expect(await command("./studio backup --verify /mnt/backup/studio")).toContain("Checked 1 backup");
  await command("./studio backup --prune --keep-daily 7 --keep-weekly 4 /mnt/backup/studio");
  settings = { ...settings, ...settingsOf("docs/operations/backup.md", "BACKUP_TARGET") };
  delete settings["BACKUP_SCHEDULE"];
  await command("./studio backup");
  await command("./studio backup --verify");
  await command("./studio backup --prune");
  examples.set("TARGET", join(base, "mnt/another"));
  await command("./studio backup TARGET");
  await command("./studio backup --list TARGET");
  expect(await command("./studio upgrade --check")).toContain("migration");

  await command("./studio stop");
  await command("./studio status", { code: 3 });
  await command("./studio upgrade --migrate");
  expect(await command("./studio rotate-keys")).toContain("re-encrypted");
  settings = {
    ...settings,
    OBJECTS_S3_BUCKET: "studio",
    OBJECTS_S3_ENDPOINT: s3.endpoint,
    OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
    OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  expect(await command("./studio objects copy --to s3")).toContain("Copied ");
  expect(await command("./studio claim")).toContain("replaces the original");
  settings = { PORT: String(port), HOST: "127.0.0.1" };

  // Onto the machine that lost its data folder.
  rmSync(join(base, "var/lib/tesslate"), { recursive: true });
  await command("./studio restore /mnt/backup/studio --data-dir /var/lib/tesslate --passphrase-file /etc/tesslate/backup-passphrase");
  await command("./studio restore /mnt/backup/studio --data-dir /var/lib/tesslate-restored");
  examples.set("FOLDER", join(base, "var/lib/tesslate-upgraded"));
  await command("./studio restore TARGET --data-dir FOLDER");
  const url = await createDatabase("tesslate_test");
  examples.set("postgres://tesslate@localhost/tesslate_test", `'${url}'`);
  await command(
    "DATABASE_URL=postgres://tesslate@localhost/tesslate_test ./studio restore /mnt/backup/studio --data-dir /var/lib/tesslate-test --passphrase-file /etc/tesslate/backup-passphrase",
  );
}, 300_000);

test("demo data, and the files of one project out of a backup", async () => {
  const port = await freePort();
  settings = { PORT: String(port), HOST: "127.0.0.1" };
  const server = await start("DATA_DIR=/tmp/demo ./studio up", isServing(port));
  settings = { ...settings, DATA_DIR: "/tmp/demo" };
  expect(await command("./studio seed-demo")).toContain("nadia@demo.example");
  examples.set("TARGET", join(base, "mnt/demo"));
  await command("./studio backup TARGET");
  await end(server);
  const manifests = globSync("mnt/demo/**/*.json", { cwd: base }).map((file) => readFileSync(join(base, file), "utf8"));
  const projects = manifests.flatMap((text) => (JSON.parse(text) as { projects?: { id: string; slug: string }[] }).projects ?? []);
  // Most projects of the demo data are rows in the database only.
  const slug = projects.find(({ id }) => existsSync(join(base, "tmp/demo/runtime/sandboxes", id, "files")))?.slug ?? "";
  examples.set("my-shop", slug).set("SLUG", slug);
  examples.set("FOLDER", join(base, "tmp/project")).set("/mnt/backup/studio", join(base, "mnt/demo"));
  await command("./studio restore TARGET --project SLUG --to FOLDER");
  await command("./studio restore /mnt/backup/studio --project my-shop --to /tmp/my-shop");
  expect(globSync("tmp/project/index.html", { cwd: base }).length).toBeGreaterThan(0);
  examples.delete("/mnt/backup/studio");
}, 300_000);

test("a runner behind TLS with two servers, and their backup", async () => {
  const [runnerPort, one, two] = [await freePort(), await freePort(), await freePort()];
  examples.set("0.0.0.0:7070", `127.0.0.1:${runnerPort}`).set("runner.lan:7070", `localhost:${runnerPort}`).set("runner.lan", "localhost");
  settings = {};
  await command("mkdir -p /etc/tesslate");
  await command("(umask 077 && openssl rand -hex 32 > /etc/tesslate/runner-token)");
  const certificate = commandsOf("docs/operations/runner.md").find((text) => text.startsWith("openssl req"));
  await command(certificate ?? "");
  settings = settingsOf("docs/operations/runner.md", "RUNNER_LISTEN");
  examples.set("/var/lib/tesslate", join(base, "var/lib/runner"));
  const single = await start("./studio runner", (output) => output.includes("isolation"));

  const shared = {
    DATABASE_URL: await createDatabase("tesslate_shared"),
    SECRET_KEY: "a secret key of the tests, 32+ characters",
    DEPLOYMENT_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    OBJECTS_S3_BUCKET: "studio",
    OBJECTS_S3_PREFIX: "shared",
    OBJECTS_S3_ENDPOINT: s3.endpoint,
    OBJECTS_S3_ACCESS_KEY_ID: keys.accessKeyId,
    OBJECTS_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  const remote = { ...settingsOf("docs/operations/runner.md", "RUNNER_URL"), RUNNER_CA_FILE: "/etc/tesslate/runner.pem" };
  settings = { ...shared, ...remote, HOST: "127.0.0.1" };
  examples.set("8001", String(one)).set("8002", String(two));
  await start("PORT=8001 DATA_DIR=/var/lib/tesslate-a SERVER_ADDRESS=http://127.0.0.1:8001 ./studio up", isServing(one));
  await start("PORT=8002 DATA_DIR=/var/lib/tesslate-b SERVER_ADDRESS=http://127.0.0.1:8002 ./studio up", isServing(two));
  settings = { ...settings, PORT: String(one), DATA_DIR: "/var/lib/tesslate-a", SERVER_ADDRESS: `http://127.0.0.1:${one}` };
  expect(await command("./studio doctor")).toContain("runner");

  const backup = { ...settingsOf("docs/operations/runner.md", "BACKUP_PASSPHRASE_FILE"), ...shared };
  const lines = Object.entries(backup).map(([name, value]) => `${name}='${replaced(value)}'\n`);
  writeFileSync(join(base, "etc/tesslate/backup.env"), lines.join(""), { mode: 0o600 });
  settings = {};
  expect(await command("(set -a; . /etc/tesslate/backup.env; ./studio backup)")).toMatch(/^Backup \S+:/m);
  for (const child of servers.splice(0).toReversed()) await end(child);
  expect(single.exitCode).toBe(0);

  settings = settingsOf("docs/operations/runner.md", "RUNNER_LISTEN");
  await start("DATA_DIR=/var/lib/tesslate-runner RUNTIME_DRIVER=auto ./studio runner", (output) => output.includes("isolation"));
}, 300_000);

test("every command of the documents was run, or has a reason", () => {
  const missing = documents.flatMap((file) =>
    commandsOf(file)
      .filter((text) => !run.has(text) && !notRun.some(([pattern]) => pattern.test(text)))
      .map((text) => `${file}: ${text}`),
  );
  expect([...new Set(missing)]).toEqual([]);
});
