/** The model settings of a project. Settings are free-form JSON, so invalid values are ignored. */
export interface ProjectModelSettings {
  model: string | null;
  /** Undefined: the user's list, else the server's. */
  fallback_models: string[] | undefined;
  max_cost_cents: number | null;
}

const maxIds = 10;
const isId = (value: unknown): value is string => typeof value === "string" && value.length <= 200 && /^[^/\s]+\/\S+$/.test(value);

export function projectModelSettings({ settings }: { settings: Record<string, unknown> | null }): ProjectModelSettings {
  const { model, fallback_models, max_cost_cents } = settings ?? {};
  return {
    model: isId(model) ? model : null,
    fallback_models: Array.isArray(fallback_models) ? fallback_models.filter(isId).slice(0, maxIds) : undefined,
    max_cost_cents: typeof max_cost_cents === "number" && max_cost_cents > 0 ? max_cost_cents : null,
  };
}
