/** Connects to the port, sends the bytes, and waits for an answer that begins as expected. Arguments: port, hex to send, pattern. */
const speakScript = `
const [port, hex, pattern] = process.argv.slice(1);
const socket = require("node:net").connect(Number(port), "127.0.0.1");
let answer = "";
socket.setEncoding("latin1").on("data", (text) => {
  answer += text;
  if (new RegExp(pattern, "s").test(answer)) process.exit(0);
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

/** PostgreSQL: the answer to a start-up message is a request to authenticate; while it recovers it is an error. */
export function speaksPostgres(port: number): string[] {
  const body = Buffer.from("\0\x03\0\0user\0probe\0database\0probe\0\0", "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return speak(port, Buffer.concat([length, body]), /^R/);
}
/** Redis: it answers, with a pong or by asking for the password, unless it is still reading its data. */
export const speaksRedis = (port: number): string[] => speak(port, "PING\r\n", /^(\+PONG|-NOAUTH)/);
/** MySQL and MariaDB greet first. */
export const speaksMysql = (port: number): string[] => speak(port, "", /^...\0\n/);

const httpScript = `
const [url] = process.argv.slice(1);
fetch(url, { signal: AbortSignal.timeout(3000) }).then((r) => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1));
`;
/** Anything that serves HTTP: it answers, and not with an error of its own. */
export const answersHttp = (port: number, path = "/"): string[] => ["node", "-e", httpScript, `http://127.0.0.1:${port}${path}`];
