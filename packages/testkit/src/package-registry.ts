import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface RegistryAdvisory {
  severity: "low" | "moderate" | "high" | "critical";
  title: string;
  vulnerable_versions: string;
}
export interface PackageRegistry extends AsyncDisposable {
  url: string;
  /** Packages whose advisories were requested, in order. */
  requestedNames: string[];
}

/** An npm registry with advisories and one version of each affected package. `silent`: never responds. */
export async function startPackageRegistry(
  advisories: Record<string, RegistryAdvisory[]>,
  { version = "1.0.0", silent = false } = {},
): Promise<PackageRegistry> {
  const requestedNames: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      if (silent) return;
      const body = Buffer.concat(pieces);
      const send = (status: number, answer: unknown) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
      if (request.method === "POST" && request.url === "/-/npm/v1/security/advisories/bulk") {
        const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
        const names = Object.keys(JSON.parse(text) as Record<string, string[]>);
        requestedNames.push(...names);
        const known = names.filter((name) => advisories[name]);
        return send(
          200,
          Object.fromEntries(
            known.map((name) => [
              name,
              advisories[name]?.map((one, i) => ({
                id: 1000 + i,
                url: `${request.headers.host}/advisories/${i}`,
                cwe: [],
                cvss: {},
                ...one,
              })),
            ]),
          ),
        );
      }
      const name = decodeURIComponent((request.url ?? "/").slice(1));
      if (request.method !== "GET" || !advisories[name]) return send(404, { error: "Not found" });
      return send(200, { name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist: {} } } });
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requestedNames,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
