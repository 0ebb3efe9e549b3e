const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** What the database takes for a uuid without complaint. */
export const isUuid = (value: unknown): value is string => typeof value === "string" && form.test(value);
