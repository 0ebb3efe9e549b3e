export { DatabasesSwitch } from "./DatabasesSwitch.tsx";
export { RunFigures } from "./EntryRow.tsx";
export { RestoreDialog } from "./on-demand.ts";
export { changedTables } from "./table-names.ts";
export { diffQuery, pointsQuery, tableDifferencesQuery } from "./timeline.queries.ts";
export { databasesBefore, isPoint, restoreTarget, runsSince, type Entry, type Happening } from "./timeline.ts";
export { useHistory } from "./use-history.ts";
export { useRestores } from "./use-restores.ts";
