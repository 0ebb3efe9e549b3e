import type { DataSource } from "@tesslate/contract";

/** Whether its tables can be loaded; loading wakes a sleeping project. */
export const isReadable = ({ state }: Pick<DataSource, "state">): boolean => state === "ready" || state === "asleep";
