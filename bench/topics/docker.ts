/** How fast the docker driver creates a sandbox and starts a service in it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime, fetchPort, sandboxPort } from "@tesslate/runtime";
import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { ms, quantile, since, type Row } from "../report.ts";

const rounds = 6;

export async function measure(): Promise<Row[]> {
  const what = "docker: sandbox and service to first byte";
  const target = "p50 <= 1.5 s";
  const engine = await startDockerEngine();
  if (engine.reason !== undefined) {
    await engine.close();
    return [{ what, measured: `skipped: no Docker engine (${engine.reason})`, target }];
  }
  const dataDir = await mkdtemp(join(tmpdir(), "bench-docker-"));
  const runtime = await createRuntime({ driver: "docker", dataDir, docker: { host: engine.host } });
  try {
    const source = 'require("http").createServer((q, r) => r.end("up")).listen(4000)';
    const starts: number[] = [];
    const commands: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const started = performance.now();
      const sandbox = await runtime.open({ id: `d-${i}` });
      await sandbox.start({ name: "web", command: ["node", "-e", source], cwd: ".", env: {}, port: 4000 });
      await sandbox.ready("web");
      await (await fetchPort(sandboxPort(sandbox, 4000), "/")).text();
      starts.push(since(started));
      const execStarted = performance.now();
      await sandbox.exec(["true"]);
      commands.push(since(execStarted));
      await runtime.remove(`d-${i}`);
    }
    return [
      {
        what,
        measured: `p50 ${ms(quantile(starts, 0.5))}, worst ${ms(Math.max(...starts))} of ${rounds}`,
        target,
        meets: quantile(starts, 0.5) <= 1500,
      },
      {
        what: "docker: a command in a running sandbox",
        measured: `p50 ${ms(quantile(commands, 0.5))}`,
        target: "p50 <= 150 ms",
        meets: quantile(commands, 0.5) <= 150,
      },
    ];
  } finally {
    await runtime.close();
    await engine.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}
