import { parseDotenv, secretRefusal, reservedKeys, secretLimits, type SecretRefusal } from "@tesslate/contract/dotenv";

export interface EnvPreviewRow {
  key: string;
  line: number;
  fate: "created" | "replaced" | "refused";
  reason?: SecretRefusal;
}

/** What the server will do with each line of an `.env` text: it uses the same parser and rules. Without the values. */
export function previewEnv(text: string, known: ReadonlySet<string>): EnvPreviewRow[] {
  const { entries, invalid } = parseDotenv(text);
  let count = known.size;
  const rows: EnvPreviewRow[] = entries.map(({ key, value, line }) => {
    const isNew = !known.has(key);
    const reason = secretRefusal(key, value) ?? (isNew && count >= secretLimits.maxCount ? "secret_limit_reached" : undefined);
    if (reason) return { key: key.slice(0, 128), line, fate: "refused", reason };
    if (isNew) count += 1;
    return { key, line, fate: isNew ? "created" : "replaced" };
  });
  for (const { key, line } of invalid) rows.push({ key, line, fate: "refused", reason: "invalid_line" });
  return rows.sort((a, b) => a.line - b.line);
}

export const refusalSentences: Record<SecretRefusal, string> = {
  invalid_line: "Not a NAME=value line.",
  invalid_key: "A secret's name may contain letters, digits and _, must not start with a digit and is limited to 128 characters.",
  reserved_key: `${reservedKeys.join(", ")} are reserved: the server sets them.`,
  empty_value: "The value is empty.",
  value_too_large: "Values are limited to 32 KiB.",
  nul_character: "Values cannot contain a NUL character.",
  secret_limit_reached: `Projects are limited to ${secretLimits.maxCount} secrets. Delete one first.`,
};
