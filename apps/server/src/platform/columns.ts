import { sql } from "drizzle-orm";
import { customType, uuid } from "drizzle-orm/pg-core";

/** timestamptz that is an ISO-8601 UTC string with `Z` on both sides: rows carry what the wire carries. */
export const timestamptz = customType<{ data: string; driverData: string | Date }>({
  dataType: () => "timestamp(3) with time zone",
  fromDriver: (value) => new Date(value).toISOString(),
});
export const now = sql`now()`;
/** Primary key made by the caller or the database; version 4 (ids must not tell time). */
export const id = () =>
  uuid()
    .primaryKey()
    .default(sql`gen_random_uuid()`);
export const createdAt = () => timestamptz().notNull().default(now);
export const updatedAt = () => timestamptz().notNull().default(now);
export const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
