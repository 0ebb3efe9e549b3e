import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Marks a request that another server of this installation forwards, with what that server knows of it. */
export const forwardHeader = "studio-forwarded";
/** On the response to a forwarded request that was not accepted: it can be sent again, elsewhere. Its value cannot be guessed by project code. */
export const notAcceptedHeader = "studio-not-accepted";

interface ForwardFacts {
  project_id: string;
  /** The address of the client. */
  ip: string;
  /** Absent if an older version forwards it. */
  request_id?: string;
}
interface RequestHead {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
}
export interface ForwardSignatures {
  sign(head: RequestHead, facts: ForwardFacts): string;
  /** Undefined when the header is missing, forged, of another request or too old. */
  verify(head: RequestHead): ForwardFacts | undefined;
  /** What only a server of this installation can answer to the request with this header. */
  refusalOf(header: string): string;
}

/** Clocks of servers may differ by this much. */
const validMs = 60_000;

/** Servers of an installation share a key; it signs the head of a request, so that the header of one is of no use for another. */
export function createForwardSignatures(key: Buffer): ForwardSignatures {
  const macOf = (payload: string, { method = "", url = "", headers }: RequestHead) => {
    const { authorization = "", cookie = "" } = headers;
    return createHmac("sha256", key)
      .update(JSON.stringify([payload, method, url, headers.host ?? "", authorization, cookie]))
      .digest();
  };
  return {
    sign(head, facts) {
      const payload = Buffer.from(JSON.stringify({ ...facts, at: Date.now() })).toString("base64url");
      return `${payload}.${macOf(payload, head).toString("base64url")}`;
    },
    verify(head) {
      const header = head.headers[forwardHeader];
      if (typeof header !== "string") return undefined;
      const [payload = "", mac = ""] = header.split(".");
      const expected = macOf(payload, head);
      const given = Buffer.from(mac, "base64url");
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const { project_id, ip, request_id, at } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as ForwardFacts & {
        at: number;
      };
      return Math.abs(Date.now() - at) <= validMs ? { project_id, ip, ...(request_id !== undefined && { request_id }) } : undefined;
    },
    refusalOf: (header) =>
      createHmac("sha256", key)
        .update(JSON.stringify(["not accepted", header]))
        .digest("base64url"),
  };
}
