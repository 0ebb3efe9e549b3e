import { createHash, randomUUID } from "node:crypto";
import type { Idempotency, StoredAnswer } from "../../../http/context.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { AppError, conflict, invalid, InvalidInput, keyReused } from "../../../platform/errors.ts";
import type { IdempotencyStore } from "./idempotency.store.ts";

export const answerAad = (id: string): string => `idempotency_keys.encrypted_answer:${id}`;
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * Stores the response to a user's `Idempotency-Key` for 24 hours. The key is claimed before the work starts, so that one of several equal requests
 * does it. A 4xx releases the key: nothing was done, and a retry may succeed. Any other error, or a process that dies before the response is stored,
 * leaves the key claimed, because the work may have been done.
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
  /** Claims this process is working on. One of its claims that is missing here has lost its response. */
  const working = new Set<string>();

  const replay = async (user_id: string, key_hash: string, request_hash: string): Promise<StoredAnswer | undefined> => {
    type Claimed = NonNullable<Awaited<ReturnType<IdempotencyStore["find"]>>>;
    const isRunning = (row: Claimed) => (row.process_id === processId ? working.has(row.id) : row.is_process_living);
    const read = () => store.find(user_id, key_hash);
    let row = await read();
    // A request that ended while the row was read has its answer in the row by now.
    if (row && !row.encrypted_answer && !isRunning(row)) row = await read();
    if (!row) return undefined;
    if (row.request_hash !== request_hash) throw keyReused();
    if (row.encrypted_answer) return JSON.parse(box.open(row.encrypted_answer, answerAad(row.id))) as StoredAnswer;
    if (isRunning(row)) throw conflict("idempotency_key_running", "A request with this key is still running. Retry when it has finished.");
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
            await store.answer(id, box.seal(JSON.stringify(answer), answerAad(id)));
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
