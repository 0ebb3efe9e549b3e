import { formatDecimal } from "./numbers.ts";

const units = ["kB", "MB", "GB", "TB"];

/** A size in bytes, in decimal units: 1234 is "1.2 kB", 41200000 "41 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${formatDecimal(bytes, 0)} B`;
  let value = bytes / 1000;
  let at = 0;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  // 9.96 is "10", not "10.0".
  return `${formatDecimal(value, value < 9.95 ? 1 : 0)} ${units[at]}`;
}

/** A limit in bytes: 20971520 is "20 MiB". Limits are whole binary units, and rounded to decimal ones they would be wrong. */
export const formatByteLimit = (bytes: number): string => `${bytes / 2 ** 20} MiB`;
