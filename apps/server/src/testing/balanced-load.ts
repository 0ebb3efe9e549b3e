import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

interface Load {
  requests: number;
  /** What failed, at which server. */
  failures: string[];
  slowestMs: number;
}

/**
 * Clients that read and write a project's files without a pause. They choose among the servers that say that they are ready, as a load
 * balancer does. `isService`: there is one port, behind which each new connection reaches a ready server; each request opens one.
 */
export function startBalancedLoad({
  ports,
  token,
  projectId,
  workers = 6,
  isService = false,
}: {
  /** Local ports, by name. */
  ports: () => ReadonlyMap<string, number>;
  token: string;
  projectId: string;
  workers?: number;
  isService?: boolean;
}): { ready: ReadonlySet<string>; stop(): Promise<Load> } {
  const ready = new Set(ports().keys());
  const load: Load = { requests: 0, failures: [], slowestMs: 0 };
  let isStopped = false;

  const check = async () => {
    while (!isStopped) {
      for (const [name, port] of ports())
        await fetch(`http://127.0.0.1:${port}/ready`, { headers: { host: "localhost" }, signal: AbortSignal.timeout(1_000) }).then(
          ({ ok }) => void (ok ? ready.add(name) : ready.delete(name)),
          () => void ready.delete(name),
        );
      await sleep(250);
    }
  };
  const send = isService ? sendAlone : sendShared;
  const work = async (worker: number) => {
    for (let i = 0; !isStopped; i++) {
      const names = [...ready];
      const name = names[(i + worker) % names.length] ?? "";
      const port = ports().get(name);
      if (port === undefined) {
        load.failures.push("no server is ready");
        return;
      }
      const project = `/api/projects/${projectId}`;
      const file = `${project}/files/w${worker}.txt`;
      const kind = i % 3;
      const started = Date.now();
      await send({
        port,
        token,
        method: kind === 0 ? "PUT" : "GET",
        path: kind === 2 ? project : file,
        ...(kind === 0 && { body: JSON.stringify({ content: String(i) }) }),
      }).then(
        ({ status, text }) => void (status >= 300 && load.failures.push(`${kind} at ${name}: ${status} ${text.slice(0, 200)}`)),
        (error: Error) => void load.failures.push(`${kind} at ${name}: ${String(error.cause ?? error)}`),
      );
      load.requests += 1;
      load.slowestMs = Math.max(load.slowestMs, Date.now() - started);
      await sleep(20);
    }
  };
  const all = Promise.all([...(isService ? [] : [check()]), ...Array.from({ length: workers }, (_, worker) => work(worker))]);
  return {
    ready,
    stop: async () => {
      isStopped = true;
      await all;
      return load;
    },
  };
}

interface Sent {
  port: number;
  token: string;
  method: string;
  path: string;
  body?: string;
}
const headersOf = ({ token }: Sent) => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });

async function sendShared(sent: Sent): Promise<{ status: number; text: string }> {
  const { port, method, path, body } = sent;
  const response = await fetch(`http://localhost:${port}${path}`, {
    method,
    headers: headersOf(sent),
    ...(body !== undefined && { body }),
  });
  return { status: response.status, text: await response.text() };
}

function sendAlone(sent: Sent): Promise<{ status: number; text: string }> {
  const { port, method, path, body } = sent;
  return new Promise((resolve, reject) => {
    const call = request({
      host: "127.0.0.1",
      port,
      method,
      path,
      headers: { host: `localhost:${port}`, ...headersOf(sent) },
      agent: false,
    });
    call.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.once("error", reject).end(body);
  });
}
