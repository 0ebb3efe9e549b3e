/** A copy that has been due for longer is late. */
const lateMs = 30 * 60_000;

export const isCopyLate = (dueSince: string | null): dueSince is string => dueSince !== null && Date.now() - Date.parse(dueSince) > lateMs;
