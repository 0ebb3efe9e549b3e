/** Options of HTTP/2 sessions, at both ends. */
export const limits = {
  /** Megabytes. The default of 10 would refuse streams of a busy server. */
  maxSessionMemory: 512,
  /** Aborted calls are reset streams; the default of 33 a second is meant for anonymous clients. */
  streamResetBurst: 100_000,
  streamResetRate: 10_000,
  /** What one stream may send before its reader has taken it. */
  settings: { initialWindowSize: 256 * 1024, maxConcurrentStreams: 20_000, enablePush: false },
  /** Of a connection. A stream that is not read does not use it up: node:http2 acknowledges it at once. */
  connectionWindowBytes: 16 * 2 ** 20,
} as const;
