import { useQueryClient } from "@tanstack/react-query";
import type { RedisChange } from "@tesslate/contract";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { toast, toastWithUndo } from "../../ui/toast.tsx";
import { useDatabase } from "./data-context.ts";
import { databaseKey } from "./data.queries.ts";

/** Sends a change of a Redis key once changes are allowed, with "Undo" in the toast. Resolves with false if they are not. */
export function useKeyChanges() {
  const { api } = useServices();
  const queries = useQueryClient();
  const { params, permission } = useDatabase();
  const send = async (change: RedisChange) => {
    const { inverse } = await api.databases.changeKey({ params, body: { change } });
    await queries.invalidateQueries({ queryKey: databaseKey(params.id, params.database_id) });
    return inverse;
  };
  return useHandler(async (sentence: string, change: RedisChange): Promise<boolean> => {
    if (!(await permission.request())) return false;
    const inverse = await send(change);
    if (!inverse) toast(`${sentence} This can't be undone.`);
    else
      toastWithUndo(sentence, async () => {
        if (await permission.request()) await send(inverse);
      });
    return true;
  });
}
