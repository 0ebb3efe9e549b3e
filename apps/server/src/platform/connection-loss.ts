import { RuntimeError } from "@tesslate/runtime";
import { AppError } from "./errors.ts";

/**
 * Whether an error means that the database is unreachable, so that the call can be retried. An error that names another reason, such as a git
 * host or a service of a project that refused the connection, does not, whatever caused it.
 */
export function isConnectionLoss(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof AppError || e instanceof RuntimeError) return false;
    const code = "code" in e ? String(e.code) : "";
    if (/^(57P0[123]|08\w{3}|53300)$/.test(code)) return true;
    if (
      /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE)$/.test(code) &&
      "syscall" in e &&
      (e.syscall === "connect" || e.syscall === "read" || e.syscall === "write")
    )
      return true;
    if (/Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(e.message))
      return true;
  }
  return false;
}
