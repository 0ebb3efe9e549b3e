import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, AUTHORITATIVE_ANSWER, type Answer } from "dns-packet";

export interface DnsFake extends AsyncDisposable {
  /** IP:port, for a resolver. */
  address: string;
  /** Records by type and name, e.g. `records.set("A shop.example", ["198.51.100.7"])`. Aliases are not followed into addresses. */
  records: Map<string, string[]>;
  /** Names that were asked for. */
  asked: string[];
}

/** A DNS server on loopback, over UDP. Names without records do not exist. */
export async function startDns(): Promise<DnsFake> {
  const records = new Map<string, string[]>();
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (!question) return;
    asked.push(`${question.type} ${question.name}`);
    const found = records.get(`${question.type} ${question.name.toLowerCase()}`);
    const answers = (found ?? []).map((data) => ({ type: question.type, name: question.name, ttl: 1, data }) as Answer);
    const isKnown = [...records.keys()].some((key) => key.endsWith(` ${question.name.toLowerCase()}`));
    // The last four bits are the response code: 3 is NXDOMAIN.
    const flags = AUTHORITATIVE_ANSWER | (isKnown ? 0 : 3);
    socket.send(encode({ type: "response", id: query.id ?? 0, flags, questions: [question], answers }), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    asked,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}
