/** `./studio cassette replay FILE` replays a recorded run, `./studio cassette fork FILE --step N …` continues it differently from step N. */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { forkCassette, readCassette, readSpec, replayCassette, scriptedModel, type CassetteEvent } from "@tesslate/agent";
import { connectModel, modelFlags } from "./connect-model.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...modelFlags,
    step: { type: "string" },
    script: { type: "string" },
    prompt: { type: "string" },
    message: { type: "string" },
    events: { type: "boolean", default: false },
  },
});
const [verb, file] = positionals;
// The reader may close the pipe.
process.stdout.once("error", () => process.exit(0));
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const printEvent = (event: CassetteEvent): boolean => print(JSON.stringify(event));

async function main(): Promise<number> {
  if (file === undefined || (verb !== "replay" && verb !== "fork")) {
    process.stderr.write(
      "usage: ./studio cassette replay FILE [--events]\n       ./studio cassette fork FILE --step N (--script SPEC | --model ID --base-url URL --key-env NAME) [--prompt FILE] [--message TEXT]\n",
    );
    return 2;
  }
  const cassette = readCassette(await readFile(file, "utf8"));
  if (verb === "replay") {
    const { events, differences, drift, result } = await replayCassette(cassette);
    if (values.events) for (const event of events) printEvent(event);
    for (const difference of differences) print(difference);
    if (drift.length > 0) print(`The prompts have changed since the recording: model call ${drift.join(", ")} would differ today.`);
    print(
      `${events.length} events, ended by ${result.completion_reason}: ${differences.length === 0 ? "the same, byte for byte" : "not the same"}`,
    );
    return differences.length === 0 ? 0 : 1;
  }
  const client = values.script === undefined ? connectModel(values) : scriptedModel(readSpec(await readFile(values.script, "utf8")).turns);
  if (!client) throw new Error("A fork needs --script SPEC or --model ID.");
  const { result } = await forkCassette(cassette, {
    step: Number(values.step ?? 0),
    client,
    ...(values.prompt === undefined ? {} : { systemPrompt: await readFile(values.prompt, "utf8") }),
    ...(values.message === undefined ? {} : { message: values.message }),
    onEvent: printEvent,
  });
  return result.success ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`cassette: ${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});
