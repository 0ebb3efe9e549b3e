/** A tool as the caller describes it; `parameters` is a JSON schema. */
export interface CallableTool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

/** Names that differ only in case and separators are the same. */
export const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
