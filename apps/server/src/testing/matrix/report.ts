/** One call of the matrix, with the unexpected result, if any. */
export interface MatrixCell<Caller> {
  route: string;
  level: string;
  caller: Caller;
  surprise: string | undefined;
}

/** Collects the cells of the matrix and counts the expected ones by caller and level. */
export function createReport<Caller extends string>(callers: readonly Caller[]) {
  const levels = ["none", "optional", "user", "superuser"];
  const cells: MatrixCell<Caller>[] = [];
  const line = (caller: Caller) =>
    [
      caller.padEnd(14),
      ...levels.map((level) => {
        const all = cells.filter((c) => c.caller === caller && c.level === level);
        return (all.length === 0 ? "-" : `${all.filter((c) => c.surprise === undefined).length}/${all.length}`).padStart(10);
      }),
    ].join(" ");
  return {
    note: (cell: MatrixCell<Caller>): void => void cells.push(cell),
    surprisesOf: (caller: Caller): string[] =>
      cells.flatMap((c) => (c.caller === caller && c.surprise ? [`${c.route}: ${c.surprise}`] : [])),
    text: (routes: number): string => {
      const surprises = cells.filter((c) => c.surprise);
      return [
        `Auth matrix: ${routes} routes, ${cells.length} cells, ${surprises.length} surprises (as expected / called)`,
        ["caller".padEnd(14), ...levels.map((l) => l.padStart(10))].join(" "),
        ...callers.map(line),
        ...surprises.map((c) => `SURPRISE ${c.caller} ${c.route}: ${c.surprise}`),
      ].join("\n");
    },
  };
}
