import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port that nobody listens on, for a server that is started later.
 * It lies below those that the system hands out by itself (from 32768 on Linux): an outgoing connection of somebody else could get one of them meanwhile.
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
