import { RuntimeError } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import type { Cell } from "./process-isolation.ts";
import { runCommand } from "./exec.ts";
import type { Fifos } from "./fifos.ts";
import { namesOf } from "./pids.ts";
import { openService } from "./service.ts";
import { openTerminal } from "./terminal.ts";
import type { World } from "./backend.ts";

/** One health check may take this long. */
const healthMs = 5_000;

interface Options {
  id: string;
  cell: Cell;
  fifos: Fifos;
  /** Private scratch of this process. */
  runDir: string;
  log: RuntimeLog;
}

/** Programs that are processes of this host, inside the walls of a cell. */
export function cellWorld({ id, cell, fifos, runDir, log }: Options): World {
  return {
    inside: cell.inside,
    owner: cell.owner,
    async command(argv, how) {
      const command = await cell.command(argv, how);
      const kill = () => command.kill();
      return {
        async run(options) {
          const result = await runCommand({ start: command.start, kill, fifos, tmpDir: runDir }, options);
          if (result.exitCode !== null && !command.hasEntered())
            throw new RuntimeError("unavailable", `the sandbox could not be entered: ${result.stderr.trim() || "no reason given"}`);
          return result;
        },
        kill,
        dispose: () => command.dispose(),
      };
    },
    async terminal(argv, how, options, onEnd) {
      const terminal = await cell.terminal(argv, how);
      const pty = await openTerminal(
        {
          ...terminal,
          kill: () => terminal.kill(pty.pid),
          onTrouble: (err) => log.error({ err, sandbox: id }, "a terminal cannot be ended"),
          onEnd() {
            onEnd();
            terminal.dispose();
          },
        },
        options,
      );
      return pty;
    },
    service(name, stateDir, hooks) {
      const walls = cell.service(name);
      return openService(name, {
        dir: stateDir,
        owner: cell.owner,
        runDir,
        async launch(spec, stdio) {
          await hooks.checkSpace();
          if (spec.image !== undefined) throw new RuntimeError("not_supported", "this driver runs no images");
          return walls.start(spec.command, await hooks.how(spec), stateDir, stdio);
        },
        async check(spec, argv) {
          const command = await cell.command(argv, await hooks.how(spec));
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
        pids: walls.pids,
        kill: walls.kill,
        oomKills: cell.oomKills,
        address: cell.address,
        isFrozen: cell.isFrozen,
        thaw: hooks.thaw,
        onTrouble: hooks.onTrouble,
        onChange: hooks.onChange,
      });
    },
    address: cell.address,
    programs: async () => namesOf(cell.pids()),
    usage: async () => cell.usage(),
    freeze: async () => cell.freeze(),
    thaw: async () => cell.thaw(),
    isFrozen: cell.isFrozen,
    update: (place) => cell.update(place),
    remove: () => cell.remove(),
  };
}
