/** Connects to the port, sends bytes and waits for a matching response. Arguments: port, hex to send, pattern. */
const speakScript = `
const [port, hex, pattern] = process.argv.slice(1);
const socket = require("node:net").connect(Number(port), "127.0.0.1");
let received = "";
socket.setEncoding("latin1").on("data", (text) => {
  received += text;
  if (new RegExp(pattern, "s").test(received)) process.exit(0);
});
socket.on("error", () => process.exit(1)).on("close", () => process.exit(1));
if (hex) socket.write(Buffer.from(hex, "hex"));
setTimeout(() => process.exit(1), 3000);
`;
const speak = (port: number, message: string | Buffer, pattern: RegExp): string[] => [
  "node",
  "-e",
  speakScript,
  String(port),
  Buffer.from(message).toString("hex"),
  pattern.source,
];

/** PostgreSQL responds to a startup message with an authentication request; during recovery with an error. */
export function speaksPostgres(port: number): string[] {
  const body = Buffer.from("\0\x03\0\0user\0probe\0database\0probe\0\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return speak(port, Buffer.concat([length, body]), /^R/);
}
/** Redis responds with a pong or an authentication error, unless it is still loading data. */
export const speaksRedis = (port: number): string[] => speak(port, "PING\r\n", /^(\+PONG|-NOAUTH)/);
/** MySQL and MariaDB send a greeting. */
export const speaksMysql = (port: number): string[] => speak(port, "", /^...\0\n/);

const httpScript = `
const [url] = process.argv.slice(1);
fetch(url, { signal: AbortSignal.timeout(3000) }).then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1));
`;
/** Any HTTP response below 500. */
export const respondsToHttp = (port: number, path = "/"): string[] => ["node", "-e", httpScript, `http://127.0.0.1:${port}${path}`];
