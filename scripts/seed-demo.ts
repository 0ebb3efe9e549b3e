/** Fills this installation with demo data; see `usage`. Exit codes: 0 done, 1 refused, 2 wrong usage, 78 invalid configuration. */
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { openDatabase } from "../apps/server/src/admin-command.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { isPrivate } from "../apps/server/src/features/accounts/auth/index.ts";
import { generatePassword } from "../apps/server/src/features/operations/admin/index.ts";
import { createCryptoBox, loadSecretKey } from "../apps/server/src/platform/crypto.ts";
import { loadEncryptionKeys } from "../apps/server/src/platform/encryption-keys.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { seedDemo } from "./seed-demo/seed-demo.ts";
import { projectCount } from "./seed-demo/work.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio seed-demo [--force] [--password-stdin]

  Adds 30 people, 87 projects with chats, runs and costs, a store with reviews and sales, payments, deployments, boards,
  feedback, and an audit log. Repeating it adds nothing, and sets the password of these accounts again.

  --force           also on a server that has accounts of real people
  --password-stdin  the password of all demo accounts; otherwise a fixed one where only this machine reaches the server, else a generated one
`;
const localPassword = "demo-forest-lantern";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      force: { type: "boolean", default: false },
      "password-stdin": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const started = Date.now();
  const config = readConfig(process.env);
  const dataDir = resolve(config.dataDir);
  const { database, close } = await openDatabase(config, createLogger("error"));
  try {
    const isLocal = isPrivate(config);
    const given = values["password-stdin"] ? (await text(process.stdin)).replace(/\r?\n$/, "") : undefined;
    const password = given ?? (isLocal ? localPassword : generatePassword());
    const { people, counts, served } = await seedDemo({
      db: database.db,
      config,
      box: createCryptoBox(await loadSecretKey(config.auth.secretKey?.reveal(), dataDir), await loadEncryptionKeys(config, dataDir)),
      password,
      isForced: values.force,
      baseUrl: `http://localhost:${config.http.port}`,
    });
    const print = (line: string) => void process.stdout.write(`${line}\n`);
    print(
      `Demo data: ${people.length} people, ${projectCount} projects, ${counts.tasks} tasks, ${counts.deployments} deployments (${((Date.now() - started) / 1000).toFixed(1)} s).`,
    );
    print(
      served > 0
        ? `${served} projects of ${people[0]?.name ?? ""} have files and can be started.`
        : "No project has files, because no server was running.",
    );
    print(`\nEvery account has the password ${password}\n`);
    for (const { email, name, tier, state } of people)
      print(`  ${email.padEnd(24)} ${name.padEnd(18)} ${tier.padEnd(6)} ${state ?? ""}`.trimEnd());
    return 0;
  } finally {
    await close();
  }
}

await runCommand(main, usage);
