/** A runner with the sandbox driver, in a process of its own. Argument: options of the driver. Prints its address, and closes with the options it then reads. */
import { text } from "node:stream/consumers";
import { token } from "../remote/remote.fixture.ts";
import { createRunner } from "../remote/runner/runner.ts";
import { createSandboxDriver, type SandboxDriverOptions } from "./driver.ts";

const driver = await createSandboxDriver(JSON.parse(process.argv[2] ?? "") as SandboxDriverOptions);
const runner = await createRunner({ driver, token, listen: { host: "127.0.0.1", port: 0 }, version: "0.0.0-test" });
process.stdout.write(`${runner.url}\n`);
const closing = JSON.parse((await text(process.stdin)) || "{}") as { leaveRunning?: boolean };
await runner.close();
await driver.close(closing);
process.exit();
