import type { ModelRequirements, ResolvedModel } from "./connected-models.ts";
import type { Models } from "./models.service.ts";

const maxFallbacks = 4;

export type ResolveChain = ReturnType<typeof createResolveChain>;
/** Resolves the requested model, then the fallbacks that can be called. Throws what `models.resolve` throws for the first. */
export const createResolveChain =
  ({ models, operatorFallbacks }: { models: Pick<Models, "resolve" | "preferences">; operatorFallbacks: readonly string[] }) =>
  async (
    userId: string,
    requested: { model?: string | null; agent: ModelRequirements; fallbacks?: readonly string[] | undefined },
  ): Promise<[ResolvedModel, ...ResolvedModel[]]> => {
    const first = await models.resolve(userId, requested);
    const named = requested.fallbacks ?? (await models.preferences.get(userId)).fallback_models ?? operatorFallbacks;
    const isOperators = named === operatorFallbacks;
    const others: ResolvedModel[] = [];
    for (const id of named) {
      if (others.length >= maxFallbacks) break;
      const next = await models.resolve(userId, { model: id, agent: requested.agent }).catch(() => undefined);
      // The operator's fallbacks must not charge users who use their own key.
      if (!next || (isOperators && first.is_byok && !next.is_byok)) continue;
      if ([first, ...others].every((known) => known.model_id !== next.model_id)) others.push(next);
    }
    return [first, ...others];
  };
