import { createHash, randomUUID } from "node:crypto";
import type { Idempotency, StoredAnswer } from "../../../http/context.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, conflict, invalid, InvalidInput, keyReused } from "../../../platform/errors.ts";
import type { IdempotencyStore } from "./idempotency.store.ts";

export const answerPlace = (id: string): string => `idempotency_keys.sealed_answer:${id}`;
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * Remembers for 24 hours what was answered to a person's `Idempotency-Key`. A row is claimed before the work begins, so that of many equal requests
 * one does it. A refusal gives the key back: nothing was done, and the next attempt may succeed. Any other error, and a process that died between
 * claim and answer, leaves the key claimed: the work may have been done, and must not be done twice.
 */
export function createIdempotency({
  store,
  box,
  processId,
}: {
  store: IdempotencyStore;
  box: CryptoBox;
  processId: number;
}): Idempotency & { jobHandlers: { prune_idempotency_keys: () => Promise<void> } } {
  /** What this process works on: a claim of its own that is not among these has lost its answer. */
  const working = new Set<string>();

  const replay = async (user_id: string, key_hash: string, request_hash: string): Promise<StoredAnswer | undefined> => {
    type Claimed = NonNullable<Awaited<ReturnType<IdempotencyStore["find"]>>>;
    const isRunning = (row: Claimed) => (row.process_id === processId ? working.has(row.id) : row.is_process_living);
    const read = () => store.find(user_id, key_hash);
    let row = await read();
    // A request that ended while the row was read has its answer in the row by now.
    if (row && !row.sealed_answer && !isRunning(row)) row = await read();
    if (!row) return undefined;
    if (row.request_hash !== request_hash) throw keyReused();
    if (row.sealed_answer) return JSON.parse(box.open(row.sealed_answer, answerPlace(row.id))) as StoredAnswer;
    if (isRunning(row)) throw conflict("idempotency_key_running", "A request with this key is still running. Retry when it has ended.");
    throw conflict(
      "idempotency_key_interrupted",
      "The first request with this key failed or was interrupted. Check whether its work was done, then use a new key.",
    );
  };

  return {
    once: async ({ user_id, key, request }, work) => {
      if (!/^[\x20-\x7e]{1,255}$/.test(key))
        throw invalid(["header", "Idempotency-Key"], "Must have 1 to 255 printable ASCII characters", "pattern");
      const [key_hash, request_hash] = [hash(key), hash(request)];
      for (;;) {
        const id = randomUUID();
        working.add(id);
        try {
          if (await store.claim({ id, user_id, key_hash, request_hash, process_id: processId })) {
            let answer: StoredAnswer;
            try {
              answer = await work();
            } catch (error) {
              if (error instanceof AppError || error instanceof InvalidInput) await store.release(id);
              throw error;
            }
            await store.answer(id, box.seal(JSON.stringify(answer), answerPlace(id)));
            return { ...answer, isReplayed: false };
          }
        } finally {
          working.delete(id);
        }
        const former = await replay(user_id, key_hash, request_hash);
        if (former) return { ...former, isReplayed: true };
        // The other request released the key in between, so claim it again.
      }
    },
    jobHandlers: { prune_idempotency_keys: store.prune },
  };
}
