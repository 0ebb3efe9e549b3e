import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { run } from "../../run.ts";

/** One direction of output: `writeFd` goes to the child (the caller closes it), `reader` yields what it writes. */
export interface Pipe {
  reader: Socket;
  writeFd: number;
}

/**
 * Named pipes for children. Node's own "pipe" is a socket pair, and a program that opens `/dev/stderr` (common in shell scripts) gets
 * ENXIO from a socket. Created in batches, because creating one requires running `mkfifo`.
 */
export interface Fifos {
  openOutput(): Promise<Pipe>;
  /** The other direction: `readFd` goes to the child (the caller closes it), what is written to `writer` arrives there. */
  openInput(): Promise<{ writer: Socket; readFd: number }>;
}

/** Name prefix; unused ones are deleted with the process that created them. */
export const fifoPrefix = "fifo-";

export function createFifos(dir: string): Fifos {
  const ready: string[] = [];
  const batch = 32;
  let count = 0;
  let filling: Promise<void> | undefined;
  const fill = () =>
    (filling ??= (async () => {
      const names = Array.from({ length: batch }, () => join(dir, `${fifoPrefix}${process.pid}-${++count}`));
      // Holders may reopen it through /proc; the name is private and deleted in a moment.
      await run(["mkfifo", "-m", "666", ...names]);
      ready.push(...names);
    })().finally(() => (filling = undefined)));

  const next = async (): Promise<string> => {
    while (ready.length === 0) await fill();
    const name = ready.pop() as string;
    if (ready.length < batch / 4) void fill().catch(() => {}); // the next one that finds none reports it
    return name;
  };

  return {
    async openInput() {
      const name = await next();
      // Opened for both directions it does not block; closed once each end is open, otherwise the child's death would go unnoticed.
      const bothFd = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
      try {
        const readFd = openSync(name, "r");
        try {
          return {
            readFd,
            writer: new Socket({ fd: openSync(name, constants.O_WRONLY | constants.O_NONBLOCK), readable: false, writable: true }),
          };
        } catch (error) {
          closeSync(readFd);
          throw error;
        }
      } finally {
        closeSync(bothFd);
        unlinkSync(name);
      }
    },
    async openOutput() {
      const name = await next();
      const readFd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const writeFd = openSync(name, "w");
        return { writeFd, reader: new Socket({ fd: readFd, readable: true, writable: false }) };
      } catch (error) {
        closeSync(readFd);
        throw error;
      } finally {
        unlinkSync(name);
      }
    },
  };
}
