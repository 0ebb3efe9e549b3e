import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * An unused port, for a server that is started later.
 * Below the ephemeral ports of the system (from 32768 on Linux), which an outgoing connection could take in between.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    server.listen(randomInt(12_000, 32_000));
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    return port;
  }
}
