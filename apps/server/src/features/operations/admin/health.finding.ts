import type { HealthCheck } from "@tesslate/contract";

/** What a health check found. */
export type Finding = Pick<HealthCheck, "status" | "summary" | "advice"> & { facts?: [label: string, value: string][] };
