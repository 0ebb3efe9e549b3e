/** Parses the engine's multiplexed output of a program without a terminal. */
export function createFrames(onFrame: (stream: "stdout" | "stderr", payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= headerBytes) {
      const end = headerBytes + rest.readUInt32BE(4);
      if (rest.length < end) return;
      onFrame(rest[0] === 2 ? "stderr" : "stdout", rest.subarray(headerBytes, end));
      rest = rest.subarray(end);
    }
  };
}

/** Stream id, three zeros, length. */
const headerBytes = 8;
