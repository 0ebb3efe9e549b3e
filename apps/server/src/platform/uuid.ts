const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Whether PostgreSQL accepts the text as a uuid. */
export const isUuid = (value: unknown): value is string => typeof value === "string" && form.test(value);
