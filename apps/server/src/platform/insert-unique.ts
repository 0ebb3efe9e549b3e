import { AppError } from "./errors.ts";

const maxAttempts = 10;

/**
 * Calls `insert` with a newly generated name until it returns a row; it returns `undefined` when the name is taken. `attempt` counts from 0.
 * Throws `internal_error` when all attempts collided; `what` completes "Could not find a free …".
 */
export async function insertUnique<T>(what: string, insert: (attempt: number) => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const row = await insert(attempt);
    if (row !== undefined) return row;
  }
  throw new AppError("internal_error", `Could not find a free ${what}. Try again.`);
}
