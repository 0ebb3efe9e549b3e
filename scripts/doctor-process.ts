/** Makes the checks that its arguments name, one after another, and sends their lines to the process that started it. */
import { resolve } from "node:path";
import { readConfig } from "../apps/server/src/config.ts";
import { checks } from "./doctor/checks.ts";
import type { CheckMessage } from "./doctor/run-checks.ts";

const send = (message: CheckMessage) => new Promise<void>((done) => process.send?.(message, () => done()));
const config = readConfig(process.env);
for (const name of process.argv.slice(2)) {
  const check = checks.find(({ what }) => what === name);
  if (!check) throw new Error(`There is no check ${name}.`);
  await send({ begin: name });
  const sent: Promise<void>[] = [];
  await check.run((...line) => void sent.push(send({ line })), config, resolve(config.dataDir));
  await Promise.all(sent);
  await send({ end: name });
}
process.exit(0);
