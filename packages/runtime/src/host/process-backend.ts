import { RuntimeError } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import type { ProcessIsolation } from "./process-isolation.ts";
import { runCommand } from "./commands/exec.ts";
import type { Fifos } from "./commands/fifos.ts";
import { namesOf } from "./processes/pids.ts";
import { openService } from "./services/service.ts";
import { openTerminal } from "./commands/terminal.ts";
import type { SandboxBackend } from "./backend.ts";

/** Time limit of one health check. */
const healthMs = 5_000;

interface Options {
  id: string;
  isolation: ProcessIsolation;
  fifos: Fifos;
  /** Private temporary folder of this process. */
  runDir: string;
  log: RuntimeLog;
}

/** A shell's exit code for a program that was killed: 128 and the number of the signal. */
const killedExitCode = 137;

/** Runs programs as processes of this host, with the given isolation. */
export function createProcessBackend({ id, isolation, fifos, runDir, log }: Options): SandboxBackend {
  return {
    inside: isolation.inside,
    owner: isolation.owner,
    async command(argv, launch) {
      const command = await isolation.command(argv, launch);
      const kill = () => command.kill();
      return {
        async run(options) {
          const killedBefore = isolation.oomKills();
          const result = await runCommand({ start: command.start, kill, fifos, tmpDir: runDir }, options);
          if (result.exitCode !== null && !command.hasStarted())
            throw new RuntimeError("unavailable", `the sandbox could not be entered: ${result.stderr.trim() || "no reason given"}`);
          const wasKilled = !result.timedOut && !result.aborted && (result.exitCode === killedExitCode || result.signal === "SIGKILL");
          return wasKilled && isolation.oomKills() > killedBefore ? { ...result, outOfMemory: true } : result;
        },
        kill,
        dispose: () => command.dispose(),
      };
    },
    async terminal(argv, launch, options, onEnd) {
      const terminal = await isolation.terminal(argv, launch);
      return openTerminal(
        {
          ...terminal,
          kill: (pid) => terminal.kill(pid),
          onError: (err) => log.error({ err, sandbox: id }, "a terminal cannot be ended"),
          onEnd() {
            onEnd();
            terminal.dispose();
          },
        },
        options,
      );
    },
    service(name, stateDir, hooks) {
      const context = isolation.service(name);
      return openService(name, {
        dir: stateDir,
        owner: isolation.owner,
        runDir,
        async launch(spec, stdio) {
          await hooks.checkSpace();
          if (spec.image !== undefined) throw new RuntimeError("not_supported", "this driver runs no images");
          return context.start(spec.command, await hooks.launch(spec), stateDir, stdio);
        },
        async check(spec, argv) {
          const command = await isolation.command(argv, await hooks.launch(spec));
          const release = hooks.track(() => command.kill());
          try {
            const { exitCode } = await runCommand(
              { start: command.start, kill: () => command.kill(), fifos, tmpDir: runDir },
              { timeoutMs: healthMs, maxOutputBytes: 4096 },
            );
            return exitCode === 0;
          } finally {
            release();
            command.dispose();
          }
        },
        pids: context.pids,
        kill: context.kill,
        oomKills: isolation.oomKills,
        connect: isolation.connect,
        isFrozen: isolation.isFrozen,
        thaw: hooks.thaw,
        onError: hooks.onError,
        onChange: hooks.onChange,
      });
    },
    address: isolation.address,
    connect: isolation.connect,
    programs: async () => namesOf(isolation.pids()),
    usage: async () => isolation.usage(),
    freeze: async () => isolation.freeze(),
    thaw: async () => isolation.thaw(),
    isFrozen: isolation.isFrozen,
    update: (location) => isolation.update(location),
    remove: () => isolation.remove(),
  };
}
