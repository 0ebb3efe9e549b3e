/** A table with rows of a person, found by the keys of the database, so that a new table is in every export by being there. */
export interface OwnedTable {
  name: string;
  /** Those that may leave. */
  columns: string[];
  /** The condition on `t` under which a row is this person's; `userId` is SQL. */
  isOwn(userId: string): string;
}
interface Schema {
  columns: readonly { table: string; column: string; type: string }[];
  keys: readonly { table: string; column: string; target: string; target_column: string }[];
}

/** Bookkeeping of the server, or told elsewhere in the archive in a better form. */
const leftOut = new Set([
  "one_time_tokens",
  "login_attempts",
  "credit_reservations",
  "events",
  "user_avatars",
  "chat_attachment_pieces",
  "idempotency_keys",
]);
/** Sealed values are bytes; these are what is left of secrets in other columns. */
const isSecret = ({ column, type }: { column: string; type: string }) => type === "bytea" || /hash|password|sealed|token(?!s)/.test(column);
/** Who of the house did something to a person is for the house's own log. */
const namesAdministrator = ({ column }: { column: string }) =>
  /^(?:(?:suspended|deleted|made)_by_id|impersonator_(?:session_)?id)$/.test(column);
/** Rows that stand under a person and are not of them: sessions in which an administrator acted as them. */
const isOfAdministrator: Readonly<Record<string, string>> = { sessions: "impersonator_id" };
const maxDepth = 4;

/** `users` first, then what hangs on it, however far. */
export function ownedTables({ columns, keys }: Schema): OwnedTable[] {
  const conditions = new Map<string, (userId: string, alias: string) => string>([
    ["users", (userId, alias) => `${alias}."id" = ${userId}`],
  ]);
  for (let depth = 0; depth < maxDepth; depth++) {
    // Those of the step before: each step goes one key further.
    const reached = Array.from(conditions);
    for (const [target, condition] of reached)
      for (const key of keys) {
        if (key.target !== target || conditions.has(key.table)) continue;
        const inner = `p${depth}`;
        conditions.set(key.table, (userId, alias) =>
          target === "users" && key.target_column === "id"
            ? `${alias}."${key.column}" = ${userId}`
            : `${alias}."${key.column}" in (select ${inner}."${key.target_column}" from "${target}" ${inner} where ${condition(userId, inner)})`,
        );
      }
  }
  return [...conditions].flatMap(([name, condition]) => {
    const shown = columns
      .filter((column) => column.table === name && !isSecret(column) && !namesAdministrator(column))
      .map(({ column }) => column);
    const by = isOfAdministrator[name];
    const isOwn = (userId: string) => condition(userId, "t") + (by === undefined ? "" : ` and t."${by}" is null`);
    return leftOut.has(name) || shown.length === 0 ? [] : [{ name, columns: shown, isOwn }];
  });
}
