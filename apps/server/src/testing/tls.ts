import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";

export type TlsRequest = Omit<RequestOptions, "headers"> & { host?: string; headers?: Record<string, string>; body?: Buffer };

/**
 * A request over TLS to a proxy on this machine, with the host name that a browser would send; any certificate will do. Resolves with the
 * response that an upgrade has, too.
 */
export function requestOverTls(
  port: number,
  path: string,
  { host = "studio.example.com", body, headers, ...options }: TlsRequest = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({
      ...options,
      host: "127.0.0.1",
      port,
      path,
      servername: host,
      rejectUnauthorized: false,
      headers: { host, ...headers },
      agent: false,
    });
    call.once("response", resolve).once("error", reject);
    call.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    call.end(body);
  });
}

export async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  return text;
}
