/**
 * The demo's model provider as a process of its own: `node packages/testkit/src/demo/main.ts [--port N] [--key KEY] [--delay MS] [--tied]`.
 * Prints one line of JSON, `{"url", "openai_base_url", "model"}`, when it listens, and ends with SIGTERM or SIGINT;
 * `--tied` ends it with its standard input too, so that it cannot outlive the process that holds the other end.
 */
import { parseArgs } from "node:util";
import { startModelServer } from "../model-server.ts";
import { demoModel, demoScript, demoTokenDelayMs } from "./index.ts";

const { values } = parseArgs({
  options: { port: { type: "string" }, key: { type: "string" }, delay: { type: "string" }, tied: { type: "boolean" } },
});

const server = await startModelServer({
  port: Number(values.port ?? 0),
  script: demoScript(),
  tokenDelayMs: Number(values.delay ?? demoTokenDelayMs),
  apiKey: values.key,
  models: [demoModel],
});

const stop = () => void server.close().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
if (values.tied) process.stdin.on("end", stop).resume();

process.stdout.write(`${JSON.stringify({ url: server.url, openai_base_url: server.openai_base_url, model: demoModel })}\n`);
