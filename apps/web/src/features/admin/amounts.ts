/** Whole US cents as people write them. */
export const dollarsOf = (cents: number): string => (cents / 100).toLocaleString(undefined, { style: "currency", currency: "USD" });

const units = ["B", "KB", "MB", "GB", "TB"];
/** "1.4 GB"; steps of 1024. */
export function bytesOf(bytes: number): string {
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${value >= 100 || at === 0 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

/** "1.2M": for figures on cards; the whole of it belongs into a title. */
export const shortOf = (count: number): string => Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);

/** "3 h 12 min". */
export function durationOf(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.max(0, Math.floor(seconds))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
