import type { IncomingHttpHeaders } from "node:http";

/** A part of a trace. Attributes are names, counts and codes: never arguments, paths or contents. */
export interface CallSpan {
  /** The code of the error that the call ends with. */
  fail(code: string): void;
  /** Later calls have no effect. */
  end(): void;
}

/** At the server: what follows a call to the runner. */
export interface ClientTracing {
  /** Called in the context of the caller. The headers are sent with the call. */
  begin(method: string): CallSpan & { headers: Readonly<Record<string, string>> };
}

/** At the runner: what follows the calls that it serves. */
export interface RunnerTracing {
  /** Runs a call in the context that its headers name. */
  serve(method: string, headers: IncomingHttpHeaders, run: (span: CallSpan) => Promise<void>): Promise<void>;
  /** The part of a call that is the driver's. */
  within<T>(method: string, run: (span: CallSpan) => Promise<T>): Promise<T>;
}

const noSpan: CallSpan = { fail: () => {}, end: () => {} };
export const noClientTracing: ClientTracing = { begin: () => ({ ...noSpan, headers: {} }) };
export const noRunnerTracing: RunnerTracing = { serve: (_method, _headers, run) => run(noSpan), within: (_method, run) => run(noSpan) };
