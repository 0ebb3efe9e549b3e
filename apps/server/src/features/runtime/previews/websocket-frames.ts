/**
 * Calls `onData` for every data frame in a WebSocket byte stream (RFC 6455): text, binary and continuations, not ping, pong or close.
 * Payloads are skipped, not stored.
 */
export function watchDataFrames(onData: () => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (skip > 0) {
        const step = Math.min(skip, rest.length);
        skip -= step;
        rest = rest.subarray(step);
        continue;
      }
      header = Buffer.concat([header, rest]);
      const length = headerLength(header);
      if (length === undefined) return;
      const opcode = (header[0] ?? 0) & 0x0f;
      rest = header.subarray(length);
      skip = payloadLength(header);
      header = Buffer.alloc(0);
      if (opcode <= 2) onData();
    }
  };
}

function headerLength(header: Buffer): number | undefined {
  if (header.length < 2) return undefined;
  const second = header[1] ?? 0;
  const short = second & 0x7f;
  const length = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
  return header.length < length ? undefined : length;
}
function payloadLength(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  return short === 126 ? header.readUInt16BE(2) : short === 127 ? Number(header.readBigUInt64BE(2)) : short;
}
