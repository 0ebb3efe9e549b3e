import type { DataEnvironment, DataSource } from "@tesslate/contract";

export const environmentNames: Record<DataEnvironment, string> = {
  development: "Development",
  production: "Production",
  preview: "Preview deployments",
};

/** What a change of the data means. */
export const changeWarnings: Record<DataEnvironment, string | undefined> = {
  development: undefined,
  production: "This is the data of the live app: visitors see changes at once.",
  preview: "This is the data of the app's preview deployments.",
};

/** The environments that have databases, the project's own first. */
export const environmentsOf = (databases: readonly DataSource[]): DataEnvironment[] =>
  (["development", "production", "preview"] as const).filter((one) => databases.some(({ environment }) => environment === one));
