import { parseDotenv, refusalOf, reservedKeys, secretLimits, type SecretRefusal } from "@tesslate/contract/dotenv";

export interface EnvPreviewRow {
  key: string;
  line: number;
  fate: "created" | "replaced" | "refused";
  reason?: SecretRefusal;
}

/** What the server will do with this `.env` text, in its own words: the same grammar and the same rules. Values stay out of it. */
export function previewEnv(text: string, known: ReadonlySet<string>): EnvPreviewRow[] {
  const { entries, invalid } = parseDotenv(text);
  let count = known.size;
  const rows: EnvPreviewRow[] = entries.map(({ key, value, line }) => {
    const isNew = !known.has(key);
    const reason = refusalOf(key, value) ?? (isNew && count >= secretLimits.maxCount ? "secret_limit_reached" : undefined);
    if (reason) return { key: key.slice(0, 128), line, fate: "refused", reason };
    if (isNew) count += 1;
    return { key, line, fate: isNew ? "created" : "replaced" };
  });
  for (const { key, line } of invalid) rows.push({ key, line, fate: "refused", reason: "invalid_line" });
  return rows.sort((a, b) => a.line - b.line);
}

export const refusalSentences: Record<SecretRefusal, string> = {
  invalid_line: "Not a NAME=value line.",
  invalid_key: "A name has letters, digits and _, does not begin with a digit and has at most 128 characters.",
  reserved_key: `${reservedKeys.join(", ")} are set by the server.`,
  empty_value: "It has no value.",
  value_too_large: "A value has at most 32 KiB.",
  nul_character: "A value cannot contain a NUL character.",
  secret_limit_reached: `A project has at most ${secretLimits.maxCount} secrets.`,
};
