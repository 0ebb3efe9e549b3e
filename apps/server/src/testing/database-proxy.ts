import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestPostgres } from "./postgres.ts";

/** What happens to a statement: it is executed and answered, it never arrives, or it is executed and its response is lost. */
export type Fate = "pass" | "lose" | "lose answer";

export interface DatabaseProxy extends AsyncDisposable {
  /** Address of the proxy. */
  server: TestPostgres["server"];
  /** Called for every statement that can commit, with its text or prepared name. */
  decide: (statement: string) => Fate;
  /** Closes all connections and rejects new ones until `open` is called. */
  shut(): void;
  open(): void;
}

/** A proxy between the server and PostgreSQL that breaks connections at chosen statements, like failing networks and servers. */
export async function startDatabaseProxy(target: TestPostgres["server"]): Promise<DatabaseProxy> {
  const dir = await mkdtemp(join(tmpdir(), "studio-pg-proxy-"));
  const socketDir = join(dir, "s");
  await mkdir(socketDir);
  const sockets = new Set<Socket>();
  let isShut = false;
  const proxy: Pick<DatabaseProxy, "decide"> = { decide: () => "pass" };

  const reach = () => {
    if ("socketDir" in target) return connect(join(target.socketDir, ".s.PGSQL.5432"));
    const { hostname, port } = new URL(target.url);
    return connect(Number(port || 5432), hostname);
  };
  const server = createServer((client) => {
    if (isShut) return void client.destroy();
    const upstream = reach();
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    let isAnswerLost = false;
    let hasStarted = false;
    let rest = Buffer.alloc(0);
    client.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      const forward: Buffer[] = [];
      for (;;) {
        // The first message has no type.
        const head = hasStarted ? 1 : 0;
        if (rest.length < head + 4) break;
        const length = head + rest.readInt32BE(head);
        if (rest.length < length) break;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        const statement = hasStarted ? statementOf(message) : undefined;
        hasStarted = true;
        const fate = statement === undefined ? "pass" : proxy.decide(statement);
        if (fate === "lose") return end();
        if (fate === "lose answer") isAnswerLost = true;
        forward.push(message);
      }
      if (forward.length > 0) upstream.write(Buffer.concat(forward));
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!isAnswerLost) return void client.write(chunk);
      // ReadyForQuery: the statement was executed.
      if (chunk.subarray(-6, -1).equals(Buffer.from([0x5a, 0, 0, 0, 5]))) end();
    });
  });
  server.listen(join(socketDir, ".s.PGSQL.5432"));
  await once(server, "listening");
  return Object.assign(proxy, {
    server: { socketDir },
    shut: () => {
      isShut = true;
      for (const socket of sockets) socket.destroy();
    },
    open: () => void (isShut = false),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  });
}

/** The text or name of a statement that may commit: COMMIT, or a prepared write outside of a transaction. */
function statementOf(message: Buffer): string | undefined {
  const type = String.fromCharCode(message[0] ?? 0);
  const text = message.subarray(5).toString("latin1");
  if (type === "Q") return text.split("\0")[0];
  // Parse: name, statement. Bind: portal, name of the statement.
  if (type === "P") return text.startsWith("\0") ? text.split("\0")[1] : undefined;
  if (type === "B") return text.split("\0")[1] || undefined;
  return undefined;
}
