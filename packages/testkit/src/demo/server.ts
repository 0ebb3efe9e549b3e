/**
 * The demo's model provider as a separate process: `node packages/testkit/src/demo/server.ts [--port N] [--delay MS] [--detached]`. Prints
 * one line of JSON, `{"openai_base_url", "model"}`, when it listens. It ends with its standard input, so that it cannot outlive its
 * parent; `--detached` waits for a signal instead.
 */
import { parseArgs } from "node:util";
import { startModelServer } from "../model-server.ts";
import { demoModel, demoScript, demoTokenDelayMs } from "./index.ts";

const { values } = parseArgs({ options: { port: { type: "string" }, delay: { type: "string" }, detached: { type: "boolean" } } });

const server = await startModelServer({
  port: Number(values.port ?? 0),
  script: demoScript(),
  tokenDelayMs: Number(values.delay ?? demoTokenDelayMs),
  models: [demoModel],
  comparesCalls: false,
});

const stop = () => void server.close().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
if (!values.detached) process.stdin.on("end", stop).resume();

process.stdout.write(`${JSON.stringify({ openai_base_url: server.openai_base_url, model: demoModel })}\n`);
