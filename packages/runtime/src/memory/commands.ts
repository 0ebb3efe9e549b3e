import type { RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tree } from "../types.ts";

/** What a fake program can see and do. */
export interface MemoryProcess {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Relative to the tree's root. */
  cwd: string;
  input: string;
  /** Rejects writing in a read-only command. */
  files: Tree;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Serves HTTP on a port of the sandbox until the program ends. */
  serve(port: number, handler: RequestListener): Promise<void>;
  /** Aborted when the program must end. */
  signal: AbortSignal;
}

/** A fake program: returns its exit code, or rejects when the signal aborts. */
export type MemoryCommand = (process: MemoryProcess) => Promise<number>;

const at = (cwd: string, file = "") => (cwd === "." || cwd === "" ? file : `${cwd}/${file}`);
const forever = (signal: AbortSignal) => sleep(2 ** 31 - 1, 143, { signal, ref: false });

/** The programs of every memory sandbox. */
export const memoryCommands: Readonly<Record<string, MemoryCommand>> = {
  true: async () => 0,
  false: async () => 1,
  async echo({ argv, stdout }) {
    stdout(`${argv.slice(1).join(" ")}\n`);
    return 0;
  },
  /** fail TEXT CODE */
  async fail({ argv, stderr }) {
    stderr(`${argv[1]}\n`);
    return Number(argv[2]);
  },
  /** cat [FILE]: the file, or the input. */
  async cat({ argv, cwd, files, input, stdout }) {
    stdout(argv[1] === undefined ? input : new TextDecoder().decode((await files.read(at(cwd, argv[1]))).data));
    return 0;
  },
  async printenv({ argv, env, stdout }) {
    const value = env[argv[1] ?? ""];
    if (value === undefined) return 1;
    stdout(`${value}\n`);
    return 0;
  },
  /** put FILE TEXT */
  async put({ argv, cwd, files }) {
    await files.write(at(cwd, argv[1]), argv[2] ?? "");
    return 0;
  },
  /** wait MS */
  async wait({ argv, signal, stdout }) {
    stdout("started\n");
    return sleep(Number(argv[1]), 0, { signal, ref: false });
  },
  /** flood BYTES */
  async flood({ argv, stdout }) {
    for (let left = Number(argv[1]); left > 0; left -= 65_536) stdout("x".repeat(Math.min(left, 65_536)));
    return 0;
  },
  /** serve PORT TEXT */
  async serve({ argv, serve, signal, stdout }) {
    await serve(Number(argv[1]), (_, response) => response.end(argv[2]));
    stdout("listening\n");
    return forever(signal);
  },
  async chatter({ signal, stdout }) {
    for (;;) {
      stdout("x\n");
      await sleep(20, undefined, { signal, ref: false });
    }
  },
};
